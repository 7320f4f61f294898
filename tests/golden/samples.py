"""Reports to render: made by hand, so that a reader of a golden file can see where each line comes from."""

from __future__ import annotations

from functools import cache

from assaymark.model.report import Report
from assaymark.model.tables import Value
from golden.builder import CLAUSES, DATA, Sample


def _not_analysed(sample: Sample) -> None:
    sample.add(
        "gap",
        "",
        kind="not-implemented-consent",
        reason="The order of calls against consent is not analysed by this version.",
        hides=("api_call",),
        weight="partial",
    )
    sample.add(
        "gap",
        "",
        kind="not-implemented-flow",
        reason="Flows from sources to sinks are not analysed by this version.",
        hides=("flow",),
        weight="total",
    )
    sample.add("gap", "", kind="no-policy-given", reason="No policy was given.", hides=("statement",), weight="total")


def _sign(sample: Sample) -> None:
    for scheme in sample.subject["schemes"]:
        sample.add(
            "signature",
            "",
            artifact="base.apk",
            scheme=scheme,
            signer=0,
            status="verified",
            certificate_sha256=sample.subject["signers"][0],
            certificate_subject="CN=Example",
            valid_from="2020-01-01T00:00:00Z",
            valid_to="2045-01-01T00:00:00Z",
            algorithm="RSA",
            key_bits=2048,
        )


def clean_app() -> Report:
    """A small app that reads nothing."""
    sample = Sample(
        "org.example.pebble", label="Pebble", label_zh="小石子", version_name="0.3", version_code=7, size=41_200
    )
    sample.add(
        "component",
        "AndroidManifest.xml",
        kind="activity",
        name="org.example.pebble.Main",
        owner="app",
        enabled=True,
        exported=True,
        exported_by="intent-filter",
        actions=("android.intent.action.MAIN",),
        launcher=True,
        present=True,
    )
    _sign(sample)
    _not_analysed(sample)
    sample.judge(
        "pipl-51-3",
        "satisfied",
        [],
        zh="应用未允许明文流量；未看到明文地址。",
        en="The app does not allow cleartext traffic; no cleartext address was seen.",
    )
    sample.judge(
        "app-method-6-1",
        "not-assessed",
        [],
        reason="needs-run",
        zh="是否提供注销功能需要运行应用来确认。",
        en="Whether the account can be cancelled needs a run of the app.",
    )
    return sample.report()


def busy_app() -> Report:
    """An app that misbehaves, with four SDKs; the order against consent is not analysed."""
    return _busy(ordered=False)


def ordered_app() -> Report:
    """The same app with the order against consent, flows and a policy analysed."""
    return _busy(ordered=True)


