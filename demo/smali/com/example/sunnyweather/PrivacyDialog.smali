# The privacy dialog. It is a fair one: what it is about, a link, yes and no of equal size, and nothing happens on no.
# Only its place is wrong: WeatherApp and MainActivity have collected before it shows.

.class public final Lcom/example/sunnyweather/PrivacyDialog;
.super Ljava/lang/Object;
.source "PrivacyDialog.java"
.implements Landroid/content/DialogInterface$OnClickListener;

.field private static final FILE:Ljava/lang/String; = "settings"
.field private static final AGREED:Ljava/lang/String; = "privacy_agreed"

.field private final activity:Landroid/app/Activity;

.method private constructor <init>(Landroid/app/Activity;)V
    .locals 0
    .line 17
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    iput-object p1, p0, Lcom/example/sunnyweather/PrivacyDialog;->activity:Landroid/app/Activity;
    return-void
.end method

.method public static agreed(Landroid/content/Context;)Z
    .locals 3
    .line 22
    const-string v0, "settings"
    const/4 v1, 0x0
    invoke-virtual {p0, v0, v1}, Landroid/content/Context;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;
    move-result-object v0
    const-string v2, "privacy_agreed"
    invoke-interface {v0, v2, v1}, Landroid/content/SharedPreferences;->getBoolean(Ljava/lang/String;Z)Z
    move-result v0
    return v0
.end method

.method public static show(Landroid/app/Activity;)V
    .locals 3
    .line 27
    new-instance v0, Landroid/app/AlertDialog$Builder;
    invoke-direct {v0, p0}, Landroid/app/AlertDialog$Builder;-><init>(Landroid/content/Context;)V
    new-instance v1, Lcom/example/sunnyweather/PrivacyDialog;
    invoke-direct {v1, p0}, Lcom/example/sunnyweather/PrivacyDialog;-><init>(Landroid/app/Activity;)V
    .line 29
    const v2, @string/privacy_title
    invoke-virtual {v0, v2}, Landroid/app/AlertDialog$Builder;->setTitle(I)Landroid/app/AlertDialog$Builder;
    .line 30
    const v2, @layout/privacy
    invoke-virtual {v0, v2}, Landroid/app/AlertDialog$Builder;->setView(I)Landroid/app/AlertDialog$Builder;
    .line 31
    const v2, @string/agree
    invoke-virtual {v0, v2, v1}, Landroid/app/AlertDialog$Builder;->setPositiveButton(ILandroid/content/DialogInterface$OnClickListener;)Landroid/app/AlertDialog$Builder;
    .line 32
    const v2, @string/disagree
    invoke-virtual {v0, v2, v1}, Landroid/app/AlertDialog$Builder;->setNegativeButton(ILandroid/content/DialogInterface$OnClickListener;)Landroid/app/AlertDialog$Builder;
    .line 33
    invoke-virtual {v0}, Landroid/app/AlertDialog$Builder;->show()Landroid/app/AlertDialog;
    return-void
.end method

.method public onClick(Landroid/content/DialogInterface;I)V
    .locals 4
    .param p1, "dialog"
    .param p2, "which"
    .line 38
    iget-object v0, p0, Lcom/example/sunnyweather/PrivacyDialog;->activity:Landroid/app/Activity;
    const/4 v1, -0x1    # DialogInterface.BUTTON_POSITIVE
    if-ne p2, v1, :refused
    .line 39
    const-string v1, "settings"
    const/4 v2, 0x0
    invoke-virtual {v0, v1, v2}, Landroid/app/Activity;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;
    move-result-object v1
    invoke-interface {v1}, Landroid/content/SharedPreferences;->edit()Landroid/content/SharedPreferences$Editor;
    move-result-object v1
    const-string v2, "privacy_agreed"
    const/4 v3, 0x1
    invoke-interface {v1, v2, v3}, Landroid/content/SharedPreferences$Editor;->putBoolean(Ljava/lang/String;Z)Landroid/content/SharedPreferences$Editor;
    move-result-object v1
    invoke-interface {v1}, Landroid/content/SharedPreferences$Editor;->apply()V
    .line 40
    invoke-static {v0}, Lcom/example/sunnyweather/Forecast;->start(Landroid/content/Context;)V
    return-void

    :refused
    .line 42
    invoke-virtual {v0}, Landroid/app/Activity;->finish()V
    return-void
.end method
