# Reads identifiers that stay with the phone. The user cannot reset an IMEI, so whoever has it can follow the phone for years.

.class public final Lcom/example/sunnyweather/DeviceIds;
.super Ljava/lang/Object;
.source "DeviceIds.java"

.method public static imei(Landroid/content/Context;)Ljava/lang/String;
    .locals 2
    .line 9
    const-string v0, "phone"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/telephony/TelephonyManager;
    :try_start
    .line 11
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    move-result-object v0
    :try_end
    .catch Ljava/lang/SecurityException; {:try_start .. :try_end} :refused

    # The log is open to anyone with a cable.
    .line 12
    const-string v1, "SunnyWeather"
    invoke-static {v1, v0}, Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I
    .line 13
    return-object v0

    :refused
    move-exception v0
    .line 15
    const-string v0, ""
    return-object v0
.end method

.method public static androidId(Landroid/content/Context;)Ljava/lang/String;
    .locals 2
    .line 20
    invoke-virtual {p0}, Landroid/content/Context;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v0
    const-string v1, "android_id"
    invoke-static {v0, v1}, Landroid/provider/Settings$Secure;->getString(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method
