# Stays in the background and fetches the forecast, over https and without anything about the user.

.class public Lcom/example/sunnyweather/ForecastService;
.super Landroid/app/Service;
.source "ForecastService.java"

.method public constructor <init>()V
    .locals 0
    .line 8
    invoke-direct {p0}, Landroid/app/Service;-><init>()V
    return-void
.end method

.method public onBind(Landroid/content/Intent;)Landroid/os/IBinder;
    .locals 1
    .line 12
    const/4 v0, 0x0
    return-object v0
.end method

.method public onStartCommand(Landroid/content/Intent;II)I
    .locals 2
    :try_start
    .line 18
    new-instance v0, Ljava/net/URL;
    const-string v1, "https://api.sunnyweather.example.com/v1/forecast"
    invoke-direct {v0, v1}, Ljava/net/URL;-><init>(Ljava/lang/String;)V
    invoke-virtual {v0}, Ljava/net/URL;->openStream()Ljava/io/InputStream;
    :try_end
    .catch Ljava/io/IOException; {:try_start .. :try_end} :failed
    :done
    .line 22
    const/4 v0, 0x1
    return v0

    :failed
    move-exception v0
    goto :done
.end method
