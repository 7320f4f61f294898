"""Reads the pages of flow cases and builds them.

A page has sections; a section with a block ` ```java ` is a case: an app whose classes lie in `com.example.app`, with
`Main` as the launcher activity and `App` as the application if there is one. `IMEI(context)` reads the IMEI. A comment
behind a line says which data leaves there: `//@ imei`, with `>kind` of the sink and `@recipient` where they matter. A
line without such a comment sends nothing. ` ```xml ` holds more components, ` ```toml ` resources (`[layouts]`), which
the code names as `R.layout.x`, `R.id.x`. Classes of `stubs.txt` may be named in full; but for those of androidx, they
are not in the package. ` ```java a.b.C ` is a class of another package that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tomli

from assaymark.testing.apk import Apk
from assaymark.testing.java import JavaCase
from javapages import PageCase

HERE = Path(__file__).parent

_PRELUDE = "package com.example.app; " + "".join(
    f"import {name}; "
    for name in (
        *("android.accounts.*", "android.app.*", "android.bluetooth.*", "android.content.*", "android.database.*"),
        *("android.content.res.*", "android.database.sqlite.*", "android.graphics.Canvas", "android.hardware.*"),
        *("android.location.*", "android.media.*", "android.net.*", "android.net.wifi.*", "android.os.*"),
        *("android.preference.*", "android.provider.*", "android.telephony.*", "android.text.*", "android.util.*"),
        *("android.view.*", "android.webkit.*", "android.widget.*", "androidx.localbroadcastmanager.content.*"),
        *("java.io.*", "java.lang.ref.*", "java.lang.reflect.*", "java.math.*", "java.net.*", "java.nio.ByteBuffer"),
        *("java.security.*", "java.text.MessageFormat", "java.util.*", "java.util.concurrent.*", "javax.crypto.*"),
        *("java.util.concurrent.atomic.*", "java.util.regex.*", "java.util.stream.*", "javax.crypto.spec.*"),
        *("org.apache.http.client.*", "org.apache.http.client.methods.*", "org.apache.http.entity.*"),
        *("org.apache.http.impl.client.*", "org.json.*"),
        # These would be two classes of one simple name.
        *("android.hardware.Camera", "android.util.Base64", "android.os.Build", "java.net.Proxy", "android.util.Pair"),
        *("java.util.Locale", "android.hardware.Sensor", "java.lang.Process", "android.content.ClipboardManager"),
        *("java.lang.reflect.Field", "java.lang.reflect.Method", "java.text.Format", "android.telephony.SmsManager"),
        *("android.provider.Settings", "android.location.Location", "java.util.Timer", "java.util.Map"),
        *("android.telephony.SmsMessage", "java.lang.reflect.Proxy", "android.app.Notification"),
    )
    if name != "java.net.Proxy"
)
_BUNDLED = "androidx."
_BLOCK = re.compile(r"^```(\w+)(?: ([\w.]+))?\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_IMEI = re.compile(r"\bIMEI\(([\w.]*(?:\(\))?)\)")
_ANSWER = re.compile(r"//@\s*(.+?)\s*$")
_RULES = """-dontwarn **
-keepattributes LineNumberTable,SourceFile,*Annotation*,Signature
-keep class * extends android.app.Activity { <init>(...); public void *(android.view.View); }
-keep class * extends android.app.Application { <init>(...); }
-keep class * extends android.app.Service { <init>(...); }
-keep class * extends android.content.BroadcastReceiver { <init>(...); }
-keep class * extends android.content.ContentProvider { <init>(...); }
-keep class * extends androidx.work.ListenableWorker { <init>(...); }
-keep class * extends android.view.View { <init>(...); }
-keep class * extends android.app.Fragment { <init>(...); }
-keep class androidx.** { *; }
-keep class com.umeng.** { *; }
-keep interface * { @retrofit2.http.* <methods>; }
-keepclassmembers class * { @android.webkit.JavascriptInterface <methods>; }
"""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """What leaves at a line; `kind` and `recipient` are empty where the case does not say."""

    line: int
    data: str
    kind: str = ""
    recipient: str = ""


@dataclass(slots=True)
class FlowCase(PageCase):
    """One section."""

    others: dict[str, str] = field(default_factory=dict)
    """Classes of other packages, by dotted name."""

    def sources(self) -> JavaCase:
        """Give what to compile."""
        text = _IMEI.sub(_read_imei, self.java)
        files = {
            "Case.java": _PRELUDE + text.lstrip("\n"),
            "R.java": self.resource_class(),
        }
        # Libraries of the platform's makers are in packages, under their names.
        if "androidx." in self.java or "LocalBroadcastManager" in self.java:
            files |= {_file(name): text for name, text in stubs().items() if name.startswith(_BUNDLED)}
        files |= {_file(name): f"package {name.rpartition('.')[0]};\n{text}" for name, text in self.others.items()}
        return JavaCase(files, _RULES + self.options.get("r8", {}).get("rules", ""))

    def build(self, dex: bytes) -> bytes:
        """Give the package with this DEX file."""
        return Apk(manifest=self.manifest(), files=self.layouts(), members={"classes.dex": dex}).build()

    def expected(self) -> set[Leak]:
        """Give what leaves, by source line."""
        lines = enumerate(self.java.lstrip("\n").splitlines(), 1)
        return {
            _leak(number, word)
            for number, line in lines
            if (match := _ANSWER.search(line))
            for word in match[1].split()
        }


def _file(name: str) -> str:
    return f"{name.rpartition('.')[2]}.java"


def _read_imei(match: re.Match[str]) -> str:
    holder = f"{match[1]}." if match[1] else ""
    return f'((TelephonyManager) {holder}getSystemService("phone")).getDeviceId()'


def _leak(line: int, word: str) -> Leak:
    rest, _, recipient = word.partition("@")
    data, _, kind = rest.partition(">")
    return Leak(line, data, kind, recipient)


def stubs() -> dict[str, str]:
    """Give the classes of `stubs.txt`: source by class name."""
    found = {}
    for section in (HERE / "stubs.txt").read_text(encoding="utf-8").split("#### ")[1:]:
        name, _, body = section.partition("\n")
        found[name.strip()] = f"package {name.strip().rpartition('.')[0]};\n{body}"
    return found


def cases() -> Iterator[FlowCase]:
    """Give the cases of all pages."""
    for page in sorted(HERE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            title, _, rest = section.partition("\n")
            case = FlowCase(page.stem, title.strip())
            for kind, name, body in _BLOCK.findall(rest):
                if name:
                    case.others[name] = body
                elif kind == "java":
                    case.java += body
                elif kind == "xml":
                    case.components += body
                else:
                    case.options = tomli.loads(body)
            if case.java:
                yield case
