"""Evidence rows as places: what was seen, where, and the way there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from assaymark.model.report import Report
from assaymark.render._view.words import Both, Names, clean, same, say, say_kind

Row = Mapping[str, Any]

SHORT = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a place or a method, and what happens there, where that is known."""

    code: str
    note: Both | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the evidence as a line to read."""

    id: str
    at: str
    what: Both
    owner: Both | None
    consent: Both | None
    marks: tuple[Both, ...]
    """what else is known of a flow: how sure it is, what was done to the data on the way"""
    path: tuple[Step, ...]
    cut: int
    """steps of the path that are not shown"""


class Ledger:
    """The evidence by row id, and each row as a `Place`."""

    def __init__(self, report: Report, names: Names) -> None:
        """Index every row once."""
        self._names = names
        self._rows: dict[str, tuple[str, Row]] = {
            row["id"]: (table, row) for table, rows in report["evidence"].items() for row in rows
        }

    def rows(self, ids: Iterable[str]) -> list[tuple[str, Row]]:
        """Give table and row of each id that the report holds, in the order given."""
        return [self._rows[one] for one in ids if one in self._rows]

    def place(self, table: str, row: Row, steps: int) -> Place:
        """Give a row as a place; its path keeps at most `steps` steps, its two ends among them."""
        path = _way(row) if table == "flow" else [Step(clean(step)) for step in row.get("consent_path") or ()]
        kept, cut = fold(path, steps)
        owner = row.get("owner")
        consent = row.get("consent")
        return Place(
            id=clean(row["id"], SHORT),
            at=clean(row.get("at")),
            what=_named(self._what(table, row), row["id"]),
            owner=self._names.owner(owner) if owner else None,
            consent=_order(consent, row.get("consent_reason")),
            marks=tuple(_marks(row)) if table == "flow" else (),
            path=tuple(kept),
            cut=cut,
        )

    def _what(self, table: str, row: Row) -> Both:
        names = self._names
        match table:
            case "api_call":
                return _pair(names.data(row.get("data")), row.get("api"))
            case "flow":
                return say("render.what-flow", data=names.data(row.get("data")), goal=goal(row, names))
            case "identifier_read":
                return names.data(row.get("data"))
            case "sdk_call":
                return _pair(names.owner(row.get("sdk")), row.get("api"))
            case "sdk":
                return _joined(names.owner(row["id"]), sdk_version(row))
            case "permission":
                named = names.permission(row.get("name"))
                return _pair(named, _tail(row.get("name"))) if named else same(row.get("name"))
            case "component":
                return _pair(say_kind("render.component", row.get("kind")), row.get("name"))
            case "setting":
                scope = row.get("scope")
                told = _pair(say_kind("setting", row.get("name")), row.get("value"))
                return told if scope in (None, "", "app") else _pair(told, scope)
            case "gap":
                return say_kind("gap", row.get("kind"))
            case "anomaly":
                return say_kind("anomaly", row.get("kind"))
            case "endpoint":
                return same(row.get("url") or row.get("host"))
            case _:
                said = row.get("value") or row.get("name") or row.get("right") or row.get("kind")
                return _pair(say_kind("render.table", table), said)


def goal(row: Row, names: Names) -> Both:
    """Give who or what takes the data of a flow: a host or an SDK where it is known, else the kind of place."""
    recipient = row.get("recipient")
    return names.owner(clean(recipient, 80)) if recipient else say_kind("sink", row.get("sink_kind"))


def _order(consent: object, reason: object) -> Both | None:
    """Give the order against consent in words; one that nobody analysed is said once on the page, not at each place."""
    if consent in ("before", "after", "no-gate"):
        return say(f"render.consent-{consent}")
    if consent != "unknown" or reason in (None, "not-implemented"):
        return None
    return say_kind("render.consent-unknown", reason)


def _way(row: Row) -> list[Step]:
    """Give the way of a flow: where the data is taken, the methods that it passes, where it is given away."""
    places: Sequence[str] = row.get("path") or ()
    if not places:
        return []
    taken = say("render.flow-taken", api=_api(row.get("source_api")))
    given = say("render.flow-given", api=_api(row.get("sink_api")))
    if len(places) == 1:
        return [Step(clean(places[0]), given)]
    between = [
        Step(clean(method), say("render.flow-through", n=len(list(same_method))))
        for method, same_method in groupby(places[1:-1], key=_method)
    ]
    return [Step(clean(places[0]), taken), *between, Step(clean(places[-1]), given)]


def _method(place: str) -> str:
    """Give the method of a place in code, without the file and the offset."""
    return place.rpartition("+")[0].partition(":")[2] or place


def _api(name: object) -> str:
    """Give the last two parts of an API's dotted name: the class and the method."""
    return clean(".".join(str(name or "").rsplit(".", 2)[-2:]))


def _marks(row: Row) -> Iterator[Both]:
    if row.get("certainty") == "possible":
        yield say("render.flow-possible")
    for mark in row.get("derived") or ():
        yield say_kind("derived", mark)


S = TypeVar("S")


def fold(path: Sequence[S], most: int) -> tuple[list[S], int]:
    """Give the first and last steps of a path, at most `most`, and how many are left out between them."""
    if len(path) <= most:
        return list(path), 0
    tail = most // 2
    head = most - tail
    return [*path[:head], *path[len(path) - tail :]], len(path) - most


FROM_CODE = "fingerprint"
"""Where a version comes from that no text states: the learned one that the code resembles most."""


def sdk_version(row: Row) -> Both:
    """Give the version of an SDK as it may be said: one told by its code may be a neighbour of the true one."""
    version = row.get("version") or ""
    if version and row.get("version_from") == FROM_CODE:
        return say("render.version-like", version=clean(version, 60))
    return same(version)


def _named(words: Both, name: object) -> Both:
    return words if words.en else same(name)


def _tail(name: object) -> str:
    return str(name or "").rsplit(".", 1)[-1]


def _pair(named: Both, said: object) -> Both:
    return _joined(named, same(said))


def _joined(named: Both, said: Both) -> Both:
    if not said.en or said.en in (named.zh, named.en):
        return named
    return Both(f"{named.zh} · {said.zh}", f"{named.en} · {said.en}")
