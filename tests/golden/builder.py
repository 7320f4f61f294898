"""The workbench for sample reports: clauses, names, and a builder that gives rows their real ids."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from assaymark.model.evidence import Evidence, as_object, row_id
from assaymark.model.report import SEVERITIES, Report
from assaymark.model.tables import TABLES, Value

PACK = "cn-app-rules"


def digest(word: str) -> str:
    return sha256(word.encode()).hexdigest()


def clause(
    number: str, zh: str, en: str, *, notice: tuple[str, str] | None = None, severity: str = "high"
) -> dict[str, Any]:
    assert severity in SEVERITIES
    return {
        "instrument": "app-method-2019",
        "number": number,
        "instrument_name": {"zh": "认定方法", "en": "2019 Method"},
        "title": {"zh": zh, "en": en},
        "explain": {
            "zh": f"{zh}。这是对条款含义的通俗说明。",
            "en": f"{en}. This is what the clause means in plain words.",
        },
        "remedy": {
            "zh": "把 SDK 的初始化移到用户点击“同意”之后，例如在同意回调里再调用 init()。",
            "en": "Move the SDK's start behind the user's consent, for example call init() when agree is pressed.",
        },
        "notice": {"zh": notice[0], "en": notice[1]} if notice else None,
        "static_limit": {
            "zh": "静态检测只能看到代码，看不到服务器下发的开关。",
            "en": "Static inspection sees code only, not switches that a server sends.",
        },
        "safe_claim": {"zh": "代码中存在相应调用。", "en": "Such a call is in the code."},
        "decides": "indicated",
        "severity": severity,
    }


CLAUSES = {
    "app-method-3-1": clause(
        "3.1",
        "同意前开始收集",
        "Collects before consent",
        notice=("违规收集个人信息", "collection in violation of rules"),
    ),
    "miit164-1": {
        **clause(
            "1",
            "违规收集",
            "Collection in violation of rules",
            notice=("违规收集个人信息", "collection in violation of rules"),
        ),
        "instrument": "miit164",
        "instrument_name": {"zh": "工信部 164 号文", "en": "MIIT 164"},
    },
    "app-method-4-1": clause(
        "4.1",
        "收集与业务无关的信息",
        "Collects what the service does not need",
        notice=("超范围收集个人信息", "collection beyond scope"),
        severity="medium",
    ),
    "app-method-5-1": clause("5.1", "未经同意向他人提供", "Gives data to others without consent", severity="medium"),
    "pipl-51-3": clause("51(3)", "采取加密等安全措施", "Security measures such as encryption", severity="low"),
    "app-method-6-1": clause("6.1", "提供注销功能", "Offers to cancel the account", severity="low"),
    "pipl-17": clause("17", "告知处理者名称和联系方式", "Tells who the handler is", severity="medium"),
}

DATA = {
    "device-identifier": ("设备标识", "Device identifiers", None, False),
    "android-id": ("Android ID", "Android ID", "device-identifier", False),
    "imei": ("IMEI", "IMEI", "device-identifier", True),
    "location": ("位置", "Location", None, True),
    "precise-location": ("精确位置", "Precise location", "location", True),
    "installed-apps": ("已安装应用列表", "List of installed apps", None, False),
    "clipboard": ("剪贴板", "Clipboard", None, False),
    "contacts": ("通讯录", "Contacts", None, True),
    "wifi-info": ("Wi-Fi 信息", "Wi-Fi information", "device-identifier", False),
}

SDKS = {
    "umeng-analytics": ("友盟统计", "Umeng Analytics", "友盟", "Umeng", "analytics"),
    "jpush": ("极光推送", "JPush", "极光", "Aurora Mobile", "push"),
    "pangle": ("穿山甲广告", "Pangle", "巨量引擎", "Pangle Ads", "advertising"),
    "tencent-bugly": ("腾讯 Bugly", "Tencent Bugly", "腾讯", "Tencent", "crash"),
}


class Sample:
    """Collects rows and verdicts, gives a `Report`."""

    def __init__(self, package: str, **subject: Any) -> None:
        self.evidence = Evidence()
        self.verdicts: list[dict[str, Any]] = []
        self.subject: dict[str, Any] = {
            "key": digest(package),
            "format": "apk",
            "package": package,
            "version_name": "1.0",
            "version_code": 1,
            "label": None,
            "label_zh": None,
            "size": 123_456,
            "signers": [digest("signer " + package)],
            "schemes": ["v1", "v2"],
            "min_sdk": 21,
            "target_sdk": 34,
            **subject,
        }
        self.coverage: dict[str, Any] = {
            "detectors": [
                {"id": "api-calls", "version": 1, "status": "succeeded", "rows": 3, "problem": None},
                {"id": "sdks", "version": 2, "status": "succeeded", "rows": 4, "problem": None},
            ],
            "clauses": {"decided": 6, "indicated": 15, "needs-run": 9, "needs-person": 8, "blocked": 0},
            "statuses": {},
            "code": {"dex_files": 1, "classes": 800, "methods": 6000, "code_methods": 5200, "reachable_methods": 3100},
            "counters": {},
            "names": {
                "data": {
                    key: {"zh": zh, "en": en, "parent": parent, "sensitive": sensitive}
                    for key, (zh, en, parent, sensitive) in DATA.items()
                },
                "sdk": {key: {"zh": zh, "en": en} for key, (zh, en, *_) in SDKS.items()},
                "permission": {"android.permission.READ_PHONE_STATE": {"zh": "读取电话状态", "en": "Read phone state"}},
            },
        }

    def add(self, table: str, at: str, **cells: Value) -> str:
        row = TABLES[table].row(at, **cells)
        self.evidence.add(TABLES[table], [row])
        return str(row[0]) or row_id(TABLES[table], row)

    def sdk(self, name: str, **cells: Value) -> str:
        zh, en, vendor_zh, vendor, purpose = SDKS[name]
        return self.add(
            "sdk",
            "classes.dex",
            id=name,
            name=en,
            name_zh=zh,
            vendor=vendor,
            vendor_zh=vendor_zh,
            purpose=purpose,
            **{
                "presence": "bundled",
                "known_by": ("package", "manifest"),
                "confidence": "high",
                "reachable": True,
                **cells,
            },
        )

    def call(self, data: str, api: str, owner: str, where: str, **cells: Value) -> str:
        name, method = where.rsplit(".", 1)
        return self.add(
            "api_call",
            f"classes.dex:{where}()V+0x1c",
            **{
                "data": data,
                "api": api,
                "kind": "method",
                "class": name,
                "method": method,
                "descriptor": "()V",
                "dex": "classes.dex",
                "offset": 28,
                "owner": owner,
                "reachable": True,
                "consent": "unknown",
                "consent_reason": "not-implemented",
                **cells,
            },
        )

    def judge(
        self,
        name: str,
        status: str,
        evidence: list[str],
        *,
        subject: str = "app",
        zh: str = "",
        en: str = "",
        reason: str = "",
    ) -> None:
        self.verdicts.append(
            {
                "clause": name,
                "pack": PACK,
                "subject": subject,
                "status": status,
                "reason": reason or status,
                "severity": CLAUSES[name]["severity"],
                "claim": en or CLAUSES[name]["safe_claim"]["en"],
                "claim_zh": zh or CLAUSES[name]["safe_claim"]["zh"],
                "params": {},
                "evidence": evidence,
            }
        )

    def report(self) -> Report:
        tables = self.evidence.finish()
        used = {verdict["clause"] for verdict in self.verdicts}
        return Report(
            subject=self.subject,
            engine={
                "name": "assaymark",
                "version": "0.1.0",
                "packs": [
                    {
                        "id": PACK,
                        "version": "2026.3",
                        "sha256": digest(PACK),
                        "title": {"zh": "中国应用个人信息规则", "en": "Chinese rules for apps"},
                    }
                ],
                "catalogs": {"apis.toml": digest("apis"), "sdks.toml": digest("sdks")},
                "detectors": {"api-calls": 1, "sdks": 2},
            },
            coverage=self.coverage,
            evidence={name: [as_object(TABLES[name], row) for row in rows] for name, rows in tables.items()},
            verdicts=self.verdicts,
            clauses={name: CLAUSES[name] for name in CLAUSES if name in used},
        )
