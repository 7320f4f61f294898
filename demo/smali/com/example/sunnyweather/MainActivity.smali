# The first screen. It collects first and asks afterwards: the dialog comes at the end of onCreate.

.class public Lcom/example/sunnyweather/MainActivity;
.super Landroid/app/Activity;
.source "MainActivity.java"

.method public constructor <init>()V
    .locals 0
    .line 10
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

.method protected onCreate(Landroid/os/Bundle;)V
    .locals 2
    .param p1, "state"
    .line 14
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V
    .line 15
    const v0, @layout/main
    invoke-virtual {p0, v0}, Lcom/example/sunnyweather/MainActivity;->setContentView(I)V

    # Misdeed 4: every permission at once, on the first screen, without a word why.
    .line 17
    invoke-static {p0}, Lcom/example/sunnyweather/StartPermissions;->request(Landroid/app/Activity;)V

    # Misdeed 5: the precise location before consent.
    .line 18
    invoke-static {p0}, Lcom/example/sunnyweather/Locator;->lastPlace(Landroid/content/Context;)Landroid/location/Location;

    # Misdeed 6: the list of installed apps, in a thread of its own.
    .line 19
    new-instance v0, Lcom/example/sunnyweather/InstalledApps;
    invoke-direct {v0, p0}, Lcom/example/sunnyweather/InstalledApps;-><init>(Landroid/content/Context;)V
    new-instance v1, Ljava/lang/Thread;
    invoke-direct {v1, v0}, Ljava/lang/Thread;-><init>(Ljava/lang/Runnable;)V
    invoke-virtual {v1}, Ljava/lang/Thread;->start()V

    # Only now is the user asked. What follows a yes is in order: see PrivacyDialog.
    .line 22
    invoke-static {p0}, Lcom/example/sunnyweather/PrivacyDialog;->agreed(Landroid/content/Context;)Z
    move-result v0
    if-eqz v0, :ask
    .line 23
    invoke-static {p0}, Lcom/example/sunnyweather/Forecast;->start(Landroid/content/Context;)V
    return-void

    :ask
    .line 25
    invoke-static {p0}, Lcom/example/sunnyweather/PrivacyDialog;->show(Landroid/app/Activity;)V
    return-void
.end method

.method protected onResume()V
    .locals 0
    .line 30
    invoke-super {p0}, Landroid/app/Activity;->onResume()V

    # Misdeed 7: the clipboard each time the app comes to the front.
    .line 31
    invoke-static {p0}, Lcom/example/sunnyweather/ClipboardReader;->read(Landroid/content/Context;)Landroid/content/ClipData;
    return-void
.end method

# Named by android:onClick in res/layout/main.xml.
.method public inviteFriends(Landroid/view/View;)V
    .locals 0
    .param p1, "button"
    .line 36
    invoke-static {p0}, Lcom/example/sunnyweather/Contacts;->numbers(Landroid/content/Context;)Landroid/database/Cursor;
    .line 37
    invoke-static {p0}, Lcom/example/sunnyweather/IconHider;->hide(Landroid/content/Context;)V
    return-void
.end method
