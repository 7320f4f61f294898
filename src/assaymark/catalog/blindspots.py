"""Blind spots: marks of packers, cross-platform frameworks and techniques that DEX analysis cannot see through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from assaymark.catalog.kept import kept
from assaymark.model.errors import InvalidCatalog

FILE = "blindspots.toml"

_REQUIRED = {"id", "kind", "name", "name_zh", "weight", "known", "source", "checked"}
_MARKS = {"libraries", "files", "classes", "calls"}


@dataclass(frozen=True, slots=True)
class Blindspot:
    """One product or technique; `libraries` and `files` may hold `*`. `weight` is `total` or `partial`."""

    id: str
    kind: str
    name: str
    name_zh: str
    weight: str
    known: str
    """how the row is known: a key of `reading.KNOWN`"""

    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()


@kept
def load_blindspots() -> tuple[Blindspot, ...]:
    """Give all rows. Raises `InvalidCatalog` naming the row and the fault."""
    rows = tomli.loads((Path(__file__).parent / FILE).read_text(encoding="utf-8"))["blindspot"]
    return tuple(_row(row) for row in rows)


def _row(row: dict[str, Any]) -> Blindspot:
    name = row.get("id", "?")
    if missing := _REQUIRED - row.keys():
        raise InvalidCatalog(f"{FILE}: row {name} lacks {', '.join(sorted(missing))}")
    if unknown := row.keys() - _REQUIRED - _MARKS:
        raise InvalidCatalog(f"{FILE}: row {name} has unknown keys {', '.join(sorted(unknown))}")
    if not row.keys() & _MARKS:
        raise InvalidCatalog(f"{FILE}: row {name} has no mark to recognise it by")
    return Blindspot(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        name_zh=row["name_zh"],
        weight=row["weight"],
        known=row["known"],
        libraries=tuple(row.get("libraries", ())),
        files=tuple(row.get("files", ())),
        classes=tuple(row.get("classes", ())),
        calls=tuple((cls, method) for cls, method in row.get("calls", ())),
    )
