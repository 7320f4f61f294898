"""The malformed files of the shared corpus: every one ends in a report or in the refusal that fits it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.model.errors import CannotInspect
from assaymark.model.report import Report

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS", ROOT.parent / "shared" / "corpus"))
MALFORMED = CORPUS / "malformed"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not MALFORMED.is_dir(), reason="the shared corpus is not beside the repository"),
]

UNINSTALLABLE = frozenset({"empty", "not-a-package", "broken-archive", "no-manifest", "broken-manifest"})
"""Refusals that say that Android would refuse the file too. Others would mean that a bound or a fault stopped us."""

PARTS = 6


def _outcome(path: Path) -> Report | CannotInspect:
    try:
        return pipeline.inspect(path)
    except CannotInspect as refusal:
        return refusal


@pytest.mark.parametrize("part", range(PARTS))
def test_every_malformed_package_has_a_typed_outcome(part: int) -> None:
    files = [path for path in sorted(MALFORMED.rglob("*")) if path.suffix in (".apk", ".zip", ".jar")]
    assert len(files) > 10
    for path in files[part::PARTS]:
        report = _outcome(path)
        if isinstance(report, CannotInspect):
            assert report.reason in UNINSTALLABLE, path.name
            continue
        failed = [run["id"] for run in report.coverage["detectors"] if run["status"] != "succeeded"]
        assert not failed, path.name
        hidden = {table for gap in report.evidence["gap"] if gap["weight"] == "total" for table in gap["hides"]}
        assert report.coverage["code"]["classes"] or "api_call" in hidden, f"{path.name}: empty, and no gap says so"


def test_every_other_malformed_file_is_refused() -> None:
    files = [path for path in sorted(MALFORMED.rglob("*")) if path.suffix in (".xml", ".dex", ".arsc", ".csv")]
    assert files
    for path in files:
        with pytest.raises(CannotInspect) as caught:
            pipeline.inspect(path)
        assert caught.value.reason in ("not-a-package", "broken-archive"), path.name
