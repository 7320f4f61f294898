"""Fingerprints see through what a shrinker does to a library, and see nothing where the library is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from assaymark import _engine
from assaymark.analysis import fingerprints
from assaymark.analysis.fingerprints import Match, match
from assaymark.catalog.fingerprints import Artefact, Learned
from assaymark.catalog.reading import Source
from assaymark.testing.dex import assemble

CALLS = (
    "Landroid/content/Context;->getPackageName()Ljava/lang/String;",
    "Landroid/content/Context;->getFilesDir()Ljava/io/File;",
    "Landroid/content/Context;->getAssets()Landroid/content/res/AssetManager;",
    "Landroid/content/Context;->getCacheDir()Ljava/io/File;",
    "Landroid/content/Context;->getMainLooper()Landroid/os/Looper;",
)


def library(version: int = 1, classes: int = 6, package: str = "com/vendor/push") -> str:
    """Give the sources of a library: each class works with texts of its own, and with the platform."""
    return "\n".join(_class(package, number, version) for number in range(classes))


def _class(package: str, number: int, version: int) -> str:
    lines = [f".class public L{package}/Worker{number};", ".super Ljava/lang/Object;"]
    for step in range(6):
        # Every version has a method of its own in every class.
        words = f"worker {number} step {step}" if step < 5 else f"worker {number} of version {version}"
        lines += [
            f".method public static step{step}(Landroid/content/Context;)V",
            "    .locals 1",
            f'    const-string v0, "{words} begins"',
            *(f"    invoke-virtual {{p0}}, {CALLS[(number + step + turn) % 5]}" for turn in range(3)),
            f'    const-string v0, "{words} ends"',
            f"    invoke-static {{p0}}, L{package}/Worker{(number + 1) % 6};->step{step}(Landroid/content/Context;)V",
            "    return-void",
            ".end method",
        ]
    return "\n".join(lines)


def renamed(source: str) -> str:
    """Rename as R8 does with `-repackageclasses`: all classes into one package, all members to letters."""
    source = re.sub(r"Lcom/vendor/push/Worker(\d+);", lambda found: f"La/{'abcdefgh'[int(found[1])]};", source)
    return re.sub(r"\bstep(\d)\b(?=\()", lambda found: "zyxwvu"[int(found[1])], source)


def code(*sources: str) -> _engine.Code:
    return _engine.Code.of_dex([("classes.dex", assemble("\n".join(sources)).data)])


def features(source: str) -> set[int]:
    return {feature for _, found in _engine.code_features(code(source)) for feature in found}


def table(rows: dict[int, tuple[int, int]]) -> bytes:
    packed = (
        key.to_bytes(6, "little") + library.to_bytes(2, "little") + bits.to_bytes(2, "little")
        for key, (library, bits) in sorted(rows.items())
    )
    return b"".join(packed)


@pytest.fixture(autouse=True)
def learned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Versions 1 and 2 of the library are learned, and nothing else."""
    first, second = features(library(1)), features(library(2))
    rows = {feature: (0, (feature in first) + 2 * (feature in second)) for feature in first | second}
    artefacts = tuple(
        Artefact(
            "vendor-push", version, Source("maven:com.vendor:push:" + version, ""), "", "2026-11-22", 6, len(found)
        )
        for version, found in (("1.0", first), ("2.0", second))
    )
    fingerprints._sizes.cache_clear()
    fingerprints._totals.cache_clear()
    monkeypatch.setattr(fingerprints, "_known", lambda: _engine.Fingerprints(table(rows)))
    monkeypatch.setattr(fingerprints, "load_table", lambda: table(rows))
    monkeypatch.setattr(fingerprints, "load_learned", lambda: Learned(("vendor-push",), artefacts, ""))
    yield
    fingerprints._sizes.cache_clear()
    fingerprints._totals.cache_clear()


def found(*sources: str) -> Match:
    [only] = match(code(*sources))
    return only


def test_a_library_is_found_under_its_own_names() -> None:
    one = found(library())
    assert one.sdk == "vendor-push"
    assert "com.vendor.push.Worker0" in one.classes


def test_renaming_changes_no_feature() -> None:
    assert features(renamed(library())) == features(library())
    assert found(renamed(library())).classes == ("a.a", "a.b", "a.c", "a.d", "a.e", "a.f")


def test_half_of_a_library_is_found() -> None:
    source = renamed(library(classes=3))
    assert found(source).sdk == "vendor-push"


def test_one_class_is_not_the_library() -> None:
    """It may be a copy of something that the library has from elsewhere."""
    assert match(code(renamed(library(classes=1)))) == ()


def melted(classes: int) -> str:
    """Give the methods of several classes in one, as R8 merges classes."""
    parts = [_class("com/vendor/push", number, 1).splitlines()[2:] for number in range(classes)]
    lines = [re.sub(r"step(?=\d\()", f"of{number}", line) for number, part in enumerate(parts) for line in part]
    kept = [line for line in lines if "invoke-static" not in line]
    return "\n".join([".class public La/b;", ".super Ljava/lang/Object;", *kept])


def test_one_class_that_others_were_melted_into_is_the_library() -> None:
    one = found(melted(6))
    assert (one.sdk, one.classes) == ("vendor-push", ("a.b",))
    assert match(code(melted(1))) == ()


@pytest.mark.parametrize(("part", "is_found"), [(0.012, True), (0.008, False)])
def test_a_small_part_suffices_where_texts_are_among_it(
    part: float, is_found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = renamed(library(classes=3))
    size = found(source).features / part
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "_sizes", lambda: {"vendor-push": size})
        assert bool(match(code(source))) is is_found
        patched.setattr(fingerprints, "WORDED", 10**6)
        assert match(code(source)) == ()


def test_repeated_texts_are_not_the_library() -> None:
    """An app that talks to a library repeats its texts; it does not work with the platform as the library does."""
    texts = re.findall(r'"(.*?)"', library())
    lines = [f'    const-string v0, "{text}"' for text in texts]
    classes = [
        f".class public Lcom/shop/Keys{part};\n.super Ljava/lang/Object;\n"
        + ".method public static keys()V\n    .locals 1\n"
        + "\n    invoke-static {}, Ljava/lang/System;->gc()V\n".join(lines[part::3])
        + "\n    return-void\n.end method"
        for part in range(3)
    ]
    assert match(code(*classes)) == ()


def test_a_class_that_the_catalog_knows_speaks_for_no_other_sdk() -> None:
    assert match(code(library(package="okhttp3"))) == ()


def test_the_version_is_the_one_that_fits() -> None:
    assert found(renamed(library(1))).version == "1.0"
    assert found(renamed(library(2))).version == "2.0"


def test_no_version_where_none_fits() -> None:
    """A version between the two has parts of both, or what both have."""
    mixed = [_class("com/vendor/push", number, 1 + number % 2) for number in range(6)]
    assert found(renamed("\n".join(mixed))).version is None
    assert found(renamed(library(3))).version is None


@pytest.mark.parametrize("bytes_", [b"123", table({5: (0, 0)}) * 2])
def test_a_damaged_table_is_refused(bytes_: bytes) -> None:
    with pytest.raises(_engine.EngineError):
        _engine.Fingerprints(bytes_)
