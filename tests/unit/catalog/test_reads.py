"""Detectors say which catalog files they read: what a batch keeps of earlier versions hangs on it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import tomli

from assaymark import extend, pipeline
from assaymark.catalog import consent, digest, kept, reading
from assaymark.formats.opening import open_program
from assaymark.testing.demo import demo_app
from assaymark.testing.literate import package_of, read_page

PAGES = Path(__file__).parents[2] / "detectors"

parsed = cache(tomli.loads)


@pytest.fixture
def read_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the set into which the names of catalog files go when they are read; nothing is read yet."""
    read: set[str] = set()
    read_bytes = reading.read_bytes

    def noted(file: str) -> bytes:
        folder, slash, _ = file.rpartition("/")
        read.add(f"{folder}/*.toml" if slash else file)
        return read_bytes(file)

    def parse(_file: str, text: str) -> Mapping[str, object]:
        return parsed(text)

    for module in (reading, consent):
        monkeypatch.setattr(module, "read_bytes", noted)
    monkeypatch.setattr(reading, "parse", parse)
    monkeypatch.setattr(kept, "_FOLDER", tmp_path / "nothing-kept")
    for name, module in sorted(sys.modules.items()):
        if name.startswith("assaymark.") and not name.startswith("assaymark.extend"):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    return read


@pytest.mark.parametrize("detector", extend.detectors(), ids=lambda one: one.id)
def test_a_detector_says_what_it_reads(detector: extend.Detector, tmp_path: Path, read_files: set[str]) -> None:
    page = PAGES / f"{detector.id}.md"
    apps = [
        demo_app().build(),
        *(package_of(case).build() for case in read_page(page, page.read_text(encoding="utf-8"))),
    ]
    for number, content in enumerate(apps):
        path = tmp_path / f"{number}.apk"
        path.write_bytes(content)
        list(detector.run(open_program(path)))
    assert detector.reads is not None
    # Names of data categories are looked up by a report; a catalog that is read only checks that they are there.
    assert sorted(read_files - {"data.toml"} - detector.reads) == []


def test_what_is_read_is_there_and_words_are_no_evidence() -> None:
    read = {name for one in extend.detectors() for name in one.reads or ()}
    assert read == digest().keys() - {"data.toml"}


def test_a_change_of_a_file_changes_the_versions_of_those_that_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pipeline.versions()["detectors"]
    monkeypatch.setattr(pipeline.catalog, "digest", lambda: {**digest(), "blindspots.toml": "0" * 64})
    after = pipeline.versions()["detectors"]
    assert {name for name in before if before[name] != after[name]} == {"gap"}
