"""Android packages from source text.

A whole one::

    from assaymark.testing.apk import Apk, manifest

    data = Apk(manifest=manifest("com.example.a"), smali='''
        .class public Lcom/example/a/Main;
        .super Landroid/app/Activity;
    ''').build()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assaymark.testing.archive import DEFLATED, STORED, Member
from assaymark.testing.axml import compile_xml
from assaymark.testing.dex import Dex, assemble
from assaymark.testing.resources import Files, Strings, compile_resources
from assaymark.testing.sign import signed_archive

Sources = str | Sequence[str] | Mapping[str, str]
"""Smali texts: one, several, or by file name; the names stand in errors and places."""

_STORED = (".arsc", ".png", ".webp")  # the system maps the table; pictures are packed already


@dataclass(frozen=True, slots=True)
class Apk:
    """The sources of a package.

    * `manifest`: `AndroidManifest.xml` as text; without it, what `manifest()` gives.
    * `smali`: sources of `classes.dex`, or a mapping of DEX file names to their sources.
    * `strings`, `files`: resources; see `testing.resources`. Both empty: no `resources.arsc`. Code may name them as
      numbers: `const v0, @layout/main`.
    * `assets`, `libs`: files below `assets/` and `lib/`, such as `arm64-v8a/libx.so`.
    * `members`: any other file by its full name; one named like a made file stands in its place.
    * `schemes`: signature schemes, of `v1`, `v2`, `v3`.
    * `dex_version`: format version of every DEX file, 35 to 41.
    * `stored`: names of members to leave uncompressed; the resource table and pictures always are.
    """

    manifest: str | None = None
    smali: Sources | Mapping[str, Sources] = ()
    strings: Strings = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    assets: Mapping[str, bytes | str] = field(default_factory=dict)
    libs: Mapping[str, bytes] = field(default_factory=dict)
    members: Mapping[str, bytes | str] = field(default_factory=dict)
    schemes: Sequence[str] = ("v2",)
    dex_version: int = 35
    stored: frozenset[str] = frozenset()

    def build(self) -> bytes:
        """Give the package's bytes: the same for the same sources. Raises `AssemblyError`."""
        return self.make().data

    def make(self) -> Built:
        """Give the package with the places of its instructions. Raises `AssemblyError`."""
        text = manifest() if self.manifest is None else self.manifest
        resources = None
        if self.strings or self.files:
            resources = compile_resources(package_name(text), self.strings, self.files, manifest=text)
        ids = resources.ids if resources else {}
        dex = {name: assemble(texts, self.dex_version, ids=ids) for name, texts in self._dex_sources().items()}
        contents = {"AndroidManifest.xml": compile_xml(text, "AndroidManifest.xml", ids)}
        if resources:
            contents |= {"resources.arsc": resources.table, **resources.files}
        contents |= {name: one.data for name, one in dex.items()}
        contents |= self._others()
        members = [
            Member(name, data, STORED if name in self.stored or name.endswith(_STORED) else DEFLATED)
            for name, data in contents.items()
        ]
        return Built(signed_archive(members, self.schemes), dex, contents)

    def _dex_sources(self) -> dict[str, Mapping[str, str]]:
        smali = self.smali
        if isinstance(smali, Mapping) and smali and all(name.endswith(".dex") for name in smali):
            return {name: _named(texts) for name, texts in smali.items()}
        texts = _named(smali)  # type: ignore[arg-type]  # the other form of a mapping was taken above
        return {"classes.dex": texts} if texts else {}

    def _others(self) -> dict[str, bytes]:
        others = {
            **{f"assets/{name}": data for name, data in self.assets.items()},
            **{f"lib/{name}": data for name, data in self.libs.items()},
            **self.members,
        }
        return {name: data.encode() if isinstance(data, str) else data for name, data in others.items()}


@dataclass(frozen=True, slots=True)
class Built:
    """A package: its bytes, its assembled DEX files by name, its members before signing."""

    data: bytes
    dex: Mapping[str, Dex]
    contents: Mapping[str, bytes]


def _named(texts: Sources) -> Mapping[str, str]:
    if isinstance(texts, str):
        return {"<smali>": texts}
    if isinstance(texts, Mapping):
        return texts
    return {f"<smali {number}>": text for number, text in enumerate(texts, 1)}


def package_name(manifest_text: str) -> str:
    """Give the package that a manifest text names."""
    return manifest_text.partition('package="')[2].partition('"')[0]


def manifest(
    package: str = "com.example.app",
    *,
    version_code: int = 1,
    min_sdk: int = 21,
    target_sdk: int = 30,
    permissions: Sequence[str] = (),
    application: str = "",
    attributes: str = "",
) -> str:
    """Give a manifest text.

    `permissions` are full names or the part after `android.permission.`; `application` is what stands inside the
    application element, `attributes` stand on it. Without the first it has one launcher activity, `.Main`.
    """
    lines = [
        f'<uses-permission android:name="{name if "." in name else f"android.permission.{name}"}"/>'
        for name in permissions
    ]
    inside = application or LAUNCHER
    return f"""<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package}"
    android:versionCode="{version_code}" android:versionName="{version_code}.0">
  <uses-sdk android:minSdkVersion="{min_sdk}" android:targetSdkVersion="{target_sdk}"/>
  {" ".join(lines)}
  <application {attributes}>{inside}</application>
</manifest>
"""


LAUNCHER = """
    <activity android:name=".Main" android:exported="true">
      <intent-filter>
        <action android:name="android.intent.action.MAIN"/>
        <category android:name="android.intent.category.LAUNCHER"/>
      </intent-filter>
    </activity>
  """
"""The launcher activity `.Main`, as it stands in a manifest."""


def config_split(package: str, name: str, *, version_code: int = 1, **parts: object) -> Apk:
    """Give a configuration split of a package, such as `config.zh`; `parts` are fields of `Apk`."""
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{package}" split="{name}"
    android:versionCode="{version_code}">
  <application android:hasCode="false"/>
</manifest>
"""
    return Apk(manifest=text, **parts)  # type: ignore[arg-type]  # fields of Apk, checked by its constructor
