# What an honest app does: this location request runs only behind the consent check. The report should tell it from Locator.

.class public final Lcom/example/sunnyweather/Forecast;
.super Ljava/lang/Object;
.source "Forecast.java"

.method public static start(Landroid/content/Context;)V
    .locals 3
    .line 10
    const-string v0, "location"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/location/LocationManager;
    .line 11
    const-string v1, "network"
    const/4 v2, 0x0
    invoke-virtual {v0, v1, v2}, Landroid/location/LocationManager;->requestSingleUpdate(Ljava/lang/String;Landroid/app/PendingIntent;)V
    .line 12
    new-instance v0, Landroid/content/Intent;
    const-class v1, Lcom/example/sunnyweather/ForecastService;
    invoke-direct {v0, p0, v1}, Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V
    invoke-virtual {p0, v0}, Landroid/content/Context;->startService(Landroid/content/Intent;)Landroid/content/ComponentName;
    return-void
.end method
