"""What decides evidence is told without importing what makes it, and never out of date."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from assaymark import _engine, extend, pipeline
from assaymark.batch import installed
from assaymark.lake.layout import fingerprint
from lakes import run_batch, write_apps


def test_it_tells_what_the_pipeline_tells() -> None:
    assert installed.versions() == pipeline.versions()
    assert installed.versions() == pipeline.versions()  # what was kept, too


def test_the_engine_is_told_by_its_digest() -> None:
    assert installed.versions()["engine"] == sha256(Path(str(_engine.__file__)).read_bytes()).hexdigest()


def test_plug_ins_tell_their_versions_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "plugins_installed", lambda: True)
    monkeypatch.setattr(pipeline, "versions", lambda: {"version": "with plug-ins"})
    assert installed.versions() == {"version": "with plug-ins"}


@pytest.mark.parametrize("change", ["touched", "longer", "new", "gone"])
def test_a_change_of_the_program_is_noticed(change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_PROGRAM", tmp_path)
    told = {"version": "one"}
    monkeypatch.setattr(pipeline, "versions", lambda: dict(told))
    (tmp_path / "detectors").mkdir()
    file = tmp_path / "detectors" / "one.py"
    file.write_text("pass", encoding="utf-8")
    (tmp_path / "rules.toml").write_text("a = 1", encoding="utf-8")
    assert installed.versions() == {"version": "one"}
    told["version"] = "two"
    (tmp_path / "notes.txt").write_text("not of the program", encoding="utf-8")
    assert installed.versions() == {"version": "one"}
    if change == "touched":
        os.utime(file, ns=(1, 1))
    elif change == "longer":
        (tmp_path / "rules.toml").write_text("a = 10", encoding="utf-8")
    elif change == "new":
        (tmp_path / "detectors" / "two.py").write_text("pass", encoding="utf-8")
    else:
        file.unlink()
    assert installed.versions() == {"version": "two"}
    assert len(list((tmp_path / "__pycache__").glob("versions-*.json"))) == 1


def test_a_program_that_cannot_be_written_beside_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_PROGRAM", tmp_path)
    (tmp_path / "__pycache__").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(pipeline, "versions", lambda: {"version": "one"})
    assert installed.versions() == {"version": "one"}


def test_another_version_of_one_detector_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(pipeline.versions())
    first, *others = extend.detectors()
    newer = replace(first, version=first.version + 1)
    monkeypatch.setattr(extend, "detectors", lambda: (newer, *others))
    assert fingerprint(pipeline.versions()) != before


def test_a_run_that_finds_everything_in_the_lake_imports_no_detector(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    folder = write_apps(tmp_path / "in", 3)
    run_batch(folder, tmp_path / "lake")
    code = (
        "import sys\n"
        "from assaymark.cli import main\n"
        "try: main()\n"
        "finally: print(sorted(set(sys.modules) & {'assaymark.pipeline', 'assaymark.judge', 'assaymark.catalog'}))\n"
    )
    command = [sys.executable, "-c", code, "batch", str(folder), "--lake", str(tmp_path / "lake"), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "in the lake already: 3" in done.stdout
    assert done.stdout.endswith("[]\n")
