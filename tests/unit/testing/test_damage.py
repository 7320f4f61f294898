"""Variants of one package: deterministic, different, quick, and each of its kind."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib

import pytest

from assaymark.testing.apk import Apk
from assaymark.testing.damage import EVASIVE, KINDS, Dice, Package, bomb, mutations
from assaymark.testing.demo import demo_app

DEMO = demo_app().build()


def test_the_seed_decides() -> None:
    first = list(mutations(DEMO, 2 * len(KINDS), 7))
    assert first == list(mutations(DEMO, 2 * len(KINDS), 7))
    other = list(mutations(DEMO, 2 * len(KINDS), 8))
    assert [name for name, _ in first] == [name for name, _ in other]
    assert [data for _, data in first] != [data for _, data in other]


def test_every_kind_changes_the_package() -> None:
    made = dict(mutations(DEMO, len(KINDS), 1))
    assert [name.partition("-")[2] for name in made] == list(KINDS)
    assert DEMO not in made.values()
    assert set(KINDS) >= EVASIVE


def test_a_thousand_take_seconds() -> None:
    start = time.perf_counter()
    size = sum(len(data) for _, data in mutations(DEMO, 1000, 3))
    assert time.perf_counter() - start < 20
    assert size < 200_000_000


def test_a_small_package_without_table_and_signature_will_do() -> None:
    assert len(list(mutations(Apk(schemes=()).build(), 3 * len(KINDS), 1))) == 3 * len(KINDS)


def test_taking_apart_agrees_with_zipfile() -> None:
    package = Package.take_apart(DEMO)
    with zipfile.ZipFile(io.BytesIO(DEMO)) as archive:
        assert package.names("") == archive.namelist()
        assert all(package.content(name) == archive.read(name) for name in archive.namelist())
    with pytest.raises(KeyError):
        package.content("no such member")
    with pytest.raises(ValueError, match="not an archive"):
        Package.take_apart(b"text")


def test_rebuilding() -> None:
    made = Package.take_apart(DEMO).rebuilt({"classes.dex": b"x", "resources.arsc": None}, after=[bomb("big", 1 << 20)])
    assert len(made) < len(DEMO) + 3000
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert archive.read("classes.dex") == b"x"
        assert "resources.arsc" not in archive.namelist()
        assert archive.getinfo("big").file_size == 1 << 20


def test_damaged_dex_files_carry_right_checksums() -> None:
    # Otherwise a reader that checks them would never reach the damage.
    for kind in ("dex-header", "dex-tables", "dex-data", "dex-long-numbers"):
        dex = Package.take_apart(KINDS[kind](Package.take_apart(DEMO), Dice(5))).content("classes.dex")
        assert dex != Package.take_apart(DEMO).content("classes.dex")
        assert struct.unpack_from("<I", dex, 8) == (zlib.adler32(dex[12:]),)


def test_evasive_manifests_stay_whole() -> None:
    package = Package.take_apart(DEMO)
    manifest = package.content("AndroidManifest.xml")
    strange = Package.take_apart(KINDS["unknown-method"](package, Dice(1)))
    entry = next(one for one in strange.entries if one.name == b"AndroidManifest.xml")
    assert entry.packed == manifest
    assert entry.method not in (0, 8)
    assert Package.take_apart(KINDS["encrypted-flags"](package, Dice(1))).content("AndroidManifest.xml") == manifest
