"""The timeline: one lane for each owner, a mark for each group of sensitive calls.

Where the order against consent was analysed, the stations are the phases around the consent gate. Where it was not,
no order is drawn: the stations only say what kind of code makes the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.findings import Owner
from assaymark.render._view.words import Both, Names, clean, say

Row = Mapping[str, Any]

PHASES = ("before", "after", "no-gate", "unknown")
KINDS = ("provider", "receiver", "service", "activity", "elsewhere", "unreached")


@dataclass(frozen=True, slots=True)
class Mark:
    """The calls of one owner at one station."""

    count: int
    sensitive: bool
    data: tuple[Both, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One owner; `marks` in the order of the stations."""

    owner: Owner
    marks: tuple[Mark | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stations from left to right, and a lane for each owner."""

    ordered: bool
    """the stations are an order in time"""
    stations: tuple[Both, ...]
    lanes: tuple[Lane, ...]
    hidden: int
    gates: tuple[str, ...]
    """the consent gates found; they stand between the first two stations"""


def timeline(report: Report, names: Names, caps: Caps) -> Timeline:
    """Give the lanes, the app first, then owners with most calls."""
    rows: list[Row] = list(report["evidence"].get("api_call", ()))
    ordered = any(row.get("consent") in ("before", "after", "no-gate") for row in rows)
    stations = PHASES if ordered else KINDS
    kinds = (
        {}
        if ordered
        else {str(row.get("name")): str(row.get("kind")) for row in report["evidence"].get("component", ())}
    )

    held: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        station = _phase(row) if ordered else _kind(row, kinds)
        held.setdefault(str(row.get("owner") or "unknown"), {}).setdefault(station, []).append(row)
    owners = sorted(held, key=lambda one: (one != "app", -sum(map(len, held[one].values())), one))
    used = tuple(
        one for one in stations if any(one in held[owner] for owner in owners) or (ordered and one in PHASES[:2])
    )
    lanes = tuple(
        Lane(
            Owner(clean(owner), names.owner(owner)),
            tuple(_mark(held[owner].get(station, []), names) for station in used),
        )
        for owner in owners[: caps.columns]
    )
    gates = tuple(dict.fromkeys(clean(row.get("gate")) for row in rows if row.get("gate")))
    key = "phase" if ordered else "entry"
    return Timeline(
        ordered=ordered,
        stations=tuple(say(f"render.{key}-{one}") for one in used),
        lanes=lanes,
        hidden=max(0, len(owners) - caps.columns),
        gates=gates[:4],
    )


def _phase(row: Row) -> str:
    consent = row.get("consent")
    return str(consent) if consent in PHASES else "unknown"


def _kind(row: Row, kinds: Mapping[str, str]) -> str:
    if not row.get("reachable"):
        return "unreached"
    # An inner class or a lambda of a component is code of that component.
    kind = kinds.get(str(row.get("class")).split("$", 1)[0], "elsewhere")
    return kind if kind in KINDS else "elsewhere"


def _mark(rows: list[Row], names: Names) -> Mark | None:
    if not rows:
        return None
    data = sorted({str(row.get("data")) for row in rows})
    return Mark(len(rows), any(map(names.sensitive, data)), tuple(names.data(one) for one in data))
