"""Each kind of damage leaves its own evidence: tampering shows, and what it hides is named as a gap."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.model.errors import CannotInspect
from assaymark.testing.archive import STORED, Member, write_archive
from assaymark.testing.damage import KINDS, Dice, Package, overwritten
from assaymark.testing.demo import demo_app
from assaymark.testing.dex import seal

SEEDS = range(4)

REFUSED = frozenset({"truncated", "no-end"})
"""Kinds after which no archive is left that anybody could install."""

MAY_BE_REFUSED = frozenset(
    {"flipped", "blanked", "suffix", "directory-field", "shared-place", "missing-member", "flipped-member"}
    | {"cut-member", "broken-stream", "axml-chunk", "end-field"}
)
"""Kinds that can make the manifest or the directory unreadable, as the dice fall."""

EXPECTED: dict[str, set[str]] = {
    "prefix": {"central-directory-moved", "shifted-offsets", "prefix-data"},
    "signing-block": {"signing-block-broken", "v2 failed", "v2 malformed", "v2 unverified", "v2 gone"},
    "encrypted-flags": {"encrypted-flag"},
    "unknown-method": {"unknown-method"},
    "duplicate": {"duplicate-entry"},
    "folder-names": {"directory-shadows-file"},
    "shared-place": {"overlapping-entries"},
    "dex-checksum": {"dex-checksum"},
    "dex-version": {"gap code-unread", "container-offset", "dex-version"},
    "axml-strange-chunk": {"chunk-unknown"},
    "axml-deep": {"gap manifest-unread-part"},
}
"""What must be among the traces of a kind, whatever the dice say: one of these."""


@cache
def demo() -> Package:
    return Package.take_apart(demo_app().build())


def traces(data: bytes, folder: Path) -> set[str]:
    """Give the kinds of gaps and anomalies, and the state of each signature scheme."""
    file = folder / "hostile.apk"
    file.write_bytes(data)
    evidence = pipeline.inspect(file).evidence
    found = {f"gap {gap['kind']}" for gap in evidence["gap"]}
    found |= {f"gap {gap['kind']} {gap['weight']} {table}" for gap in evidence["gap"] for table in gap["hides"]}
    found |= {one["kind"] for one in evidence["anomaly"]}
    states = {one["scheme"]: one["status"] for one in evidence["signature"]}
    return found | {f"{scheme} {states.get(scheme, 'gone')}" for scheme in ("v1", "v2", "v3")}


def _traces_or_refusal(data: bytes, folder: Path) -> set[str] | CannotInspect:
    try:
        return traces(data, folder)
    except CannotInspect as refusal:
        return refusal


@cache
def undamaged(folder: Path) -> frozenset[str]:
    return frozenset(traces(demo().raw, folder))


@pytest.mark.parametrize("kind", KINDS)
def test_damage_shows(kind: str, tmp_path: Path) -> None:
    clean = undamaged(tmp_path)
    assert {"v1 verified", "v2 verified", "v3 verified"} <= clean
    for seed in SEEDS:
        data = KINDS[kind](demo(), Dice(seed))
        if data == demo().raw:
            continue  # the number thrown stood there already
        found = _traces_or_refusal(data, tmp_path)
        if isinstance(found, CannotInspect):
            assert kind in REFUSED | MAY_BE_REFUSED, seed
            assert found.reason in ("broken-archive", "broken-manifest", "no-manifest", "not-a-package"), seed
            continue
        assert kind not in REFUSED, seed
        # Every kind changes signed bytes, so at the least a signature says so.
        assert found - clean, seed
        if kind in EXPECTED:
            assert found & EXPECTED[kind], f"{seed}: {sorted(found - clean)}"


def _with(tmp_path: Path, **changed: bytes) -> set[str]:
    names = {"dex": "classes.dex", "table": "resources.arsc", "manifest": "AndroidManifest.xml"}
    return traces(demo().rebuilt({names[key]: data for key, data in changed.items()}), tmp_path)


@pytest.mark.parametrize("tag", [b"\x12\x34\x56\x78", b"\0\0\0\0"])
def test_a_dex_of_another_byte_order_hides_all_code(tmp_path: Path, tag: bytes) -> None:
    found = _with(tmp_path, dex=seal(overwritten(demo().content("classes.dex"), 0x28, tag)))
    assert {"gap code-unread", "gap code-missing total api_call"} <= found


def test_a_dex_of_zeros_hides_all_code(tmp_path: Path) -> None:
    assert "gap code-missing total api_call" in _with(tmp_path, dex=bytes(5000))


def test_a_dex_without_readable_classes_hides_all_code(tmp_path: Path) -> None:
    dex = demo().content("classes.dex")
    found = _with(tmp_path, dex=seal(overwritten(dex, 0x64, b"\xf0\xff\xff\xff")))  # class_defs_off
    assert "gap code-missing total api_call" in found


def test_strings_that_cannot_be_read_hide_code(tmp_path: Path) -> None:
    dex = demo().content("classes.dex")
    assert "gap code-unread" in _with(tmp_path, dex=seal(overwritten(dex, 0x70 + 40, b"\xf0\xff\xff\xff")))


@pytest.mark.parametrize("field", [0x3C, 0x44, 0x4C, 0x54, 0x5C, 0x64])
def test_a_table_that_header_and_map_place_differently_hides_code(tmp_path: Path, field: int) -> None:
    dex = demo().content("classes.dex")
    assert "gap code-unread" in _with(tmp_path, dex=seal(overwritten(dex, field, b"\x80\x01\0\0")))


def test_a_random_table_hides_settings(tmp_path: Path) -> None:
    table = demo().content("resources.arsc")
    dice = Dice(5)
    noise = bytes(dice.below(256) for _ in range(len(table) - 12))
    assert {"gap resource-unread", "gap resource-unread partial setting"} <= _with(tmp_path, table=table[:12] + noise)


def test_half_a_manifest_does_not_look_whole(tmp_path: Path) -> None:
    manifest = demo().content("AndroidManifest.xml")
    found = _with(tmp_path, manifest=manifest[: len(manifest) * 4 // 5])
    assert {f"gap manifest-unread-part partial {table}" for table in ("permission", "component", "setting")} <= found


@pytest.mark.parametrize("decoy", [b"dex\n035\0" + bytes(200), b"no dex at all"])
def test_of_two_dex_members_the_one_with_code_is_read(tmp_path: Path, decoy: bytes) -> None:
    file = tmp_path / "two.apk"
    file.write_bytes(demo().rebuilt(before=[Member("classes.dex", decoy).entry()]))
    report = pipeline.inspect(file)
    assert report.coverage["code"]["classes"] > 0
    assert [gap["reason"] for gap in report.evidence["gap"] if gap["kind"] == "code-unread"]
    assert [one["member"] for one in report.evidence["anomaly"] if one["kind"] == "duplicate-entry"]


def test_of_two_manifests_neither_is_trusted(tmp_path: Path) -> None:
    other = demo().content("AndroidManifest.xml")
    found = traces(demo().rebuilt(before=[Member("AndroidManifest.xml", other).entry()]), tmp_path)
    assert {"duplicate-entry", "gap manifest-unread-part partial permission"} <= found


def test_a_nested_set_is_named_and_not_opened(tmp_path: Path) -> None:
    inner = write_archive([Member("base.apk", demo().raw, STORED)]).data
    outer = write_archive([Member("base.apk", demo().raw, STORED), Member("more.apk", inner, STORED)]).data
    assert "gap nested-package-unread" in traces(outer, tmp_path)
    (tmp_path / "only.xapk").write_bytes(write_archive([Member("inner.xapk", inner, STORED)]).data)
    with pytest.raises(CannotInspect) as caught:
        pipeline.inspect(tmp_path / "only.xapk")
    assert caught.value.reason == "not-a-package"
