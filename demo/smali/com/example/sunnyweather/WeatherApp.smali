# The application object. Android makes it before any screen, so nothing here can have been agreed to:
# identifiers, an SDK start and an upload stand in front of the privacy dialog.

.class public Lcom/example/sunnyweather/WeatherApp;
.super Landroid/app/Application;
.source "WeatherApp.java"

.method public constructor <init>()V
    .locals 0
    .line 8
    invoke-direct {p0}, Landroid/app/Application;-><init>()V
    return-void
.end method

.method public onCreate()V
    .locals 3
    .line 12
    invoke-super {p0}, Landroid/app/Application;->onCreate()V

    # Misdeed 1: IMEI and Android ID before consent.
    .line 13
    invoke-static {p0}, Lcom/example/sunnyweather/DeviceIds;->imei(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v0
    .line 14
    invoke-static {p0}, Lcom/example/sunnyweather/DeviceIds;->androidId(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v1

    # Misdeed 2: what was read leaves the phone at once.
    .line 15
    new-instance v2, Lcom/example/sunnyweather/Uploader;
    invoke-direct {v2, v0, v1}, Lcom/example/sunnyweather/Uploader;-><init>(Ljava/lang/String;Ljava/lang/String;)V
    new-instance v0, Ljava/lang/Thread;
    invoke-direct {v0, v2}, Ljava/lang/Thread;-><init>(Ljava/lang/Runnable;)V
    invoke-virtual {v0}, Ljava/lang/Thread;->start()V

    # Misdeed 3: a push SDK is started before consent.
    .line 17
    invoke-static {p0}, Lcn/jpush/android/api/JPushInterface;->init(Landroid/content/Context;)V
    .line 18
    return-void
.end method