def _busy(*, ordered: bool) -> Report:
    sample = Sample(
        "com.example.daily.news",
        label="Daily News",
        label_zh="每日要闻",
        version_name="6.2.1",
        version_code=60201,
        size=38_214_556,
        schemes=["v1", "v2", "v3"],
    )
    documented: tuple[str, ...] = ("imei", "android-id", "precise-location", "installed-apps")
    sample.sdk("umeng-analytics", version="9.6.8", version_from="com.umeng.BuildConfig", data=documented)
    sample.sdk("jpush", version="5.0.1", version_from="AndroidManifest.xml", data=("android-id", "installed-apps"))
    sample.sdk("pangle", data=documented, confidence="medium")
    sample.sdk("tencent-bugly", version="4.1.9", reachable=False, presence="referenced", data=("android-id",))
    for name, kind in (("InitProvider", "provider"), ("BootReceiver", "receiver"), ("MainActivity", "activity")):
        sample.add(
            "component",
            "AndroidManifest.xml",
            kind=kind,
            name=f"com.example.daily.{name}",
            owner="app",
            enabled=True,
            exported=kind != "provider",
            exported_by="stated",
            actions=("android.intent.action.BOOT_COMPLETED",) if kind == "receiver" else (),
            present=True,
        )

    def order(state: str, *path: str, gate: str | None = None) -> dict[str, Value]:
        if not ordered:
            return {}
        return {"consent": state, "consent_path": path, "gate": gate, "consent_reason": None}

    start = ("com.example.daily.App.onCreate()V", "com.example.daily.Sdks.start()V", "com.umeng.UMConfigure.init()V")
    imei = "android.telephony.TelephonyManager.getImei"
    secure = "android.provider.Settings.Secure.getString"
    apps = "android.content.pm.PackageManager.getInstalledPackages"
    place = "android.location.LocationManager.getLastKnownLocation"
    early = [
        sample.call(
            "imei",
            imei,
            "umeng-analytics",
            "com.umeng.a.Device.read",
            **order("before", *start, "com.umeng.a.Device.read()V"),
        ),
        sample.call(
            "android-id",
            secure,
            "umeng-analytics",
            "com.umeng.a.Device.id",
            argument="android_id",
            **order("before", *start, "com.umeng.b.Core.a()V", "com.umeng.b.Core.b()V", "com.umeng.a.Device.id()V"),
        ),
        sample.call(
            "android-id",
            secure,
            "app",
            "com.example.daily.InitProvider.onCreate",
            **order("before", "com.example.daily.InitProvider.onCreate()Z"),
        ),
    ]
    push = sample.call("android-id", secure, "jpush", "cn.jpush.android.Id.get", **order("no-gate"))
    listing = [
        sample.call(
            "installed-apps",
            apps,
            "jpush",
            "cn.jpush.android.Apps.list",
            **order("before", *start[:2], "cn.jpush.android.Apps.list()V"),
        ),
        sample.call(
            "installed-apps",
            apps,
            "pangle",
            "com.bytedance.sdk.Apps.scan",
            **order("after", gate="com.example.daily.Consent.agreed()Z"),
        ),
    ]
    sample.call(
        "precise-location",
        place,
        "app",
        "com.example.daily.MainActivity$1.run",
        **order("after", gate="com.example.daily.Consent.agreed()Z"),
    )
    sample.call(
        "clipboard",
        "android.content.ClipboardManager.getPrimaryClip",
        "app",
        "com.example.daily.Share.paste",
        **order("unknown"),
    )
    sample.call(
        "contacts", "android.provider.ContactsContract.Contacts", "unknown", "a.b.c.d", kind="field", reachable=False
    )

    if ordered:
        for says, control, agrees, listener in (
            (("Agree", "同意"), "press", True, "com.example.daily.Welcome$1"),
            (("OK", "确定"), "press", False, "com.example.daily.Update$1"),
            (("我已阅读并同意《隐私政策》",), "tick", True, None),
        ):
            sample.add(
                "consent_gate",
                "res/layout/welcome.xml",
                says=says,
                control=control,
                agrees=agrees,
                **{"class": listener},
                method="onClick" if listener else None,
                layouts=("res/layout/welcome.xml",),
                owner="app",
            )
    phone = sample.add(
        "permission",
        "AndroidManifest.xml",
        name="android.permission.READ_PHONE_STATE",
        requested=True,
        protection="dangerous",
        data=("imei",),
        usage="used",
        runtime_request=True,
        callers=("umeng-analytics",),
    )
    sample.add(
        "permission",
        "AndroidManifest.xml",
        name="android.permission.INTERNET",
        requested=True,
        protection="normal",
        usage="not-tracked",
    )
    unused = sample.add(
        "permission",
        "AndroidManifest.xml",
        name="android.permission.READ_CONTACTS",
        requested=True,
        protection="dangerous",
        data=("contacts",),
        usage="present-only",
        background=True,
    )
    for url, owner, use in (
        ("https://api.daily.example.com/v1", "app", "network-call"),
        ("http://log.daily.example.com/report", "app", "constant"),
        ("https://ulogs.umeng.example/x", "umeng-analytics", "constant"),
        ("https://www.daily.example.com/", "app", "resource"),
    ):
        sample.add(
            "endpoint",
            "classes.dex",
            url=url,
            host=url.split("/")[2],
            scheme=url.split(":")[0],
            network="internet",
            use=use,
            cleartext=url.startswith("http:"),
            owner=owner,
            reachable=None if use == "resource" else owner == "app",
        )
    sample.add(
        "secret",
        "classes.dex:com.example.daily.Upload.key()Ljava/lang/String;+0x0",
        kind="aliyun-access-key",
        masked="LTAI…18…vY",
        length=24,
        use="code",
        owner="app",
        reachable=True,
        **{"class": "com.example.daily.Upload", "method": "key"},
    )
    clear = sample.add(
        "setting",
        "AndroidManifest.xml",
        name="cleartext-traffic",
        value="true",
        scope="app",
        origin="manifest",
        effect="weakens",
    )
    sample.add(
        "setting",
        "AndroidManifest.xml",
        name="self-start",
        value="BOOT_COMPLETED",
        scope="com.example.daily.BootReceiver",
        origin="manifest",
        effect="starts-itself",
    )
    sample.add(
        "setting",
        "AndroidManifest.xml",
        name="allow-backup",
        value="false",
        scope="app",
        origin="manifest",
        effect="protects",
    )
    _sign(sample)
    sample.add(
        "gap",
        "lib/arm64-v8a/libapp.so",
        kind="native-code",
        member="lib/arm64-v8a/libapp.so",
        reason="Native code is not analysed.",
        count=7,
        hides=("api_call", "flow", "endpoint"),
        weight="partial",
    )
    if ordered:
        sample.add(
            "flow",
            "classes.dex",
            data="imei",
            source_api=imei,
            source_class="com.umeng.a.Device",
            source_method="read",
            sink_kind="network",
            sink_api="java.net.HttpURLConnection.getOutputStream",
            recipient="ulogs.umeng.example",
            certainty="confirmed",
            owner="umeng-analytics",
            consent="before",
            path=("com.umeng.a.Device.read()V", "com.umeng.c.Sender.send()V"),
        )
        sample.add(
            "flow",
            "classes.dex:com.example.daily.Sdks.user()V+0x8",
            data="android-id",
            source_api=secure,
            source_class="com.example.daily.Sdks",
            source_method="user",
            sink_kind="sdk",
            sink_api="cn.jpush.android.api.JPushInterface.setAlias",
            sink_class="com.example.daily.Sdks",
            sink_method="user",
            sink_at="classes.dex:com.example.daily.Sdks.user()V+0x8",
            recipient="jpush",
            certainty="possible",
            derived=("hashed",),
            owner="app",
            consent="after",
            path=(
                "classes.dex:com.example.daily.Sdks.user()V+0x0",
                "classes.dex:com.example.daily.Hash.of(Ljava/lang/String;)Ljava/lang/String;+0x4",
                "classes.dex:com.example.daily.Sdks.user()V+0x8",
            ),
        )
        for sdk, role, api, told, state in (
            ("umeng-analytics", "init", "com.umeng.commonsdk.UMConfigure.init", None, "before"),
            (
                "umeng-analytics",
                "consent",
                "com.umeng.commonsdk.UMConfigure.submitPolicyGrantResult",
                "agreed",
                "after",
            ),
            ("jpush", "switch", "cn.jpush.android.data.JPushCollectControl.setImei", "off", "before"),
            ("jpush", "init", "cn.jpush.android.api.JPushInterface.init", None, "after"),
        ):
            sample.add(
                "sdk_call",
                f"classes.dex:com.example.daily.Sdks.start()V+{api}",
                sdk=sdk,
                role=role,
                api=api,
                told=told,
                held=False if role == "init" else None,
                owner="app",
                reachable=True,
                **{**order(state), "class": "com.example.daily.Sdks"},
                method="start",
            )
        sample.add(
            "disclosed_sdk", "policy", sdk="umeng-analytics", name="友盟统计", data=("android-id",), purpose="统计分析"
        )
    else:
        _not_analysed(sample)

    zh = "从应用启动可以到达对 IMEI 和 Android ID 的读取，路径上没有找到同意判断；调用链附后。"
    en = "Reads of IMEI and Android ID can be reached from app start on a path without a consent check."
    if not ordered:
        zh, en = (
            "应用入口可以到达对 IMEI 和 Android ID 的读取。",
            "Reads of IMEI and Android ID can be reached from the app's entry points.",
        )
    status = "violated" if ordered else "suspected"
    sample.judge("app-method-3-1", status, early, zh=zh, en=en)
    sample.judge("miit164-1", status, early, zh=zh, en=en)
    sample.judge(
        "app-method-4-1",
        "violated",
        [unused],
        zh="申请了读取通讯录的权限，未看到可达代码使用它。",
        en="The permission to read contacts is asked for; no reachable code was seen to use it.",
    )
    sample.judge(
        "app-method-4-1",
        "suspected",
        listing,
        subject="jpush",
        zh="SDK 代码读取已安装应用列表。",
        en="The SDK's code reads the list of installed apps.",
    )
    sample.judge(
        "app-method-5-1",
        "suspected",
        [push, phone],
        subject="jpush",
        zh="SDK 代码读取 Android ID。",
        en="The SDK's code reads the Android ID.",
    )
    sample.judge("pipl-51-3", "violated", [clear], zh="清单允许明文流量。", en="The manifest allows cleartext traffic.")
    sample.judge(
        "app-method-6-1",
        "not-assessed",
        [],
        reason="needs-run",
        zh="是否提供注销功能需要运行应用来确认。",
        en="Whether the account can be cancelled needs a run of the app.",
    )
    sample.judge(
        "pipl-17",
        "not-assessed",
        [],
        reason="no-policy",
        zh="没有提供隐私政策，无法判断。",
        en="No privacy policy was given, so this cannot be judged.",
    )
    return sample.report()


