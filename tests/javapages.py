"""What the pages of cases written in Java share: a section is an app of the package `com.example.app`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assaymark.testing.apk import LAUNCHER, manifest
from assaymark.testing.resources import compile_resources


@dataclass(slots=True)
class PageCase:
    """One section: its Java text, the components it declares, its options (a TOML block)."""

    page: str
    title: str
    java: str = ""
    components: str = ""
    options: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A name for files and tests."""
        return re.sub(r"\W+", "-", f"{self.page}-{self.title}".lower()).strip("-")

    def manifest(self) -> str:
        """Give the manifest: `Main` is the launcher activity, `App` the application if there is one."""
        return manifest(
            application=LAUNCHER + self.components,
            attributes='android:name=".App"' if re.search(r"class App\b", self.java) else "",
        )

    def layouts(self) -> dict[str, str]:
        """Give the layouts by file name."""
        return {f"layout/{name}.xml": text for name, text in self.options.get("layouts", {}).items()}

    def strings(self) -> dict[str, dict[str, str]]:
        """Give the texts by language."""
        return {"": self.options.get("strings", {})}

    def resource_class(self) -> str:
        """Give the source of `R`, by which the code names its resources."""
        ids = compile_resources("com.example.app", self.strings(), self.layouts(), manifest=self.manifest()).ids
        kinds: dict[str, list[str]] = {}
        for name, number in ids.items():
            kind, _, entry = name.rpartition(":")[2].lstrip("@+").partition("/")
            kinds.setdefault(kind, []).append(f"static final int {entry} = {number:#x};")
        inner = " ".join(f"static final class {kind} {{ {' '.join(rows)} }}" for kind, rows in sorted(kinds.items()))
        return f"package com.example.app; final class R {{ {inner} }}"
