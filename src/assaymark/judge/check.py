"""What the loader refuses in a clause beyond its head: queries, examples, sentences; said in words one can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from assaymark.judge.clause import Clause, Example, Pack, common_reasons
from assaymark.judge.run import judge
from assaymark.judge.sql import RefusedError, reads
from assaymark.model.errors import InvalidRulePack
from assaymark.model.tables import ARTIFACT, TABLES

_REASON_CASE = re.compile(r"CASE((?:(?!\bCASE\b).)*?)END\s+AS\s+reason_key", re.DOTALL | re.IGNORECASE)
_REASON_BRANCH = re.compile(r"(?:THEN|ELSE)\s+'([^']*)'", re.IGNORECASE)
_REASON_PLAIN = re.compile(r"'([^']*)'\s+AS\s+reason_key", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"')
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def check_clause(pack: Pack, clause: Clause) -> Clause:
    """Give the clause with the tables and columns that its query reads. Raises `InvalidRulePack`.

    Refused: an instrument that the pack does not declare, a query that does more than read, a table that is read but
    not named in `needs`, a reason without a sentence or without an example, too few examples, an example with another
    outcome.
    """
    if clause.instrument not in pack.instruments:
        raise _fault(clause, f"instrument `{clause.instrument}` is not declared in pack.toml")
    if clause.manual:
        if clause.examples or clause.reasons:
            raise _fault(clause, "a clause with `manual` has no examples and no reasons of its own")
        return clause
    clause = replace(clause, reads=_check_query(clause))
    _check_reasons(clause)
    if not clause.examples:
        raise _fault(clause, "it has no examples")
    if len({(example.status, example.reason) for example in clause.examples}) < 2:
        raise _fault(clause, "its examples all expect the same outcome; show at least two")
    for place, example in enumerate(clause.examples, 1):
        _check_example(pack, clause, place, example)
    return clause


def _fault(clause: Clause, fault: str) -> InvalidRulePack:
    return InvalidRulePack(f"{clause.file}: {fault}", file=clause.file, fault=fault)


def _check_query(clause: Clause) -> dict[str, tuple[str, ...]]:
    if clause.sql.endswith(";"):
        raise _fault(clause, "leave out the semicolon at the end of the query")
    columns = {column.name for table in TABLES.values() for column in table.columns} | set(TABLES)
    for name in _QUOTED.findall(_LITERAL.sub("''", clause.sql)):
        if name not in columns:  # SQLite would take it for a text
            raise _fault(clause, f'"{name}" in double quotes is no column; texts stand in single quotes')
    try:
        read = reads(clause.sql)
    except RefusedError as error:
        raise _fault(clause, str(error)) from error
    named = (*clause.needs, *clause.manifest)
    for table in read:
        if named.count(table) != 1:
            raise _fault(clause, f"the query reads `{table}`; name it once, in `needs` or in `manifest`")
    for table in named:
        if table not in read:
            raise _fault(clause, f"`{table}` is named in `needs` or `manifest`, but the query does not read it")
    return read


def _check_reasons(clause: Clause) -> None:
    named = set(_REASON_PLAIN.findall(clause.sql))
    for case in _REASON_CASE.findall(clause.sql):
        named |= set(_REASON_BRANCH.findall(case))
    for key in sorted(named | {example.reason for example in clause.examples}):
        if clause.find_reason(key) is None:
            raise _fault(clause, f"reason `{key}` has no sentence in `reasons`")
    shown = {example.reason for example in clause.examples}
    for key in sorted(set(clause.reasons) | (named - set(common_reasons()))):
        if key not in shown:
            raise _fault(clause, f"no example shows the reason `{key}`")


def _check_example(pack: Pack, clause: Clause, place: int, example: Example) -> None:
    evidence = {ARTIFACT.name: (ARTIFACT.row("", "artifact-1"),)} | dict(example.evidence)
    one = replace(pack, clauses=(clause,))
    found = {
        (verdict["subject"], verdict["status"], verdict["reason"]) for verdict in judge(evidence, (one,), "example")
    }
    if (example.subject, example.status, example.reason) not in found:
        got = "; ".join(f"{subject}: {status} ({reason})" for subject, status, reason in sorted(found))
        expected = f"{example.subject}: {example.status} ({example.reason})"
        raise _fault(clause, f"example {place} expects {expected}, but the query gives {got}")


def check_unique(clauses: Iterable[Clause]) -> None:
    """Raise `InvalidRulePack` if two files carry the same clause id."""
    files: dict[str, str] = {}
    for clause in clauses:
        if clause.id in files:
            raise _fault(clause, f"id `{clause.id}` is already used by {files[clause.id]}")
        files[clause.id] = clause.file
