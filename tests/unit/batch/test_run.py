"""From a folder to a lake: every file exactly once, whatever dies in between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from assaymark import pipeline
from assaymark.batch import run as run_module
from assaymark.lake import connect, layout, read_index
from assaymark.lake.layout import Lake
from assaymark.model.errors import LakeError
from assaymark.sandbox import Bounds
from lakes import die_at, outcomes, run_batch, small_app, write_apps

pytest.importorskip("duckdb")

INSPECTED = ("inspected", "")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_apps(tmp_path_factory.mktemp("apps"), 8)


def test_every_file_has_one_row_and_a_bad_one_costs_only_its_own(tmp_path: Path) -> None:
    folder = write_apps(tmp_path / "in", 4)
    (folder / "noise.apk").write_bytes(b"no archive at all" * 9)
    (folder / "empty.apk").write_bytes(b"")
    (folder / "other-name.apk").write_bytes(small_app(0))
    (folder / "notes.txt").write_text("not asked", encoding="utf-8")
    summary = run_batch(folder, tmp_path / "lake")
    assert (summary.files, summary.inspected, summary.twins, summary.done) == (7, 4, 1, 7)
    found = outcomes(tmp_path / "lake")
    assert len(found) == 6
    assert found["noise.apk"] == ("refused", "not-a-package")
    assert found["empty.apk"] == ("refused", "empty")


def test_deceptive_names_are_stored_as_far_as_they_are_text(tmp_path: Path) -> None:
    folder = write_apps(tmp_path / "in", 1)
    for number, name in enumerate((b"bad-\xff.apk", b"two\nlines.apk", b"'; DROP.apk"), 1):
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        path.write_bytes(small_app(number) if number > 1 else b"noise")
    run_batch(folder, tmp_path / "lake")
    assert outcomes(tmp_path / "lake") == {
        "app000.apk": INSPECTED,
        "bad-?.apk": ("refused", "not-a-package"),
        "two\nlines.apk": INSPECTED,
        "'; DROP.apk": INSPECTED,
    }


def test_a_file_that_cannot_be_digested_is_counted_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_apps(tmp_path / "in", 5)
    digest = run_module.work._digest

    def work(path: Path) -> Any:
        if path.name == "app001.apk":
            os.kill(os.getpid(), signal.SIGSEGV)
        return None if path.name == "app002.apk" else digest(path)

    monkeypatch.setattr(run_module.work, "_digest", work)
    summary = run_batch(folder, tmp_path / "lake")
    assert (summary.inspected, summary.unreadable, summary.done) == (3, 2, 5)
    assert len(outcomes(tmp_path / "lake")) == 3


def test_the_second_run_opens_nothing(apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_batch(apps, tmp_path / "lake")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lake").rglob("*.parquet")}
    monkeypatch.setattr(pipeline, "collect", lambda path, **_options: os.kill(os.getpid(), signal.SIGSYS))
    summary = run_batch(apps, tmp_path / "lake")
    assert (summary.inspected, summary.known, summary.done) == (0, 8, 8)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lake").rglob("*.parquet")} == before


def test_order_and_number_of_children_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apps = write_apps(tmp_path / "in", 6)
    for number in range(6):
        (apps / f"twin{number}.apk").write_bytes(small_app(number))
    for name, jobs, group in (("one", 1, 16), ("three", 3, 1)):
        monkeypatch.setattr(run_module, "GROUP", group)
        run_batch(apps, tmp_path / name, jobs=jobs)
    one, three = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.parquet")}
        for name in ("one", "three")
    )
    assert one == three
    assert len(one) > 3


def test_new_versions_inspect_again_and_replace(apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = tmp_path / "lake"
    run_batch(apps, lake)
    monkeypatch.setattr(run_module.installed, "versions", lambda: {"version": "another"})
    assert run_batch(apps, lake).inspected == 8
    assert len(outcomes(lake)) == 8
    with connect(lake) as connection:
        assert connection.execute("SELECT count(DISTINCT versions) FROM outcome").fetchone() == (1,)
    assert [dict(commit.versions) for commit in read_index(Lake(lake)).shards.values()] == [
        {layout.fingerprint({"version": "another"}): {"version": "another"}}
    ]


def _hostile(kind: str) -> Callable[[str], Any]:
    collect = pipeline.collect

    def work(path: str, **options: Any) -> Any:
        if "app001" in path:
            if kind == "hangs":
                time.sleep(60)
            if kind == "eats":
                hoard = []
                while True:
                    hoard.append(bytearray(16 << 20))
            os.kill(os.getpid(), {"dies": signal.SIGSEGV, "is killed": signal.SIGKILL}[kind])
        return collect(path, **options)

    return work


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("hangs", "out-of-time"), ("eats", "out-of-memory"), ("dies", "crashed"), ("is killed", "out-of-memory")],
)
def test_a_file_that_ends_its_child_costs_itself(
    kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_apps(tmp_path / "in", 4)
    monkeypatch.setattr(pipeline, "collect", _hostile(kind))
    bounds = Bounds(wall_seconds=1 if kind == "hangs" else 60, memory=512 << 20)
    summary = run_batch(folder, tmp_path / "lake", bounds=bounds)
    assert dict(summary.refused) == {reason: 1}
    found = outcomes(tmp_path / "lake")
    assert found.pop("part1/app001.apk") == ("refused", reason)
    assert set(found.values()) == {INSPECTED}
    assert len(found) == 3


def test_a_child_that_somebody_kills_is_given_a_second_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_apps(tmp_path / "in", 3)
    mark = tmp_path / "killed-once"
    collect = pipeline.collect

    def work(path: str, **options: Any) -> Any:
        if "app001" in path and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return collect(path, **options)

    monkeypatch.setattr(pipeline, "collect", work)
    assert run_batch(folder, tmp_path / "lake").inspected == 3
    assert mark.exists()


def test_what_a_machine_could_not_do_is_done_again_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_apps(tmp_path / "in", 3)
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "collect", _hostile("dies"))
        run_batch(folder, tmp_path / "lake")
    assert run_batch(folder, tmp_path / "lake").inspected == 0
    assert run_batch(folder, tmp_path / "lake", retry=True).inspected == 1
    assert set(outcomes(tmp_path / "lake").values()) == {INSPECTED}


def test_rows_that_cannot_be_stored_refuse_their_app_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_apps(tmp_path / "in", 5)
    lines = run_module.staged.Staged.lines

    def spoilt(self: Any, name: str, versions: str) -> dict[str, str]:
        made = lines(self, name, versions)
        return {**made, "permission": "{not json\n"} if "app001" in name and self.status == "inspected" else made

    monkeypatch.setattr(run_module.staged.Staged, "lines", spoilt)
    summary = run_batch(folder, tmp_path / "lake")
    assert (summary.inspected, dict(summary.refused)) == (4, {"crashed": 1})
    found = outcomes(tmp_path / "lake")
    assert found["part1/app001.apk"] == ("refused", "crashed")
    assert len(found) == 5


def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(apps: Path, tmp_path: Path) -> None:
    """Staging, moving Parquet files, committing, compaction, sweeping: a batch dies before steps of each kind."""
    lake = tmp_path / "lake"
    killed = 0
    for point in (1, 5, 10, 15, 21, 30, 41):
        child = get_context("fork").Process(target=die_at, args=(point, apps, lake))
        child.start()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        if (lake / "lake.json").exists():
            found = outcomes(lake)  # whole at every moment: what a reader sees is right
            assert set(found.values()) <= {INSPECTED}
    assert killed >= 5
    run_batch(apps, lake)
    assert len(outcomes(lake)) == 8
    assert list((lake / "drafts").iterdir()) == []
    assert [path for path in (lake / "staging").rglob("*") if path.is_file()] == []
    held = {path.stem for path in lake.glob("*/*.parquet")}
    assert held == set(read_index(Lake(lake)).shards)


def test_two_batches_do_not_write_one_lake(apps: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.create()
    with lake.writing():
        context = get_context("fork")
        answers = context.SimpleQueue()

        def other() -> None:
            try:
                run_batch(apps, lake.folder)
            except LakeError as error:
                answers.put(error.reason)

        child = context.Process(target=other)
        child.start()
        child.join()
        assert answers.get() == "busy"


def test_a_folder_with_something_else_in_it_is_left_alone(apps: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(LakeError) as caught:
        run_batch(apps, tmp_path)
    assert caught.value.reason == "not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