def packed_app() -> Report:
    """An app whose code is hidden: little is found, much was not seen."""
    sample = Sample("com.example.wallet", label="钱包", version_name="3.0", version_code=300, size=61_000_123)
    for kind, member, total in (
        ("packed", "assets/libjiagu.so", True),
        ("native-code", "lib/arm64-v8a/libshell.so", False),
        ("dynamic-loading", "com.stub.StubApp", False),
        ("code-missing", "com.example.wallet.MainActivity", False),
        ("detector-failed", "api-calls", True),
        ("quantum-fog", "assets/fog.bin", False),
    ):
        sample.add(
            "gap",
            member,
            kind=kind,
            member=member,
            reason=f"What stands in {member} could not be read.",
            hides=("api_call", "flow", "sdk"),
            weight="total" if total else "partial",
            count=3,
        )
    _not_analysed(sample)
    sample.add(
        "anomaly",
        "",
        kind="duplicate-entry",
        member="AndroidManifest.xml",
        offset=1024,
        detail="2 entries",
        evasive=True,
    )
    sample.add("anomaly", "", kind="never-heard-of", member="", detail="something odd")
    sample.coverage["clauses"] = {"decided": 2, "indicated": 0, "needs-run": 9, "needs-person": 8, "blocked": 19}
    sample.coverage["detectors"][0] |= {"status": "failed", "rows": 0, "problem": "the code could not be read"}
    for name in CLAUSES:
        sample.judge(
            name,
            "not-assessed",
            [],
            reason="packed",
            zh="真实代码被加壳，没有读到，无法判断。",
            en="The real code is packed and was not read, so this cannot be judged.",
        )
    return sample.report()


