"""The generated reference pages say what the program says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "generate_reference.py"


def test_pages_are_fresh() -> None:
    assert runpy.run_path(str(SCRIPT))["main"](["--check"]) == 0


def test_a_stale_page_is_found_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = runpy.run_path(str(SCRIPT))
    main = space["main"]
    main.__globals__["PAGES"] = tmp_path / "reference"
    assert main(["--check"]) == 1
    assert "evidence.md is stale" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    for name in ("evidence.md", "clauses.md"):
        assert (tmp_path / "reference" / name).read_text(encoding="utf-8").startswith("<!-- Generated")
