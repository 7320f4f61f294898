"""Reads the pages of consent cases and builds them.

A page has sections; a section with a block ` ```java ` is a case. Its classes lie in `com.example.app`; `Main` is the
launcher activity, `App` the application if there is one. `READ(context)` stands for a sensitive call, and the comment
behind it for the answer: `//@ before`, `//@ after`, `//@ no-gate`, `//@ unknown`, or `//@ never` for one that never
runs. ` ```xml ` holds more components; ` ```toml ` rules of R8 (`[r8]`) and resources (`[strings]`, `[layouts]`),
which the code names as `R.string.x`, `R.layout.x`, `R.id.x`; `[dex]` with `second`, a pattern of the classes in a
second DEX file. Each case may use the class `Gate` below. A block before the first section holds a library that all
cases of the page have: public types, each with its `package` line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tomli

from assaymark.testing.apk import LAUNCHER, Apk, manifest
from assaymark.testing.java import JavaCase
from assaymark.testing.resources import compile_resources

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
class ConsentCase:
    """One section."""

    page: str
    title: str
    library: str = ""
    java: str = ""
    components: str = ""
    options: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A name for files and tests."""
        return re.sub(r"\W+", "-", f"{self.page}-{self.title}".lower()).strip("-")

    def _package(self) -> str:
        return manifest(
            application=LAUNCHER + self.components,
            attributes='android:name=".App"' if re.search(r"class App\b", self.java) else "",
        )

    def sources(self) -> JavaCase:
        """Give what to compile."""
        text = re.sub(r"\bREAD\(([\w.]+(?:\(\))?)\)", _READ, self.java)
        parts = re.split(r"^(?=package )", self.library, flags=re.MULTILINE)[1:]
        named = {found[1]: part for part in parts if (found := _TYPE.search(part))}
        packages = sorted({found[1] for part in parts if (found := re.match(r"package ([\w.]+)", part))})
        prelude = _PRELUDE + "".join(f"import {package}.*; " for package in packages)
        files = {f"{name}.java": part for name, part in named.items()} | {"Case.java": prelude + text.lstrip("\n")}
        ids = compile_resources(
            "com.example.app", {"": self.options.get("strings", {})}, self._files(), manifest=self._package()
        ).ids
        kinds: dict[str, list[str]] = {}
        for name, number in ids.items():
            kind, _, entry = name.rpartition(":")[2].lstrip("@+").partition("/")
            kinds.setdefault(kind, []).append(f"static final int {entry} = {number:#x};")
        inner = " ".join(f"static final class {kind} {{ {' '.join(rows)} }}" for kind, rows in sorted(kinds.items()))
        files["Gate.java"] = _PRELUDE + _GATE
        files["R.java"] = f"package com.example.app; final class R {{ {inner} }}"
        rules = _RULES + self.options.get("r8", {}).get("rules", "")
        return JavaCase(files, rules, self.options.get("dex", {}).get("second", ""))

    def _files(self) -> dict[str, str]:
        return {f"layout/{name}.xml": text for name, text in self.options.get("layouts", {}).items()}

    def build(self, dex: bytes, second: bytes | None = None) -> bytes:
        """Give the package with this DEX file, or these two."""
        return Apk(
            manifest=self._package(),
            strings={"": self.options.get("strings", {})},
            files=self._files(),
            members={"classes.dex": dex} if second is None else {"classes.dex": dex, "classes2.dex": second},
        ).build()

    def expected(self) -> dict[int, str]:
        """Give the answers by source line."""
        lines = enumerate(self.java.lstrip("\n").splitlines(), 1)
        return {number: match[1] for number, line in lines if (match := _ANSWER.search(line))}


def cases() -> Iterator[ConsentCase]:
    """Give the cases of all pages."""
    for page in sorted(HERE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
        library = "\n".join(_JAVA.findall(head))
        for section in sections:
            title, _, rest = section.partition("\n")
            case = ConsentCase(page.stem, title.strip(), library)
            for kind, body in re.findall(r"^```(\w+)\n(.*?)^```", rest, flags=re.MULTILINE | re.DOTALL):
                if kind == "java":
                    case.java += body
                elif kind == "xml":
                    case.components += body
                else:
                    case.options = tomli.loads(body)
            if case.java:
                yield case
