"""The data map: which data categories the code reads, and whose code it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import Report
from assaymark.model.tables import CONSENT
from assaymark.render._view.caps import Caps
from assaymark.render._view.findings import Owner
from assaymark.render._view.places import Ledger, Place, goal
from assaymark.render._view.words import Both, Names, clean

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell: what one owner's code does with one data category."""

    key: str
    calls: int
    reachable: int
    flows: int
    """ways that the data was seen to take from this owner's code"""
    consent: tuple[tuple[str, int], ...]
    """known orders only, each with its count"""
    recipients: tuple[Both, ...]
    """hosts and SDKs that the data is seen to reach; for flows without one, what kind of place takes it"""
    named: bool | None
    """the policy names this data, for an SDK together with the SDK; `None` where nothing was compared"""
    documented: bool
    """the SDK's maker documents that it collects this"""
    places: tuple[Place, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Line:
    """One data category."""

    id: str
    name: Both
    parent: Both | None
    sensitive: bool
    calls: int
    reachable: int
    spots: tuple[Spot | None, ...]
    """in the order of `DataMap.owners`"""
    owners: tuple[tuple[Owner, int], ...]
    """all owners with calls, the busiest first"""


@dataclass(frozen=True, slots=True)
class DataMap:
    """Categories by owners."""

    owners: tuple[Owner, ...]
    lines: tuple[Line, ...]
    hidden_owners: int
    hidden_lines: int
    order_known: bool
    """the order against consent was analysed for at least one call"""
    flow_known: bool
    """flows were looked for"""
    policy_known: bool


def data_map(report: Report, names: Names, ledger: Ledger, caps: Caps) -> DataMap:
    """Give the map: sensitive categories first, then by number of calls; the app first, then who is early or busy."""
    evidence = report["evidence"]
    calls: list[Row] = [row for row in evidence.get("api_call", ()) if row.get("data")]
    flows: list[Row] = [row for row in evidence.get("flow", ()) if row.get("data")]
    by_spot: dict[tuple[str, str], list[Row]] = {}
    for row in calls:
        by_spot.setdefault((str(row["data"]), _owner(row)), []).append(row)
    flowing: dict[tuple[str, str], list[Row]] = {}
    for row in flows:
        flowing.setdefault((str(row["data"]), _owner(row)), []).append(row)

    keys = sorted({*by_spot, *flowing})
    weight = Counter({key: len(by_spot.get(key, ())) for key in keys})
    owners = _ranked((owner for _, owner in keys), weight, 1)
    early = Counter(_owner(row) for row in calls if row.get("consent") == "before")
    owners.sort(key=lambda one: (one != "app", -early[one]))
    data = _ranked((name for name, _ in keys), weight, 0)
    data.sort(key=lambda one: not names.sensitive(one))

    shown = owners[: caps.columns]
    documented = {(one, row["id"]) for row in evidence.get("sdk", ()) for one in row.get("data") or ()}
    told = _Policy(evidence.get("statement", ()), evidence.get("disclosed_sdk", ()))
    left = caps.listed
    lines = []
    for number, name in enumerate(data[: caps.categories], start=1):
        spots: list[Spot | None] = []
        for column, owner in enumerate(shown, start=1):
            rows, moving = by_spot.get((name, owner), []), flowing.get((name, owner), [])
            known = (name, owner) in documented
            if not rows and not moving and not known:
                spots.append(None)
                continue
            rows = sorted(rows, key=_first_things_first)
            kept = [*(("flow", row) for row in moving), *(("api_call", row) for row in rows)][: min(caps.places, left)]
            left -= len(kept)
            spots.append(
                Spot(
                    key=f"d{number}-{column}",
                    calls=len(rows),
                    reachable=sum(bool(row.get("reachable")) for row in rows),
                    flows=len(moving),
                    consent=_orders(rows),
                    recipients=_recipients(moving, names),
                    named=told.names(name, owner),
                    documented=known,
                    places=tuple(ledger.place(table, row, caps.steps) for table, row in kept),
                    more=len(rows) + len(moving) - len(kept),
                )
            )
        lines.append(_line(name, tuple(spots), by_spot, owners, names))
    return DataMap(
        owners=tuple(Owner(clean(one), names.owner(one)) for one in shown),
        lines=tuple(lines),
        hidden_owners=len(owners) - len(shown),
        hidden_lines=max(0, len(data) - caps.categories),
        order_known=any(row.get("consent") in ("before", "after", "no-gate") for row in calls),
        flow_known=bool(flows) or _ran(report, "flow"),
        policy_known=any(evidence.get(table) for table in ("statement", "disclosed_sdk")),
    )


class _Policy:
    """Which data the policy names, for whom."""

    def __init__(self, statements: Sequence[Row], disclosed: Sequence[Row]) -> None:
        self._own = {one for row in statements for one in row.get("data") or ()}
        self._sdks = {(one, row.get("sdk")) for row in disclosed for one in row.get("data") or ()}
        self._lists = bool(disclosed)
        self._states = bool(statements)

    def names(self, data: str, owner: str) -> bool | None:
        if owner == "app":
            return data in self._own if self._states else None
        if owner == "unknown" or not self._lists:
            return None
        return (data, owner) in self._sdks


def _owner(row: Row) -> str:
    return str(row.get("owner") or "unknown")


def _ranked(found: Iterable[str], weight: Counter[tuple[str, str]], position: int) -> list[str]:
    total: Counter[str] = Counter()
    for key, count in weight.items():
        total[key[position]] += count
    return sorted(set(found), key=lambda one: (-total[one], one))


def _first_things_first(row: Row) -> tuple[object, ...]:
    consent = row.get("consent")
    order = CONSENT.index(consent) if consent in CONSENT else len(CONSENT)
    return (not row.get("reachable"), order, str(row.get("at")))


def _recipients(flows: Iterable[Row], names: Names) -> tuple[Both, ...]:
    found = dict.fromkeys(goal(row, names) for row in sorted(flows, key=lambda row: not row.get("recipient")))
    return tuple(found)[:3]


def _ran(report: Report, detector: str) -> bool:
    return any(run["id"] == detector and run["status"] == "succeeded" for run in report["coverage"]["detectors"])


def _orders(rows: Iterable[Row]) -> tuple[tuple[str, int], ...]:
    counts = Counter(row.get("consent") for row in rows)
    return tuple((one, counts[one]) for one in ("before", "no-gate", "after") if counts[one])


def _line(
    name: str,
    spots: tuple[Spot | None, ...],
    by_spot: Mapping[tuple[str, str], list[Row]],
    owners: list[str],
    names: Names,
) -> Line:
    counts = [(owner, by_spot.get((name, owner), [])) for owner in owners]
    busy = sorted(((owner, len(rows)) for owner, rows in counts if rows), key=lambda one: -one[1])
    parent = names.parent(name)
    return Line(
        id=clean(name, 80),
        name=names.data(name),
        parent=names.data(parent) if parent else None,
        sensitive=names.sensitive(name),
        calls=sum(len(rows) for _, rows in counts),
        reachable=sum(bool(row.get("reachable")) for _, rows in counts for row in rows),
        spots=spots,
        owners=tuple((Owner(clean(owner), names.owner(owner)), count) for owner, count in busy),
    )
