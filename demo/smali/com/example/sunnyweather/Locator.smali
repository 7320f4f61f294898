# The last known place from the satellite receiver, to a few metres. A forecast needs the city.

.class public final Lcom/example/sunnyweather/Locator;
.super Ljava/lang/Object;
.source "Locator.java"

.method public static lastPlace(Landroid/content/Context;)Landroid/location/Location;
    .locals 2
    .line 9
    const-string v0, "location"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/location/LocationManager;
    .line 10
    const-string v1, "gps"
    invoke-virtual {v0, v1}, Landroid/location/LocationManager;->getLastKnownLocation(Ljava/lang/String;)Landroid/location/Location;
    move-result-object v0
    return-object v0
.end method
