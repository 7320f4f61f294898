"""Reads the pages of consent cases and builds them.

A page has sections; a section with a block ` ```java ` is a case. Its classes lie in `com.example.app`; `Main` is the
launcher activity, `App` the application if there is one. `READ(context)` stands for a sensitive call, and the comment
behind it for the answer: `//@ before`, `//@ after`, `//@ no-gate`, `//@ unknown`, or `//@ never` for one that never
runs; behind `after` may stand the gate that the report names, `<- p/agreed ← “同意”`. ` ```xml ` holds more
components; ` ```toml ` rules of R8 (`[r8]`) and resources (`[strings]`, `[layouts]`), which the code names as
`R.string.x`, `R.layout.x`, `R.id.x`; `[dex]` with `second`, a pattern of the classes in a second DEX file. Each case
may use the class `Gate` below. A block before the first section holds a library that all cases of the page have:
public types, each with its `package` line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomli

from assaymark.testing.apk import Apk
from assaymark.testing.java import JavaCase
from javapages import PageCase

HERE = Path(__file__).parent

_PRELUDE = "package com.example.app; import android.provider.Settings; " + "".join(
    f"import {package}.*; "
    for package in (
        *("android.app", "android.content", "android.os", "android.view", "android.widget"),
        *("java.io", "java.util", "java.util.concurrent"),
    )
)
_READ = r'Settings.Secure.getString(\1.getContentResolver(), "android_id")'
_ANSWER = re.compile(r"//@\s*(before|after|no-gate|unknown|never)\b")
_OPENED = re.compile(r"//@ after <- (.+)$")
_TYPE = re.compile(r"^public (?:abstract |final )*(?:class|interface|enum) (\w+)", re.MULTILINE)
_JAVA = re.compile(r"^```java\n(.*?)^```", re.MULTILINE | re.DOTALL)
_GATE = """
class Gate {
    static SharedPreferences prefs(Context c) { return c.getSharedPreferences("p", 0); }
    static boolean ok(Context c) { return prefs(c).getBoolean("agreed", false); }
    static void ask(Activity a, Runnable then) {
        new AlertDialog.Builder(a).setTitle("隐私政策").setMessage("请阅读《隐私政策》后选择。")
            .setPositiveButton("同意", (d, w) -> {
                prefs(a).edit().putBoolean("agreed", true).apply();
                then.run();
            })
            .setNegativeButton("不同意", (d, w) -> a.finish()).show();
    }
}
"""
_RULES = """-dontwarn **
-keepattributes LineNumberTable,SourceFile
-keep class * extends android.app.Activity { <init>(); public void on*(...); public void *(android.view.View); }
-keep class * extends android.app.Application { <init>(); }
-keep class * extends android.app.Service { <init>(); }
-keep class * extends android.content.BroadcastReceiver { <init>(); }
-keep class * extends android.content.ContentProvider { <init>(); }
"""


@dataclass(slots=True)
class ConsentCase(PageCase):
    """One section."""

    library: str = ""

    def sources(self) -> JavaCase:
        """Give what to compile."""
        text = re.sub(r"\bREAD\(([\w.]+(?:\(\))?)\)", _READ, self.java)
        parts = re.split(r"^(?=package )", self.library, flags=re.MULTILINE)[1:]
        named = {found[1]: part for part in parts if (found := _TYPE.search(part))}
        packages = sorted({found[1] for part in parts if (found := re.match(r"package ([\w.]+)", part))})
        prelude = _PRELUDE + "".join(f"import {package}.*; " for package in packages)
        files = {f"{name}.java": part for name, part in named.items()} | {"Case.java": prelude + text.lstrip("\n")}
        files["Gate.java"] = _PRELUDE + _GATE
        files["R.java"] = self.resource_class()
        rules = _RULES + self.options.get("r8", {}).get("rules", "")
        return JavaCase(files, rules, self.options.get("dex", {}).get("second", ""))

    def build(self, dex: bytes, second: bytes | None = None) -> bytes:
        """Give the package with this DEX file, or these two."""
        return Apk(
            manifest=self.manifest(),
            strings=self.strings(),
            files=self.layouts(),
            members={"classes.dex": dex} if second is None else {"classes.dex": dex, "classes2.dex": second},
        ).build()

    def expected(self) -> dict[int, str]:
        """Give the answers by source line."""
        lines = enumerate(self.java.lstrip("\n").splitlines(), 1)
        return {number: match[1] for number, line in lines if (match := _ANSWER.search(line))}

    def gates(self) -> dict[int, str]:
        """Give the gates by source line, where the case names them."""
        lines = enumerate(self.java.lstrip("\n").splitlines(), 1)
        return {number: match[1].rstrip() for number, line in lines if (match := _OPENED.search(line))}


def cases() -> Iterator[ConsentCase]:
    """Give the cases of all pages."""
    for page in sorted(HERE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
        library = "\n".join(_JAVA.findall(head))
        for section in sections:
            title, _, rest = section.partition("\n")
            case = ConsentCase(page.stem, title.strip(), library=library)
            for kind, body in re.findall(r"^```(\w+)\n(.*?)^```", rest, flags=re.MULTILINE | re.DOTALL):
                if kind == "java":
                    case.java += body
                elif kind == "xml":
                    case.components += body
                else:
                    case.options = tomli.loads(body)
            if case.java:
                yield case
