"""The clause that the guide shows is a clause that loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.judge import load_pack

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto"
PACK = """
id = "guide"
version = "1"
in_force = "2026"
languages = ["zh", "en"]
title = { zh = "指南", en = "Guide" }
[[instruments]]
id = "my-notice"
number = "1"
issuer = "Office"
in_force = "2026"
name = { zh = "通知", en = "Notice" }
cite = { zh = "通知{number}", en = "Notice {number}" }
"""


@pytest.mark.parametrize("page", ["write-a-rule-pack.md", "write-a-rule-pack.zh.md"])
def test_the_example_of_the_guide_loads(page: str, tmp_path: Path) -> None:
    text = (HOWTO / page).read_text(encoding="utf-8")
    clause = text.split("```sql\n")[1].split("```")[0]
    (tmp_path / "pack.toml").write_text(PACK, encoding="utf-8")
    (tmp_path / "my-1.sql").write_text(clause, encoding="utf-8")
    (made,) = load_pack(tmp_path).clauses
    assert made.needs == ("setting",)
