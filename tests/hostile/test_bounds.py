"""Inputs made to exhaust their reader: each ends in seconds, within a small part of the memory it asks for."""

from __future__ import annotations

import time
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assaymark import sandbox
from assaymark.model.errors import CannotInspect
from assaymark.model.report import Report
from assaymark.sandbox import Bounds
from assaymark.testing.apk import Apk, config_split, manifest
from assaymark.testing.archive import DEFLATED, STORED, Entry, Member, write_apks, write_entries
from assaymark.testing.damage import Package, bomb, overwritten

MEGABYTE = 1 << 20
CODE = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"


def _package(**fields: Any) -> Package:
    return Package.take_apart(Apk(smali=CODE, **fields).build())


def _inspect(tmp_path: Path, data: bytes, *, megabytes: int = 400, seconds: int = 20) -> Report:
    file = tmp_path / "hostile.apk"
    file.write_bytes(data)
    start = time.perf_counter()
    try:
        return sandbox.inspect(file, bounds=Bounds(memory=megabytes * MEGABYTE, cpu_seconds=seconds, wall_seconds=120))
    finally:
        assert time.perf_counter() - start < 120


def _gaps(report: Report) -> set[str]:
    return {gap["kind"] for gap in report.evidence["gap"]}


def _odd(report: Report) -> set[str]:
    return {one["kind"] for one in report.evidence["anomaly"]}


@cache
def _packed_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush()


def _zeros(name: str, megabytes: int, stated: int | None = None) -> Entry:
    """Give a member of many zeros that may lie about its size."""
    size = megabytes * MEGABYTE if stated is None else stated
    return Entry(name.encode(), DEFLATED, 0, _packed_zeros(megabytes), size)


@pytest.mark.parametrize("stated", [0, 100, 700 * MEGABYTE, 0xFFFFFFFF])
def test_a_dex_bomb_stops_at_the_bound_whatever_size_it_states(tmp_path: Path, stated: int) -> None:
    data = _package().rebuilt(after=[_zeros("classes2.dex", 700, stated)])
    report = _inspect(tmp_path, data, megabytes=1024)
    assert "code-unread" in _gaps(report)
    assert report.coverage["code"]["classes"] == 1


def test_too_little_memory_is_a_typed_refusal(tmp_path: Path) -> None:
    with pytest.raises(CannotInspect) as caught:
        _inspect(tmp_path, _package().rebuilt(after=[_zeros("classes2.dex", 700)]), megabytes=256)
    assert caught.value.reason == "out-of-memory"


def test_a_manifest_bomb_is_refused(tmp_path: Path) -> None:
    data = _package().rebuilt({"AndroidManifest.xml": None}, after=[_zeros("AndroidManifest.xml", 300)])
    with pytest.raises(CannotInspect) as caught:
        _inspect(tmp_path, data, megabytes=1024)
    assert caught.value.reason == "broken-manifest"


def test_many_names_for_one_large_member_are_read_once_or_not_at_all(tmp_path: Path) -> None:
    # 300 layouts of 16 MB each at one place in the file: 4.8 GB when all are inflated.
    package = _package(strings={"en": {"a": "b"}})
    heavy = write_entries([*package.entries, _zeros("res/layout/a.xml", 16)])
    name = b"res/layout/a.xml"
    place = heavy.directory.rindex(b"PK\x01\x02")
    record = heavy.directory[place:]
    copies = b"".join(record.replace(name, b"res/layout/%03d.x" % number) for number in range(300))
    directory = heavy.directory + copies
    count = len(package.entries) + 301
    end = overwritten(heavy.end, 8, count.to_bytes(2, "little") * 2 + len(directory).to_bytes(4, "little"))
    report = _inspect(tmp_path, heavy.entries + directory + end)
    assert "overlapping-entries" in _odd(report)


def test_deep_xml_is_cut_and_named(tmp_path: Path) -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    report = _inspect(tmp_path, Apk(manifest=manifest(application=deep), smali=CODE).build())
    assert "xml-too-deep" in _odd(report)
    assert "manifest-unread-part" in _gaps(report)


def test_very_many_elements_are_cut_and_named(tmp_path: Path) -> None:
    report = _inspect(tmp_path, Apk(manifest=manifest(application="<a/>" * 220_000), smali=CODE).build())
    assert "xml-too-large" in _odd(report)
    assert "manifest-unread-part" in _gaps(report)


@pytest.mark.parametrize("at", [0x38, 0x40, 0x48, 0x50, 0x58, 0x60])
def test_huge_counts_in_a_dex_reserve_nothing(tmp_path: Path, at: int) -> None:
    package = _package()
    dex = overwritten(package.content("classes.dex"), at, b"\xff\xff\xff\x7f")
    assert "code-unread" in _gaps(_inspect(tmp_path, package.rebuilt({"classes.dex": dex}), megabytes=256))


def test_more_members_than_the_bound_are_cut_and_named(tmp_path: Path) -> None:
    plain = Member("x", b"", STORED).entry()
    crowd = (replace(plain, name=b"assets/%d" % number) for number in range(210_000))
    report = _inspect(tmp_path, _package().rebuilt(after=crowd), megabytes=600)
    assert "too-many-entries" in _odd(report)
    assert "limit-hit" in _gaps(report)


def test_two_hundred_splits_are_read_and_the_rest_is_named(tmp_path: Path) -> None:
    base = Apk(smali=CODE).build()
    splits = {f"split_{n:03}.apk": config_split("com.example.app", f"config.{n:03}").build() for n in range(210)}
    report = _inspect(tmp_path, write_apks({"base.apk": base, **splits}), seconds=60)
    assert "limit-hit" in _gaps(report)
    assert len(report.evidence["artifact"]) == 201  # the packages and their container


def test_a_bomb_of_packages_stops_at_the_bound_of_all_members(tmp_path: Path) -> None:
    # Each package is 100 MB of zeros behind a few kilobytes; fifteen of them go over the gigabyte.
    inner = _package().rebuilt(after=[replace(bomb("assets/z", MEGABYTE), name=b"assets/z")])
    members = [_zeros(f"split_{number:02}.apk", 100) for number in range(15)]
    data = write_entries([Member("base.apk", inner, STORED).entry(), *members]).data
    report = _inspect(tmp_path, data, megabytes=400)
    assert {"nested-package-unread", "limit-hit"} <= _gaps(report)


def test_a_set_without_a_base_that_fits_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(CannotInspect) as caught:
        _inspect(tmp_path, write_entries([_zeros("base.apk", 600)]).data, megabytes=1024)
    assert caught.value.reason == "too-large"
