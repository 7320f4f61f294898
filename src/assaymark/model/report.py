"""The one document that leaves an inspection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

SCHEMA = "assaymark-report/1"

STATUSES = ("violated", "suspected", "satisfied", "not-applicable", "not-assessed")
"""The states of a verdict, most serious first."""

FINDINGS = ("violated", "suspected")
"""The states that make a finding."""

SEVERITIES = ("high", "medium", "low")
"""How much a clause weighs, heaviest first."""


def accepts(exception: Mapping[str, Any], verdict: Mapping[str, Any]) -> bool:
    """Say whether a verdict is a finding of the exception's clause and subject that rests on no other evidence."""
    return (
        verdict["status"] in FINDINGS
        and all(exception[name] == verdict[name] for name in ("clause", "subject"))
        and set(exception["evidence"]).issuperset(verdict["evidence"])
    )


@dataclass(frozen=True, slots=True)
class Report(Mapping[str, Any]):
    """A report: what was inspected, by what, how completely, what was found, and what the clauses say of it.

    It reads like its JSON form (`report["verdicts"]`), and every value in it is plain JSON. Same input and versions:
    the same bytes from `to_json`. No clock, host name or path is inside.

    * `subject`: identity of what was inspected: package, version, digest, signers.
    * `engine`: versions and digests of the program, its catalogs and rule packs.
    * `coverage`: how each detector ended, how many clauses were decided, what the reader could not read.
    * `evidence`: object of tables, each a list of rows; see `model.tables`.
    * `verdicts`: list of `clause, pack, subject, status, reason, severity, claim, claim_zh, params, evidence`.
    * `clauses`: the texts of every clause named in `verdicts` (titles, explanation, remedy in both languages), so that
      a renderer needs nothing but the report.
    """

    subject: dict[str, Any]
    engine: dict[str, Any]
    coverage: dict[str, Any]
    evidence: dict[str, list[dict[str, Any]]]
    verdicts: list[dict[str, Any]]
    clauses: dict[str, dict[str, Any]]
    schema: str = SCHEMA

    _KEYS = ("schema", "subject", "engine", "coverage", "evidence", "verdicts", "clauses")

    def __getitem__(self, key: str) -> Any:
        if key not in self._KEYS:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._KEYS)

    def __len__(self) -> int:
        return len(self._KEYS)

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the report as JSON text: keys in the declared order, text unescaped, one final newline."""
        whole = dict(self)
        if indent is not None:
            return json.dumps(whole, ensure_ascii=False, indent=indent) + "\n"
        try:
            return orjson.dumps(whole).decode() + "\n"
        except TypeError:  # half a surrogate pair, out of a damaged file, or a number of more than 64 bits
            return json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n"

    def accepted(self, verdict: Mapping[str, Any]) -> str | None:
        """Give the reason for which somebody accepts this verdict, or `None`.

        `coverage.exceptions` lists what was accepted; an exception holds for the evidence that it names, no more.
        """
        fitting = (one for one in self.coverage.get("exceptions") or () if accepts(one, verdict))
        return next((str(one["reason"]) for one in fitting), None)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read a report back. Raises `ValueError` for anything that is not a report of this schema."""
        value = json.loads(text)
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"not a report of schema {SCHEMA}")
        return cls(**{key: value[key] for key in cls._KEYS})
