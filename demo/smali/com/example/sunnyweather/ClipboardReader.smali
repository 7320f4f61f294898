# The clipboard holds whatever was copied last: a password, a code, an address. The user meant it for another app.

.class public final Lcom/example/sunnyweather/ClipboardReader;
.super Ljava/lang/Object;
.source "ClipboardReader.java"

.method public static read(Landroid/content/Context;)Landroid/content/ClipData;
    .locals 1
    .line 9
    const-string v0, "clipboard"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/content/ClipboardManager;
    .line 10
    invoke-virtual {v0}, Landroid/content/ClipboardManager;->getPrimaryClip()Landroid/content/ClipData;
    move-result-object v0
    return-object v0
.end method
