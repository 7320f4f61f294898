"""What was not seen: how far each clause could be judged, and what hid the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import Report
from assaymark.model.text import has_text
from assaymark.render._view.findings import clause_words
from assaymark.render._view.words import Both, Names, clean, joined, same, say, say_kind

PARTS = ("decided", "indicated", "needs-run", "needs-person", "blocked")
"""How far a clause could be judged, the surest first."""

EVERYWHERE = ("no-", "not-implemented-", "catalog-")
"""How kinds begin that tell of the call or of this version; what tells of this package goes before them."""

PRODUCTS = frozenset({"packed", "protected", "cross-platform", "mini-program", "hot-fix", "plug-in", "script-engine"})
"""Kinds whose `reason` is the name of a product, the same in every language."""

MEMBERS = frozenset(
    {
        "code-unread",
        "encrypted",
        "encrypted-code",
        "hidden-code",
        "member-unread",
        "nested-package-unread",
        "resource-unread",
    }
)
"""Kinds that people understand best by the files they are about."""

_NAMED = 2


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
    short: Both
    """two or three words for it, for a line of several"""

    @property
    def everywhere(self) -> bool:
        """Say whether this tells of the call or of this version, not of the package."""
        return self.kind.startswith(EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Why:
    """The clauses that were not assessed for one reason."""

    key: str
    name: Both
    short: Both
    """what is wanting, in two or three words"""
    clauses: tuple[tuple[Both, Both], ...]
    """chip and title of each"""

    @property
    def count(self) -> int:
        """How many clauses there are."""
        return len(self.clauses)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The bar and its reasons."""

    parts: tuple[Part, ...]
    total: int
    reasons: tuple[Reason, ...]
    whys: tuple[Why, ...]
    """why clauses were not assessed, the reason of most clauses first"""
    code: Both | None
    """how much code was read, where the report says it"""

    @property
    def here(self) -> tuple[Reason, ...]:
        """What hides in this package."""
        return tuple(one for one in self.reasons if not one.everywhere)

    @property
    def everywhere(self) -> tuple[Reason, ...]:
        """What was not given, and what this version does not do."""
        return tuple(one for one in self.reasons if one.everywhere)


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
    names = Names(report)
    reasons = [_reason(kind, rows, names) for kind, rows in kinds.items()]
    reasons.sort(key=lambda one: (one.everywhere, not one.total, one.kind))
    return Coverage(
        parts=parts,
        total=sum(part.count for part in parts),
        reasons=tuple(reasons),
        whys=_whys(report),
        code=_code(report["coverage"].get("code") or {}),
    )


def _reason(kind: str, rows: Sequence[Mapping[str, Any]], names: Names) -> Reason:
    count = sum(row.get("count") or 1 for row in rows)
    said = say_kind("gap", kind)
    more = _particulars(kind, rows, count, names)
    return Reason(
        kind=clean(kind, 60),
        sentence=say("render.gap-with", sentence=said, more=more) if more.en else said,
        count=count,
        total=any(row.get("weight") == "total" for row in rows),
        short=say_kind("render.beyond", kind) if has_text("zh", f"render.beyond.{kind}") else said,
    )


def _particulars(kind: str, rows: Sequence[Mapping[str, Any]], count: int, names: Names) -> Both:
    """Give the products or files that a kind is about, or how many places there are."""
    if kind in PRODUCTS:
        return joined(dict.fromkeys(names.product(row["reason"]) for row in rows if row.get("reason")), most=_NAMED)
    if kind in MEMBERS:
        members = dict.fromkeys(same(row["member"]) for row in rows if row.get("member"))
        return joined(members, most=_NAMED)
    if count < _NAMED or kind.startswith(EVERYWHERE):
        return Both("", "")
    unit = f"gap.count.{kind}"
    return say(unit if has_text("zh", unit) else "gap.count.other", n=f"{count:,}")


def _whys(report: Report) -> tuple[Why, ...]:
    """Group the clauses of which no subject was assessed by reason; reasons of single clauses go together."""
    statuses: dict[str, set[str]] = {}
    reasons: dict[str, str] = {}
    for verdict in report["verdicts"]:
        statuses.setdefault(verdict["clause"], set()).add(verdict["status"])
        reasons.setdefault(verdict["clause"], verdict["reason"])
    groups: dict[str, list[tuple[Both, Both]]] = {}
    for clause, held in statuses.items():
        if held == {"not-assessed"}:
            known = has_text("zh", f"render.why.{reasons[clause]}")
            groups.setdefault(reasons[clause] if known else "other", []).append(clause_words(report, clause))
    whys = [
        Why(key, say(f"render.why.{key}"), say(f"render.want.{key}"), tuple(clauses)) for key, clauses in groups.items()
    ]
    return tuple(sorted(whys, key=lambda one: (one.key == "other", -one.count, one.key)))


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
