"""What was not seen: how far each clause could be judged, and what hid the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import Report
from assaymark.render._view.words import Both, say, say_kind

PARTS = ("decided", "indicated", "needs-run", "needs-person", "blocked")
"""How far a clause could be judged, the surest first."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the coverage bar."""

    id: str
    name: Both
    count: int

    @property
    def pattern(self) -> str:
        """Name of the pattern that fills it; a part that the page does not know looks like `blocked`."""
        return self.id if self.id in PARTS else PARTS[-1]


@dataclass(frozen=True, slots=True)
class Reason:
    """One family of things that were not seen."""

    kind: str
    sentence: Both
    count: int
    total: bool
    """it hides everything of some table, not only a part"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The bar and its reasons."""

    parts: tuple[Part, ...]
    total: int
    reasons: tuple[Reason, ...]
    code: Both | None
    """how much code was read, where the report says it"""


def coverage(report: Report) -> Coverage:
    """Give the parts in order, unknown ones behind them, and the reasons, those that hide most first."""
    counts: Mapping[str, Any] = report["coverage"].get("clauses") or {}
    order = [*PARTS, *sorted(set(counts) - set(PARTS))]
    parts = tuple(
        Part(one, say_kind("render.part", one), counts[one]) for one in order if isinstance(counts.get(one), int)
    )
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for row in report["evidence"].get("gap", ()):
        kinds.setdefault(str(row.get("kind")), []).append(row)
    reasons = [
        Reason(
            kind=kind,
            sentence=say_kind("gap", kind),
            count=sum(row.get("count") or 1 for row in rows),
            total=any(row.get("weight") == "total" for row in rows),
        )
        for kind, rows in kinds.items()
    ]
    reasons.sort(key=lambda one: (not one.total, one.kind))
    return Coverage(
        parts, sum(part.count for part in parts), tuple(reasons), _code(report["coverage"].get("code") or {})
    )


def _code(code: Mapping[str, Any]) -> Both | None:
    files, methods, reachable, damaged = (
        code.get(name) for name in ("dex_files", "code_methods", "reachable_methods", "damaged")
    )
    if not (isinstance(files, int) and isinstance(methods, int) and isinstance(reachable, int)):
        return None
    said = say("render.coverage-code", files=f"{files:,}", methods=f"{methods:,}", reachable=f"{reachable:,}")
    if not (isinstance(damaged, int) and damaged):
        return said
    rest = say("render.coverage-damaged", n=f"{damaged:,}")
    return Both(said.zh + rest.zh, said.en + rest.en)
