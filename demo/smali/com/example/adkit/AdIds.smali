# A hardware address that never changes, and the advertising identifier that the user may reset: together they undo the reset.

.class final Lcom/example/adkit/AdIds;
.super Ljava/lang/Object;
.source "AdIds.java"

.method static mac(Landroid/content/Context;)Ljava/lang/String;
    .locals 1
    .line 9
    const-string v0, "wifi"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/net/wifi/WifiManager;
    .line 10
    invoke-virtual {v0}, Landroid/net/wifi/WifiManager;->getConnectionInfo()Landroid/net/wifi/WifiInfo;
    move-result-object v0
    .line 11
    invoke-virtual {v0}, Landroid/net/wifi/WifiInfo;->getMacAddress()Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# On Huawei phones the OAID stands in the global settings.
.method static oaid(Landroid/content/Context;)Ljava/lang/String;
    .locals 2
    .line 16
    invoke-virtual {p0}, Landroid/content/Context;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v0
    const-string v1, "pps_oaid"
    invoke-static {v0, v1}, Landroid/provider/Settings$Global;->getString(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method
