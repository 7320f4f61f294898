"""Judge the evidence of one app, in memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from assaymark.judge.clause import Clause, Pack
from assaymark.judge.explain import Names, claim
from assaymark.judge.sql import bound, frame, load
from assaymark.model.report import STATUSES
from assaymark.model.tables import Row

EVIDENCE_LIMIT = 100
"""How many evidence rows a verdict points to; the parameters of its sentence count them all."""

Answer = tuple[str, str, str, str | None, str | None]
"""A row of the frame without its app: subject, status, reason, params (JSON text), evidence (ids with commas between)."""


def judge(
    evidence: Mapping[str, Sequence[Row]], packs: Iterable[Pack], app: str, *, names: Names | None = None
) -> list[dict[str, Any]]:
    """Give the verdicts of all clauses of the packs over the evidence of one app, in the order of packs and clauses.

    A verdict is `{clause, pack, subject, status, reason, severity, claim, claim_zh, params, evidence}`. A clause whose query
    fails is `not-assessed` with reason `clause-failed`; nothing is raised for it. `names` spells the ids of data categories
    in the sentences: language, then id, then name.
    """
    chosen = [(pack, clause) for pack in packs for clause in pack.clauses]
    connection = load(evidence, app, (clause for _, clause in chosen))
    known: dict[str, list[Answer] | None] = {}
    try:
        return [made for pack, clause in chosen for made in _verdicts(connection, pack, clause, known, names)]
    finally:
        connection.close()


def _verdicts(
    connection: sqlite3.Connection,
    pack: Pack,
    clause: Clause,
    known: dict[str, list[Answer] | None],
    names: Names | None,
) -> list[dict[str, Any]]:
    """Give the verdicts of one clause. `known` holds answers by query: several notices ask the same of the evidence."""
    if clause.manual:
        return [verdict(pack, clause, ("app", "not-assessed", clause.manual, None, None), names)]
    query = frame(clause)
    if query not in known:
        known[query] = _answers(connection, query)
    answers = known[query]
    if answers is not None:
        with suppress(ValueError, KeyError, TypeError):
            return [verdict(pack, clause, answer, names) for answer in answers]
    return [verdict(pack, clause, ("app", "not-assessed", "clause-failed", None, None), names)]


def _answers(connection: sqlite3.Connection, query: str) -> list[Answer] | None:
    """Run one query; `None` if it fails, or if it says two things of one subject."""
    bound(connection)
    try:
        answers: list[Answer] = [tuple(row[1:]) for row in connection.execute(query)]
    except sqlite3.Error:
        return None
    return answers if len({subject for subject, *_ in answers}) == len(answers) else None


def verdict(pack: Pack, clause: Clause, answer: Answer, names: Names | None = None) -> dict[str, Any]:
    """Make one verdict of a row of the frame: its lists become sorted sets, and its sentences are filled in.

    Raises `ValueError` or `KeyError` if the row has a status, reason or parameters that the clause cannot give.
    """
    subject, status, reason, params_text, evidence_text = answer
    if status not in STATUSES:
        raise ValueError(f"unknown status: {status}")
    params = dict(_params(params_text))
    evidence = sorted({name for name in (evidence_text or "").split(",") if name})
    return {
        "clause": clause.id,
        "pack": pack.id,
        "subject": subject,
        "status": status,
        "reason": reason,
        "severity": clause.severity,
        "claim": claim(clause, reason, params, "en", names),
        "claim_zh": claim(clause, reason, params, "zh", names),
        "params": params,
        "evidence": evidence[:EVIDENCE_LIMIT],
    }


def _params(text: str | None) -> Iterator[tuple[str, Any]]:
    """Read parameters: nulls are left out, a list is a set and comes out sorted, for the two engines order it differently."""
    params = json.loads(text) if text else {}
    if not isinstance(params, dict):
        raise ValueError("parameters are not an object")
    for key in sorted(params):
        value = params[key]
        if isinstance(value, list):
            yield key, sorted({str(item) for item in value if item is not None})
        elif value is not None:
            yield key, value
