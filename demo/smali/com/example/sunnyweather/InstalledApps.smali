# Which apps a person has tells about health, faith, money and love. A forecast needs none of it.

.class public final Lcom/example/sunnyweather/InstalledApps;
.super Ljava/lang/Object;
.source "InstalledApps.java"
.implements Ljava/lang/Runnable;

.field private final context:Landroid/content/Context;

.method public constructor <init>(Landroid/content/Context;)V
    .locals 0
    .line 11
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    iput-object p1, p0, Lcom/example/sunnyweather/InstalledApps;->context:Landroid/content/Context;
    return-void
.end method

.method public run()V
    .locals 2
    .line 16
    iget-object v0, p0, Lcom/example/sunnyweather/InstalledApps;->context:Landroid/content/Context;
    invoke-virtual {v0}, Landroid/content/Context;->getPackageManager()Landroid/content/pm/PackageManager;
    move-result-object v0
    const/4 v1, 0x0
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageManager;->getInstalledPackages(I)Ljava/util/List;
    return-void
.end method
