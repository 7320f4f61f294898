"""Apps that carry stubs of SDKs, built from the catalog: their packages, telling classes, and what states a version.

A stub holds the names by which an SDK is recognised and nothing of its code. The app's main screen calls each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assaymark.catalog import Sdk, VersionSource, owner_of
from assaymark.testing.apk import LAUNCHER, Apk, manifest

MAIN = "com.example.shop.Main"


@dataclass(slots=True)
class _Class:
    fields: dict[str, str] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Parts:
    classes: dict[str, _Class] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    strings: dict[str, str] = field(default_factory=dict)
    members: dict[str, bytes] = field(default_factory=dict)
    meta_data: dict[str, str] = field(default_factory=dict)

    def cls(self, name: str) -> _Class:
        return self.classes.setdefault(name, _Class())


def sdk_app(sdks: Iterable[Sdk]) -> tuple[Apk, Mapping[str, str | None]]:
    """Give an app with stubs of some SDKs, and the version that it states for each (by id).

    Only the first of an SDK's ways to its version is used; `None` where its row knows none. Raises `ValueError` for a
    pattern of a version that no example could be made of.
    """
    parts = _Parts()
    versions = {one.id: _add(parts, one) for one in sdks}
    meta = "".join(f'<meta-data android:name="{key}" android:value="{text}"/>' for key, text in parts.meta_data.items())
    smali = [_main(parts), *(_smali(name, one) for name, one in sorted(parts.classes.items()))]
    app = Apk(
        manifest=manifest(MAIN.rpartition(".")[0], application=LAUNCHER + meta),
        smali=smali,
        strings={"": parts.strings} if parts.strings else {},
        members=parts.members,
    )
    return app, versions


def _add(parts: _Parts, sdk: Sdk) -> str | None:
    for prefix in sdk.packages:
        package = prefix.removesuffix(".*")
        stub = next(name for name in (f"{package}.Stub", f"{package}.stub.Stub") if owner_of(name) == sdk.id)
        parts.cls(stub)
        parts.called.append(stub)
    for name in sdk.classes:
        parts.cls(name)
    if not sdk.version:
        return None
    way = sdk.version[0]
    text = example(way)
    _state(parts, way, text, parts.called[-1])
    return way.version(text)


def _state(parts: _Parts, way: VersionSource, text: str, stub: str) -> None:
    match way.kind:
        case "static-field":
            parts.cls(way.class_name).fields[way.field] = text
        case "class-string":
            parts.cls(way.class_name).strings.append(text)
        case "string":
            parts.cls(stub).strings.append(text)
        case "resource":
            parts.strings[way.name.removeprefix("string/")] = text
        case "asset":
            parts.members[way.path] = text.encode()
        case "properties":
            parts.members[way.path] = f"{way.key}={text}\n".encode()
        case "meta-data":
            parts.meta_data[way.key] = text
        case "library-name":
            parts.members[f"lib/arm64-v8a/{text}"] = b"library"


_SIMPLER = (
    (r"\(\?:[^()]*\)\?", ""),
    (r"\[[^\]]*\]\?", ""),
    (r"\(\?:([^()|]*)\|[^()]*\)", r"\1"),
    (r"\(\?:([^()]*)\)", r"\1"),
    (r"\.[+*]\??", "3.4.5"),
    (r"\[[^\]]*\\d[^\]]*\][+*]", "3.4.5"),
    (r"\\d\{(\d)[^}]*\}|\\d\+|\\d", lambda found: "4" * int(found[1] or 1)),
    (r"[()]", ""),
    (r"\\(.)", r"\1"),
)


def example(way: VersionSource) -> str:
    """Give a text in which this way finds a version. Raises `ValueError` if none could be made of its pattern."""
    text = way.pattern or "3.4.5"
    for pattern, simpler in _SIMPLER if way.pattern else ():
        text = re.sub(pattern, simpler, text)
    if not way.version(text):
        raise ValueError(f"no example of a version for {way.pattern}: {text}")
    return text


def _main(parts: _Parts) -> str:
    calls = "".join(f"    invoke-static {{}}, {_type(name)}->run()V\n" for name in parts.called)
    head = f".class public {_type(MAIN)}\n.super Landroid/app/Activity;\n"
    return (
        f"{head}.method protected onCreate(Landroid/os/Bundle;)V\n    .locals 0\n{calls}    return-void\n.end method\n"
    )


def _smali(name: str, one: _Class) -> str:
    text_type = "Ljava/lang/String;"
    fields = "".join(
        f'.field public static final {each}:{text_type} = "{text}"\n' for each, text in sorted(one.fields.items())
    )
    strings = "".join(f'    const-string v0, "{text}"\n' for text in one.strings)
    head = f".class public {_type(name)}\n.super Ljava/lang/Object;\n{fields}"
    return f"{head}.method public static run()V\n    .locals 1\n{strings}    return-void\n.end method\n"


def _type(name: str) -> str:
    return f"L{name.replace('.', '/')};"
