"""The timeline: one lane for each owner, marks for its sensitive calls, for its start and for what it is told.

Where the order against consent was analysed, the stations are the phases around the consent gate. Where it was not,
no order is drawn: the stations only say what kind of code makes the calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.findings import Owner
from assaymark.render._view.words import Both, Names, clean, say

Row = Mapping[str, Any]

PHASES = ("before", "after", "no-gate", "unknown")
KINDS = ("provider", "receiver", "service", "activity", "elsewhere", "unreached")


STEPS = ("start", "prepare", "decide")
_STEP = {"init": "start", "auto-init": "start", "pre-init": "prepare", "consent": "decide", "switch": "decide"}
"""What a call to an SDK does to it, by the role of the call."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one owner does, and what is done with it, at one station."""

    calls: int
    """its sensitive calls"""
    sensitive: bool
    data: tuple[Both, ...]
    steps: tuple[tuple[str, int], ...]
    """the steps of `STEPS` that others take with this SDK here, each with the number of calls"""


@dataclass(slots=True)
class _Found:
    """Rows of one owner at one station."""

    calls: list[Row] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Lane:
    """One owner; `marks` in the order of the stations."""

    owner: Owner
    marks: tuple[Mark | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stations from left to right, and a lane for each owner."""

    ordered: bool
    """the order against consent is known of some of it"""
    gated: bool
    """something asks the user: the stations are an order in time"""
    stations: tuple[Both, ...]
    lanes: tuple[Lane, ...]
    hidden: int
    gates: tuple[str, ...]
    """the consent gates found, those of most calls first; they stand between the first two stations"""
    steps: tuple[str, ...]
    """the steps of `STEPS` that are drawn"""


def timeline(report: Report, names: Names, caps: Caps) -> Timeline:
    """Give the lanes: the app, then who is early, then who calls most."""
    evidence = report["evidence"]
    calls: list[Row] = list(evidence.get("api_call", ()))
    steps: list[Row] = [row for row in evidence.get("sdk_call", ()) if row.get("role") in _STEP]
    ordered = any(row.get("consent") in ("before", "after", "no-gate") for row in (*calls, *steps))
    stations = PHASES if ordered else KINDS
    kinds = {} if ordered else {str(row.get("name")): str(row.get("kind")) for row in evidence.get("component", ())}

    held: dict[str, dict[str, _Found]] = {}

    def found(owner: object, row: Row) -> _Found:
        station = _phase(row) if ordered else _kind(row, kinds)
        return held.setdefault(str(owner or "unknown"), {}).setdefault(station, _Found())

    for row in calls:
        found(row.get("owner"), row).calls.append(row)
    for row in steps:
        found(row.get("sdk"), row).steps[_STEP[row["role"]]] += 1

    owners = sorted(held, key=lambda one: (one != "app", *_rank(held[one]), one))
    gated = any(one in lane for lane in held.values() for one in PHASES[:2]) and ordered
    used = tuple(
        one for one in stations if any(one in held[owner] for owner in owners) or (gated and one in PHASES[:2])
    )
    lanes = tuple(
        Lane(
            Owner(clean(owner), names.owner(owner)),
            tuple(_mark(held[owner].get(station), names) for station in used),
        )
        for owner in owners[: caps.columns]
    )
    gates = Counter(clean(row.get("gate")) for row in (*calls, *steps) if row.get("gate"))
    if not gates:
        # Something asks, and nothing waits for the answer.
        asking: list[Row] = [row for row in evidence.get("consent_gate", ()) if row.get("agrees") and row.get("says")]
        gates = Counter(f"“{clean(row['says'][0], 40)}”" for row in asking)
    key = "phase" if ordered else "entry"
    return Timeline(
        ordered=ordered,
        gated=gated,
        stations=tuple(say(f"render.{key}-{one}") for one in used),
        lanes=lanes,
        hidden=max(0, len(owners) - caps.columns),
        gates=tuple(sorted(gates, key=lambda one: (-gates[one], one))[:4]),
        steps=tuple(one for one in STEPS if any(one in at.steps for lane in held.values() for at in lane.values())),
    )


def _rank(stations: Mapping[str, _Found]) -> tuple[int, int]:
    """Rank who calls or is started before consent first, however busy others are, so that no cap hides it."""
    early = stations.get("before", _Found())
    return -(len(early.calls) + early.steps["start"]), -sum(len(at.calls) for at in stations.values())


def _phase(row: Row) -> str:
    consent = row.get("consent")
    return str(consent) if consent in PHASES else "unknown"


def _kind(row: Row, kinds: Mapping[str, str]) -> str:
    if not row.get("reachable"):
        return "unreached"
    # An inner class or a lambda of a component is code of that component.
    kind = kinds.get(str(row.get("class")).split("$", 1)[0], "elsewhere")
    return kind if kind in KINDS else "elsewhere"


def _mark(found: _Found | None, names: Names) -> Mark | None:
    if found is None:
        return None
    data = sorted({str(row.get("data")) for row in found.calls})
    return Mark(
        calls=len(found.calls),
        sensitive=any(map(names.sensitive, data)),
        data=tuple(names.data(one) for one in data),
        steps=tuple((one, found.steps[one]) for one in STEPS if found.steps[one]),
    )
