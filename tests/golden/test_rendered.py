"""Whole renderings, compared with files that a person has read.

`UPDATE=1 pytest tests/golden` rewrites them; review the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from assaymark.model.report import Report
from assaymark.render import html, json_report, text
from golden.pagecheck import faults
from golden.samples import SAMPLES

EXPECTED = Path(__file__).with_name("expected")
LANGUAGES = ("zh", "en")


def matches(name: str, made: str) -> None:
    path = EXPECTED / name
    if os.environ.get("UPDATE") == "1":
        path.write_text(made, encoding="utf-8")
    assert path.is_file(), f"no such golden file: {name}; run with UPDATE=1 and read it"
    assert made == path.read_text(encoding="utf-8")


def without_assets(page: str) -> str:
    """Style, script and their digests are files of their own; a golden page is about what it says."""
    page = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    page = re.sub(r"<script>.*?</script>", "<script></script>", page, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/]{43}=", "sha256-", page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["clean", "busy", "ordered", "packed"])
def test_the_summary_reads_as_it_was_approved(name: str, language: str) -> None:
    matches(f"{name}.{language}.txt", text.render(SAMPLES[name](), language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["clean", "busy", "ordered"])
def test_the_page_reads_as_it_was_approved(name: str, language: str) -> None:
    matches(f"{name}.{language}.html", without_assets(html.render(SAMPLES[name](), language)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_page_is_well_formed_and_loads_nothing(name: str, language: str) -> None:
    assert faults(html.render(SAMPLES[name](), language)) == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_json_is_the_report_itself(name: str) -> None:
    report = SAMPLES[name]()
    made = json_report.render(report, "en")
    assert made == report.to_json()
    assert Report.from_json(made) == report


@pytest.mark.parametrize("module", [html, text, json_report])
def test_a_report_read_back_renders_the_same(module: object) -> None:
    report = SAMPLES["busy"]()
    assert module.render(Report.from_json(report.to_json()), "zh") == module.render(report, "zh")  # type: ignore[attr-defined]
