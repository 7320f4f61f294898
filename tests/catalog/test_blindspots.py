"""Every row of the catalog of blind spots is recognised by each of its marks, and by nothing that looks alike."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.catalog.blindspots import Blindspot, load_blindspots
from assaymark.testing.apk import Apk, manifest

ROWS = load_blindspots()
NAMED = [row for row in ROWS if not row.structure]

MAIN = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"


def strong(row: Blindspot) -> list[str]:
    """Marks that suffice alone."""
    calls = [".".join(call) for call in row.calls]
    return [mark for mark in (*row.libraries, *row.files, *row.classes, *calls) if mark not in row.weak]


def recognised(folder: Path, marks: Iterable[tuple[Blindspot, str]]) -> set[str]:
    """Names of the products that an app with these marks shows."""
    members: dict[str, bytes] = {}
    smali = [MAIN]
    calls: list[str] = []
    for row, mark in marks:
        if mark in row.libraries:
            members[f"lib/arm64-v8a/{mark.replace('*', '2.1')}"] = b"library"
        elif mark in row.files:
            members[mark.replace("*", "some")] = b"file"
        elif mark in row.classes:
            name = mark.replace("*", "inner.Work").replace(".", "/")
            smali.append(f".class public L{name};\n.super Ljava/lang/Object;\n")
        else:
            calls.append(mark)
    body = "".join(
        f"    invoke-static {{}}, L{call.rpartition('.')[0].replace('.', '/')};->{call.rpartition('.')[2]}()V\n"
        for call in calls
    )
    smali[0] += f".method public static run()V\n    .locals 0\n{body}    return-void\n.end method\n"
    smali[0] += f".method onCreate()V\n    .locals 0\n    invoke-static {{}}, {MAIN.split()[2]}->run()V\n"
    smali[0] += "    return-void\n.end method\n"
    data = Apk(manifest=manifest(), smali=list(dict.fromkeys(smali)), members=members).build()
    path = folder / "app.apk"
    path.write_bytes(data)
    _program, evidence, _runs = pipeline.collect(path)
    names = {row.name for row in ROWS}
    return {cell for row in evidence["gap"] for cell in row if cell in names}


@pytest.mark.parametrize("place", range(max(len(strong(row)) for row in NAMED)))
def test_one_mark_suffices(place: int, tmp_path: Path) -> None:
    chosen = [(row, strong(row)[place]) for row in NAMED if len(strong(row)) > place]
    assert recognised(tmp_path, chosen) == {row.name for row, _ in chosen}


def test_weak_marks_count_together_and_not_alone(tmp_path: Path) -> None:
    weak = [row for row in NAMED if row.weak]
    columns = zip_longest(*(sorted(row.weak) for row in weak))
    for column in columns:
        chosen = [(row, mark) for row, mark in zip(weak, column, strict=True) if mark]
        assert recognised(tmp_path, chosen) == set()
    pairs = [row for row in weak if len(row.weak) > 1]
    assert recognised(tmp_path, [(row, mark) for row in pairs for mark in row.weak]) == {row.name for row in pairs}


def test_what_looks_alike_is_not_recognised(tmp_path: Path) -> None:
    members = {f"lib/arm64-v8a/my{mark.replace('*', '2.1')}": b"x" for row in NAMED for mark in row.libraries}
    members |= {f"res/{mark.replace('*', 'some')}": b"x" for row in NAMED for mark in row.files}
    names = [f"{name[:-2]}like.Work" if name.endswith(".*") else f"{name}Like" for row in NAMED for name in row.classes]
    smali = [f".class public L{name.replace('.', '/')};\n.super Ljava/lang/Object;\n" for name in dict.fromkeys(names)]
    path = tmp_path / "app.apk"
    path.write_bytes(Apk(smali=[MAIN, *smali], members=members).build())
    _program, evidence, _runs = pipeline.collect(path)
    kinds = {cell for row in evidence["gap"] for cell in row if isinstance(cell, str)}
    assert kinds & {row.name for row in ROWS} == set()


def test_the_application_class_of_the_manifest_is_a_mark(tmp_path: Path) -> None:
    for row in NAMED:
        if row.kind == "packed" and row.classes:
            name = row.classes[0].replace("*", "Stub")
            path = tmp_path / "app.apk"
            text = manifest(application="<activity android:name='.Main'/>", attributes=f'android:name="{name}"')
            path.write_bytes(Apk(manifest=text, smali=MAIN).build())
            _program, evidence, _runs = pipeline.collect(path)
            assert row.name in {cell for gap in evidence["gap"] for cell in gap}, row.id


def test_the_structures_have_cases_on_the_page_of_the_detector() -> None:
    page = (Path(__file__).parent.parent / "detectors" / "gap.md").read_text(encoding="utf-8")
    for row in ROWS:
        if row.structure:
            assert f'reason="{row.name}"' in page, row.id


def test_there_are_at_least_28_packers_and_protectors() -> None:
    assert sum(row.kind in ("packed", "protected") and not row.structure for row in ROWS) >= 28
