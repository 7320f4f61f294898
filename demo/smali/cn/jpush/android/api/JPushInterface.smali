# A stand-in of our own in a real SDK's namespace, so that the report can show how SDKs are recognised. It does nothing,
# and it says nothing about the real one.

.class public Lcn/jpush/android/api/JPushInterface;
.super Ljava/lang/Object;
.source "JPushInterface.java"

.method public static init(Landroid/content/Context;)V
    .locals 0
    .line 6
    return-void
.end method
