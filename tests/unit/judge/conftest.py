"""A small pack, written to disk, that tests change in one place each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PACK = """
id = "small"
version = "1"
in_force = "2026"
languages = ["zh", "en"]
title.zh = "小规则包"
title.en = "Small pack"

[[instruments]]
id = "rule"
number = "1"
issuer = "Office"
in_force = "2026"
name.zh = "规则"
name.en = "Rule"
cite.zh = "《规则》{number}"
cite.en = "Rule {number}"
"""

CLAUSE = """/*---
id = "rule-1"
instrument = "rule"
number = "1"
severity = "high"
decides = "indicated"
needs = ["permission"]
title.zh = "权限"
title.en = "Permissions"
explain.zh = "说明。"
explain.en = "Explanation."
safe_claim.zh = "声明了权限。"
safe_claim.en = "Permissions are declared."
static_limit.zh = "限度。"
static_limit.en = "Limit."
remedy.zh = "删去。"
remedy.en = "Delete."
reasons.asked.zh = "声明了{names}。"
reasons.asked.en = "Asks for {names}."
reasons.none.zh = "没有声明。"
reasons.none.en = "Asks for none."

[[examples]]
expect = "suspected"
reason = "asked"
permission = [{ name = "CAMERA", requested = true }]

[[examples]]
expect = "satisfied"
reason = "none"
---*/
WITH asked AS (
  SELECT app, count(*) AS n, json_group_array(name) AS names, group_concat(id) AS ids
  FROM permission WHERE requested IS TRUE GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN asked.n > 0 THEN 'suspected' ELSE 'satisfied' END AS status,
  CASE WHEN asked.n > 0 THEN 'asked' ELSE 'none' END AS reason_key,
  json_object('names', json(asked.names)) AS params, asked.ids AS evidence_ids
FROM apps LEFT JOIN asked ON asked.app = apps.app
"""

Writer = Callable[..., Path]


@pytest.fixture
def write_pack(tmp_path: Path) -> Writer:
    """Give a function that writes a pack: `pack.toml`, and clauses by file name, and gives its folder."""

    def write(pack: str = PACK, **clauses: str) -> Path:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "pack.toml").write_text(pack, encoding="utf-8")
        for name, text in (clauses or {"rule_1": CLAUSE}).items():
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def small_clause() -> str:
    return CLAUSE


@pytest.fixture
def small_pack() -> str:
    return PACK
