"""A detector that changed costs itself: the rows of the others are kept, and the lake is as if all had been run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from assaymark import extend, pipeline
from assaymark.batch import run as run_module
from assaymark.batch.renewal import kept_detectors
from assaymark.lake import connect
from assaymark.lake.layout import Lake
from assaymark.model.tables import GAP, PERMISSION, TABLES
from assaymark.testing.demo import demo_app
from assaymark.testing.literate import package_of, read_page
from lakes import die_at, outcomes, run_batch, small_app, write_apps

pytest.importorskip("duckdb")

ALL = extend.detectors()
PAGES = Path(__file__).parents[2] / "detectors"


def changed(*ids: str) -> tuple[extend.Detector, ...]:
    """Give the detectors, some in another version that sees less: the first row of each table, and it says so."""
    return tuple(replace(one, version=one.version + 1, run=_shorter(one)) if one.id in ids else one for one in ALL)


def _shorter(one: extend.Detector) -> Any:
    def run(program: Any) -> Iterator[extend.Emission]:
        seen = set()
        for table, row in one.run(program):
            if table.name not in seen:
                seen.add(table.name)
                yield table, row
        yield GAP, GAP.row("", kind="limit-hit", reason=f"{one.id} sees less", weight="partial")

    return run


def use(monkeypatch: pytest.MonkeyPatch, detectors: tuple[extend.Detector, ...]) -> None:
    monkeypatch.setattr(extend, "detectors", lambda: detectors)
    monkeypatch.setattr(run_module.installed, "versions", pipeline.versions)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_apps(tmp_path_factory.mktemp("apps"), 2)
    (folder / "demo.apk").write_bytes(demo_app().build())
    (folder / "noise.apk").write_bytes(b"no archive at all" * 9)
    for name in ("gap", "setting", "sdk"):
        page = PAGES / f"{name}.md"
        for number, case in enumerate(read_page(page, page.read_text(encoding="utf-8"))[:3]):
            (folder / f"{name}{number}.apk").write_bytes(package_of(case).build())
    return folder


@pytest.fixture(scope="module")
def first(apps: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("first") / "lake"
    with pytest.MonkeyPatch.context() as patched:
        use(patched, ALL)
        run_batch(apps, lake)
    return lake


def copied(lake: Path, to: Path) -> Path:
    for path in lake.rglob("*"):
        if path.is_file():
            place = to / path.relative_to(lake)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return to


def content(lake: Path) -> dict[str, list[Any]]:
    with connect(lake) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in (*TABLES, "outcome")}


@pytest.mark.parametrize("ids", [("setting",), ("gap",), ("permission",), ("setting", "flow", "sdk")], ids="-".join)
def test_the_lake_is_as_if_all_detectors_had_been_run(
    ids: tuple[str, ...], apps: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, changed(*ids))
    lake = copied(first, tmp_path / "renewed")
    summary = run_batch(apps, lake)
    assert summary.renewed == summary.inspected == summary.files - 1  # a file that was refused has nothing to keep
    run_batch(apps, tmp_path / "anew")
    found = content(lake)
    assert found == content(tmp_path / "anew")
    assert found != content(first)


def test_only_the_detector_that_changed_is_run(
    apps: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_program: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSYS)

    *others, last = changed("setting")
    assert last.id == "setting"
    use(monkeypatch, (*(replace(one, run=never) for one in others), last))
    summary = run_batch(apps, copied(first, tmp_path / "lake"))
    assert (summary.renewed, dict(summary.refused)) == (summary.files - 1, {"not-a-package": 1})


def test_new_files_are_inspected_whole_beside_renewed_ones(
    apps: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, changed("sdk"))
    folder = copied(apps, tmp_path / "in")
    (folder / "new.apk").write_bytes(small_app(9))
    summary = run_batch(folder, copied(first, tmp_path / "lake"))
    assert summary.inspected == summary.renewed + 1
    run_batch(folder, tmp_path / "anew")
    assert content(tmp_path / "lake") == content(tmp_path / "anew")


def test_versions_follow_each_other(apps: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = copied(first, tmp_path / "lake")
    for ids in (("gap",), ("gap", "permission"), ()):
        use(monkeypatch, changed(*ids))
        assert run_batch(apps, lake).renewed
    assert content(lake) == content(first)


def test_a_kill_at_any_step_of_a_renewal_loses_nothing(
    apps: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, changed("setting", "gap"))
    lake = copied(first, tmp_path / "lake")
    killed = 0
    for point in (2, 7, 12, 18, 25, 33, 47):
        child = get_context("fork").Process(target=die_at, args=(point, apps, lake))
        child.start()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        outcomes(lake)  # whole at every moment
    assert killed >= 4
    run_batch(apps, lake)
    run_batch(apps, tmp_path / "anew")
    assert content(lake) == content(tmp_path / "anew")
    assert [path for path in (Lake(lake).staging).rglob("*") if path.is_file()] == []


BEFORE = pipeline.versions()


def _with(**detectors: Any) -> dict[str, Any]:
    return {**BEFORE, "detectors": {**BEFORE["detectors"], **detectors}}


def test_what_is_kept() -> None:
    ids = sorted(one.id for one in ALL)
    other = {"version": 99, "catalogs": ""}
    assert kept_detectors(BEFORE, BEFORE) == tuple(ids)
    assert kept_detectors(BEFORE, _with(sdk=other)) == tuple(one for one in ids if one != "sdk")
    assert kept_detectors(BEFORE, {**BEFORE, "engine": "another"}) == ()
    assert kept_detectors(_with(gone=other), BEFORE) == ()
    assert kept_detectors({"version": "an older form"}, BEFORE) == ()


def test_detectors_that_fill_one_table_are_renewed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = replace(ALL[0], id="plugin", emits=(PERMISSION, GAP), reads=None)
    monkeypatch.setattr(extend, "detectors", lambda: (*ALL, plugin))
    now = pipeline.versions()
    added = kept_detectors(BEFORE, now)
    assert set(BEFORE["detectors"]) - set(added) == {"permission"}
