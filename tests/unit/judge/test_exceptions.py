from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.judge import accept, load_exceptions
from assaymark.model.errors import InvalidExceptions
from assaymark.model.report import Report

GOOD = """
[[accept]]
clause = "c1"
subject = "app"
evidence = ["e2", "e1"]
reason = " Looked at. "
"""


def verdict(clause: str = "c1", status: str = "suspected", *evidence: str) -> dict[str, Any]:
    return {"clause": clause, "subject": "app", "status": status, "severity": "high", "evidence": list(evidence)}


def report(*verdicts: dict[str, Any]) -> Report:
    return Report(subject={}, engine={}, coverage={"code": {}}, evidence={}, verdicts=list(verdicts), clauses={})


def load(tmp_path: Path, text: str) -> tuple[Any, ...]:
    file = tmp_path / "exceptions.toml"
    file.write_text(text, encoding="utf-8")
    return load_exceptions(file)


def test_an_accepted_finding_stays_and_carries_its_reason(tmp_path: Path) -> None:
    found = verdict("c1", "suspected", "e1")
    made = accept(report(found), load(tmp_path, GOOD))
    assert made.verdicts == [found]
    assert made.accepted(found) == "Looked at."
    assert made.coverage["exceptions"] == [
        {"clause": "c1", "subject": "app", "evidence": ["e1", "e2"], "reason": "Looked at.", "used": True}
    ]
    assert Report.from_json(made.to_json()).accepted(found) == "Looked at."


@pytest.mark.parametrize(
    "other",
    [
        verdict("c1", "suspected", "e1", "e3"),
        verdict("c2", "suspected", "e1"),
        verdict("c1", "not-assessed", "e1"),
        {**verdict("c1", "violated", "e1"), "subject": "jpush"},
    ],
)
def test_more_evidence_or_something_else_is_not_accepted_and_the_exception_counts_as_unused(
    other: dict[str, Any], tmp_path: Path
) -> None:
    made = accept(report(other), load(tmp_path, GOOD))
    assert made.accepted(other) is None
    assert [one["used"] for one in made.coverage["exceptions"]] == [False]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[accept]\n", "exceptions.toml"),
        ("[other]\n", "nothing else"),
        ("accept = 1\n", "nothing else"),
        (GOOD.replace(" Looked at. ", " "), "entry 1: reason is empty"),
        (GOOD.replace('["e2", "e1"]', '"e1"'), "evidence is a list"),
        (GOOD + "until = 2030\n", "and nothing else"),
        (GOOD + GOOD.replace('clause = "c1"', ""), "entry 2"),
    ],
)
def test_a_file_that_cannot_be_used_names_its_fault(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidExceptions, match=fault):
        load(tmp_path, text)


def test_a_missing_a_binary_and_a_huge_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidExceptions, match="No such file"):
        load_exceptions(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidExceptions, match="UTF-8"):
        load_exceptions(tmp_path / "binary.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(InvalidExceptions, match="larger"):
        load_exceptions(tmp_path / "huge.toml")