EVIL = "\ud800\u202egnp.exe\u202c</script><img src=x onerror=alert(1)>\x00\x1b[31m\u200b{{ 7*7 }}[bold red]:smile:'\"&"


@cache
def hostile_app(calls: int = 5_000) -> Report:
    """Strings that try to break out of the page or the terminal, in every place a package can reach; many calls."""
    sample = Sample(
        "com.evil" + EVIL, label="Bank" + EVIL, label_zh="银行" + EVIL, version_name=EVIL, version_code=-1, schemes=[]
    )
    sample.subject["signers"] = [EVIL]
    owners = ["app", *(f"sdk-{number}{EVIL}" for number in range(40))]
    apis = list(DATA) + [f"data-{number}" for number in range(80)]
    ids = []
    for number in range(calls):
        ids.append(
            sample.call(
                apis[number % len(apis)],
                "a.b." + EVIL,
                owners[number % len(owners)],
                f"com.evil.C{number}" + "x" * 400 + ".m",
                reachable=number % 2 == 0,
                consent_path=tuple(f"step {step} {EVIL}" for step in range(60)) if number % 5 == 0 else (),
            )
        )
    for number in range(600):
        sample.add(
            "endpoint",
            "x",
            url=f"javascript:alert({number})//{EVIL}",
            host=f"h{number}{EVIL}",
            scheme="javascript",
            network=EVIL,
            use=EVIL,
            owner="app",
        )
        sample.add("secret", EVIL, kind=EVIL, masked=EVIL, length=number, use=EVIL, owner=EVIL)
        sample.add(
            "component",
            "x",
            kind=EVIL,
            name=f"{EVIL}{number}",
            owner=EVIL,
            exported=True,
            exported_by=EVIL,
            actions=(EVIL,) * 9,
        )
        sample.add(
            "permission", "x", name=f"{EVIL}{number}", requested=True, protection=EVIL, usage=EVIL, callers=(EVIL,)
        )
        sample.add("anomaly", "x", kind=EVIL, member=f"{EVIL}{number}", detail=EVIL, offset=-1)
        sample.add(
            "gap",
            "x",
            kind=f"k{number % 30}{EVIL}",
            member=f"{EVIL}{number}",
            reason=EVIL,
            count=1,
            hides=(EVIL,),
            weight="partial",
        )
        sample.add("setting", "x", name=EVIL, value=f"{number}{EVIL}", scope=EVIL, effect=EVIL)
        sample.add("signature", "x", scheme=EVIL, status=EVIL, signer=number, certificate_subject=EVIL, problem=EVIL)
    for name in CLAUSES:
        for owner in owners:
            start = 7 * len(sample.verdicts)
            sample.judge(name, "suspected", ids[start : start + 50], subject=owner, zh=EVIL, en=EVIL)
    return sample.report()


SAMPLES = {
    "clean": clean_app,
    "busy": busy_app,
    "ordered": ordered_app,
    "packed": packed_app,
    "hostile": hostile_app,
}
