"""Judging one app: the gap rule, clauses that do not answer or fail, bounds, order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assaymark.judge import Clause, Pack, judge, load_pack
from assaymark.judge import sql as sql_module
from assaymark.judge.run import EVIDENCE_LIMIT
from assaymark.model.report import STATUSES
from assaymark.model.tables import GAP, PERMISSION, Row

Writer = Callable[..., Path]


@pytest.fixture
def pack(write_pack: Writer) -> Pack:
    return load_pack(write_pack())


ROW = """SELECT app, {subject} AS subject, {status} AS status, {reason} AS reason_key, {params} AS params,
'' AS evidence_ids FROM {table}"""
GOOD = {"subject": "'app'", "status": "'suspected'", "reason": "'none'", "params": "'{}'", "table": "apps"}


def asked(*names: str) -> list[Row]:
    return [PERMISSION.row("m", id=f"permission-{name}", name=name, requested=True) for name in names]


def gap(*hides: str, name: str = "gap-1") -> Row:
    return GAP.row("m", id=name, kind="packed", reason="r", hides=hides, weight="partial")


def with_query(pack: Pack, query: str) -> Pack:
    """The small pack with another query: what a clause can do at run time that no example showed."""
    changed: Clause = replace(pack.clauses[0], sql=query)
    return replace(pack, clauses=(changed,))


def test_a_finding(pack: Pack) -> None:
    assert judge({"permission": asked("CAMERA", "AUDIO")}, [pack], "x") == [
        {
            "clause": "rule-1",
            "pack": "small",
            "subject": "app",
            "status": "suspected",
            "reason": "asked",
            "severity": "high",
            "claim": "Asks for AUDIO, CAMERA.",
            "claim_zh": "声明了AUDIO、CAMERA。",
            "params": {"names": ["AUDIO", "CAMERA"]},
            "evidence": ["permission-AUDIO", "permission-CAMERA"],
        }
    ]


def test_a_pass_that_leaned_on_a_gap_is_not_assessed(pack: Pack) -> None:
    hidden = {"gap": [gap("permission", "sdk"), gap("permission", name="gap-2"), gap("flow", name="gap-3")]}
    (verdict,) = judge(hidden, [pack], "x")
    assert (verdict["status"], verdict["reason"]) == ("not-assessed", "gap")
    assert verdict["evidence"] == ["gap-1", "gap-2"]
    assert "recorded gaps: 2" in verdict["claim"]


def test_a_gap_elsewhere_changes_nothing(pack: Pack) -> None:
    (verdict,) = judge({"gap": [gap("flow"), gap("permissions")]}, [pack], "x")
    assert verdict["status"] == "satisfied"


def test_a_gap_in_the_code_does_not_weaken_what_the_manifest_states(pack: Pack) -> None:
    pack = replace(pack, clauses=(replace(pack.clauses[0], needs=(), manifest=("permission",)),))
    (verdict,) = judge({"gap": [gap("api_call", "permission")]}, [pack], "x")
    assert verdict["status"] == "satisfied"
    (verdict,) = judge({"gap": [gap("permission")]}, [pack], "x")
    assert (verdict["status"], verdict["reason"]) == ("not-assessed", "gap")


@pytest.mark.parametrize("status", STATUSES)
def test_the_gap_rule_touches_passes_only(status: str, pack: Pack) -> None:
    query = ROW.format(**(GOOD | {"status": f"'{status}'"}))
    (verdict,) = judge({"gap": [gap("permission")]}, [with_query(pack, query)], "x")
    passes = status in ("satisfied", "not-applicable")
    assert (verdict["status"], verdict["reason"]) == (("not-assessed", "gap") if passes else (status, "none"))


def test_a_finding_stays_in_spite_of_a_gap(pack: Pack) -> None:
    (verdict,) = judge({"permission": asked("CAMERA"), "gap": [gap("permission")]}, [pack], "x")
    assert verdict["status"] == "suspected"


def test_a_clause_without_a_row_did_not_answer(pack: Pack) -> None:
    query = ROW.format(**(GOOD | {"table": "permission"}))
    (verdict,) = judge({}, [with_query(pack, query)], "x")
    assert (verdict["status"], verdict["reason"]) == ("not-assessed", "no-answer")


@pytest.mark.parametrize(
    "bad",
    [
        {"status": "'fine'"},
        {"reason": "'unheard'"},
        {"reason": "NULL"},
        {"reason": "'asked'"},  # its sentence needs `names`
        {"params": "'[1]'"},
        {"params": "'{'"},
        {"params": "json('{')"},  # fails inside SQLite
    ],
)
def test_a_clause_that_fails_costs_only_itself(bad: dict[str, str], pack: Pack) -> None:
    broken = with_query(pack, ROW.format(**(GOOD | bad))).clauses[0]
    both = replace(pack, clauses=(broken, replace(pack.clauses[0], id="rule-2")))
    first, second = judge({"permission": asked("CAMERA")}, [both], "x")
    assert (first["status"], first["reason"]) == ("not-assessed", "clause-failed")
    assert (second["clause"], second["status"]) == ("rule-2", "suspected")


def test_two_answers_for_one_subject_are_none(pack: Pack) -> None:
    good = ROW.format(**GOOD)
    (verdict,) = judge({}, [with_query(pack, f"{good} UNION ALL {good}")], "x")
    assert verdict["reason"] == "clause-failed"


def test_an_answer_for_each_subject(pack: Pack) -> None:
    query = f"{ROW.format(**GOOD)} UNION ALL {ROW.format(**(GOOD | {'subject': chr(39) + 'a-sdk' + chr(39)}))}"
    assert [one["subject"] for one in judge({}, [with_query(pack, query)], "x")] == ["a-sdk", "app"]


def test_a_query_that_never_ends_is_stopped(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_module, "STEP_LIMIT", 3)
    crossed = "permission a, permission b, permission c, permission d GROUP BY a.app"
    query = ROW.format(**(GOOD | {"table": crossed, "params": "count(*)"})).replace("SELECT app", "SELECT a.app")
    rows = asked(*(f"P{n}" for n in range(60)))
    slow = replace(with_query(pack, query).clauses[0], id="slow")
    both = replace(pack, clauses=(slow, pack.clauses[0]))
    first, second = judge({"permission": rows}, [both], "x")
    assert first["reason"] == "clause-failed"
    assert second["reason"] == "asked"


def test_evidence_is_bounded_and_sorted(pack: Pack) -> None:
    rows = asked(*(f"P{n:04}" for n in range(300)))
    (verdict,) = judge({"permission": rows[::-1]}, [pack], "x")
    assert verdict["evidence"] == [f"permission-P{n:04}" for n in range(EVIDENCE_LIMIT)]
    assert verdict["claim"].endswith("P0007 and 292 more.")
    assert verdict["claim_zh"].endswith("P0007等 300 项。")


def test_odd_texts_pass_through(pack: Pack) -> None:
    odd = ["o'hara", 'say "x"', "{names}", "a,b", "\u0000", "权限"]
    (verdict,) = judge(
        {"permission": [PERMISSION.row("m", id="p", name=name, requested=True) for name in odd]}, [pack], "it's"
    )
    assert verdict["params"]["names"] == sorted(odd)
    assert "{names}" in verdict["claim"]
