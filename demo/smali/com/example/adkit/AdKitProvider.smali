# An invented advertising SDK. Its provider is created before the application's own onCreate, so the app cannot hold it back,
# and most apps that bundle such a one do not know that it has already collected.

.class public Lcom/example/adkit/AdKitProvider;
.super Landroid/content/ContentProvider;
.source "AdKitProvider.java"

.method public onCreate()Z
    .locals 2
    .line 14
    invoke-virtual {p0}, Lcom/example/adkit/AdKitProvider;->getContext()Landroid/content/Context;
    move-result-object v0
    .line 15
    invoke-static {v0}, Lcom/example/adkit/AdIds;->mac(Landroid/content/Context;)Ljava/lang/String;
    .line 16
    invoke-static {v0}, Lcom/example/adkit/AdIds;->oaid(Landroid/content/Context;)Ljava/lang/String;
    const/4 v0, 0x1
    return v0
.end method

.method public constructor <init>()V
    .locals 0
    .line 10
    invoke-direct {p0}, Landroid/content/ContentProvider;-><init>()V
    return-void
.end method

.method public query(Landroid/net/Uri;[Ljava/lang/String;Ljava/lang/String;[Ljava/lang/String;Ljava/lang/String;)Landroid/database/Cursor;
    .locals 1
    .line 20
    const/4 v0, 0x0
    return-object v0
.end method

.method public getType(Landroid/net/Uri;)Ljava/lang/String;
    .locals 1
    const/4 v0, 0x0
    return-object v0
.end method

.method public insert(Landroid/net/Uri;Landroid/content/ContentValues;)Landroid/net/Uri;
    .locals 1
    const/4 v0, 0x0
    return-object v0
.end method

.method public delete(Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I
    .locals 1
    const/4 v0, 0x0
    return v0
.end method

.method public update(Landroid/net/Uri;Landroid/content/ContentValues;Ljava/lang/String;[Ljava/lang/String;)I
    .locals 1
    const/4 v0, 0x0
    return v0
.end method
