# Sends the identifiers over http: anyone between the phone and the server can read them.

.class public final Lcom/example/sunnyweather/Uploader;
.super Ljava/lang/Object;
.source "Uploader.java"
.implements Ljava/lang/Runnable;

.field private static final URL:Ljava/lang/String; = "http://collect.sunnyweather.example.com/v1/device"

.field private final imei:Ljava/lang/String;
.field private final androidId:Ljava/lang/String;

.method public constructor <init>(Ljava/lang/String;Ljava/lang/String;)V
    .locals 0
    .param p1, "imei"
    .param p2, "androidId"
    .line 14
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    .line 15
    iput-object p1, p0, Lcom/example/sunnyweather/Uploader;->imei:Ljava/lang/String;
    .line 16
    iput-object p2, p0, Lcom/example/sunnyweather/Uploader;->androidId:Ljava/lang/String;
    return-void
.end method

.method public run()V
    .locals 4
    .line 21
    new-instance v0, Ljava/lang/StringBuilder;
    invoke-direct {v0}, Ljava/lang/StringBuilder;-><init>()V
    const-string v1, "imei="
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    iget-object v1, p0, Lcom/example/sunnyweather/Uploader;->imei:Ljava/lang/String;
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    const-string v1, "&android_id="
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    iget-object v1, p0, Lcom/example/sunnyweather/Uploader;->androidId:Ljava/lang/String;
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v0
    :try_start
    .line 23
    new-instance v1, Ljava/net/URL;
    const-string v2, "http://collect.sunnyweather.example.com/v1/device"
    invoke-direct {v1, v2}, Ljava/net/URL;-><init>(Ljava/lang/String;)V
    invoke-virtual {v1}, Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
    move-result-object v1
    check-cast v1, Ljava/net/HttpURLConnection;
    .line 24
    const-string v2, "POST"
    invoke-virtual {v1, v2}, Ljava/net/HttpURLConnection;->setRequestMethod(Ljava/lang/String;)V
    const/4 v2, 0x1
    invoke-virtual {v1, v2}, Ljava/net/HttpURLConnection;->setDoOutput(Z)V
    .line 26
    invoke-virtual {v1}, Ljava/net/HttpURLConnection;->getOutputStream()Ljava/io/OutputStream;
    move-result-object v2
    invoke-virtual {v0}, Ljava/lang/String;->getBytes()[B
    move-result-object v3
    invoke-virtual {v2, v3}, Ljava/io/OutputStream;->write([B)V
    .line 27
    invoke-virtual {v1}, Ljava/net/HttpURLConnection;->getResponseCode()I
    invoke-virtual {v1}, Ljava/net/HttpURLConnection;->disconnect()V
    :try_end
    .catch Ljava/io/IOException; {:try_start .. :try_end} :failed
    :done
    .line 31
    return-void

    :failed
    move-exception v0
    goto :done
.end method
