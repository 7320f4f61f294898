"""Judge the evidence of one app, in memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.judge.clause import Clause, Pack
from assaymark.judge.explain import Names, claim
from assaymark.judge.sql import bound, frame, load
from assaymark.model.report import STATUSES
from assaymark.model.tables import Row

EVIDENCE_LIMIT = 100
"""How many evidence rows a verdict points to; the parameters of its sentence count them all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query says of one subject. Lists in it are sorted sets, for the engines order them differently."""

    subject: str
    status: str
    reason: str
    params: Mapping[str, Any]
    evidence: tuple[str, ...]


def judge(
    evidence: Mapping[str, Sequence[Row]], packs: Iterable[Pack], app: str, *, names: Names | None = None
) -> list[dict[str, Any]]:
    """Give the verdicts of all clauses of the packs over the evidence of one app, in the order of packs and clauses.

    A verdict is `{clause, pack, subject, status, reason, severity, claim, claim_zh, params, evidence}`. A clause
    whose query fails is `not-assessed` with reason `clause-failed`; nothing is raised for it. `names` spells the ids
    of data categories in the sentences: language, then id, then name.
    """
    chosen = [(pack, clause) for pack in packs for clause in pack.clauses]
    connection = load(evidence, app, (clause for _, clause in chosen))
    known: dict[str, list[Answer]] = {}  # several notices ask the same of the evidence
    verdicts: list[dict[str, Any]] = []
    for pack, clause in chosen:
        query = frame(clause)
        if query not in known:
            known[query] = _answers(connection, query)
        verdicts += [make_verdict(pack, clause, answer, names) for answer in known[query]]
    return verdicts


_FAILED = Answer("app", "not-assessed", "clause-failed", {}, ())


def _answers(connection: sqlite3.Connection, query: str) -> list[Answer]:
    bound(connection)
    try:
        answers = [read_answer(row[1:]) for row in connection.execute(query)]
    except (sqlite3.Error, ValueError):
        return [_FAILED]
    # A query that says two things of one subject has said nothing.
    return answers if len({answer.subject for answer in answers}) == len(answers) else [_FAILED]


def read_answer(cells: Sequence[Any]) -> Answer:
    """Read a row of the frame without its app: subject, status, reason, params (JSON), evidence (ids, commas between).

    Raises `ValueError` if the query gave something else than its contract says.
    """
    subject, status, reason, params_text, evidence_text = cells
    if not isinstance(subject, str) or not isinstance(reason, str) or status not in STATUSES:
        raise ValueError(f"not an answer: {subject!r}, {status!r}, {reason!r}")
    params = json.loads(params_text) if params_text else {}
    if not isinstance(params, dict):
        raise ValueError("the parameters are not an object")
    evidence = sorted({name for name in (evidence_text or "").split(",") if name})
    return Answer(subject, status, reason, _tidy(params), tuple(evidence[:EVIDENCE_LIMIT]))


def _tidy(params: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out nulls, and make sorted sets of lists."""
    return {
        key: sorted({str(item) for item in value if item is not None}) if isinstance(value, list) else value
        for key, value in sorted(params.items())
        if value is not None
    }


def make_verdict(pack: Pack, clause: Clause, answer: Answer, names: Names | None = None) -> dict[str, Any]:
    """Make the verdict of an answer: fill in its sentences.

    An answer whose sentence the clause does not have, or cannot fill, becomes `clause-failed`.
    """
    try:
        english, chinese = (claim(clause, answer.reason, answer.params, language, names) for language in ("en", "zh"))
    except KeyError:
        return make_verdict(pack, clause, _FAILED)
    return {
        "clause": clause.id,
        "pack": pack.id,
        "subject": answer.subject,
        "status": answer.status,
        "reason": answer.reason,
        "severity": clause.severity,
        "claim": english,
        "claim_zh": chinese,
        "params": dict(answer.params),
        "evidence": list(answer.evidence),
    }
