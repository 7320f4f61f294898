# Asks for three dangerous permissions in one go. Each should be asked for when its feature is used, and said what for.

.class public final Lcom/example/sunnyweather/StartPermissions;
.super Ljava/lang/Object;
.source "StartPermissions.java"

.method public static request(Landroid/app/Activity;)V
    .locals 3
    .line 7
    const/4 v0, 0x3
    new-array v0, v0, [Ljava/lang/String;
    const/4 v1, 0x0
    const-string v2, "android.permission.READ_PHONE_STATE"
    aput-object v2, v0, v1
    const/4 v1, 0x1
    const-string v2, "android.permission.ACCESS_FINE_LOCATION"
    aput-object v2, v0, v1
    const/4 v1, 0x2
    const-string v2, "android.permission.READ_CONTACTS"
    aput-object v2, v0, v1
    .line 11
    const/4 v1, 0x1
    invoke-virtual {p0, v0, v1}, Landroid/app/Activity;->requestPermissions([Ljava/lang/String;I)V
    return-void
.end method
