"""Android permissions: how they are granted, which data they open, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assaymark.catalog.apis import full_permission, load_apis
from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, Source, load, refuse_duplicates, rows

FILE = "permissions.toml"

PROTECTION = ("normal", "dangerous", "signature", "special")


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission, by its full name."""

    name: str
    protection: str
    """`normal`, `dangerous`, `signature`, or `special` for one that is granted on a settings page."""
    group: str
    data: tuple[str, ...]
    """Data categories that it opens."""
    background: bool
    """It opens data while the app is not in use."""
    zh: str
    en: str
    since: int | None
    until: int | None
    """Last API level on which it has an effect; `None`: it still has."""
    tracked: bool
    """A row of the API catalog names it, so that its use in code can be seen."""
    covered: bool
    """Whatever needs it shows in the API catalog, in `also` or in `signs`: what is not seen is likely not there."""
    native: bool
    """Native code can use it past the Java API."""
    also: tuple[str, ...]
    """Rows of the API catalog, by id, that give more to an app that holds it, without failing for others."""
    signs: tuple[str, ...]
    """Texts that speak of its use where no call does: in code, or as an action in the manifest. `*` at the end."""
    source: Source
    checked: str
    known: str


def read_permission(row: Row, tracked: frozenset[str]) -> Permission:
    """Give the permission that a row describes. Raises `InvalidCatalog`."""
    name = full_permission(row.text("name"))
    made = Permission(
        name=name,
        protection=row.one_of("protection", PROTECTION),
        group=row.text("group", ""),
        data=row.texts("data"),
        background=row.flag("background"),
        zh=row.text("zh"),
        en=row.text("en"),
        since=row.level("since"),
        until=row.level("until"),
        tracked=name in tracked,
        covered=row.flag("covered"),
        native=row.flag("native"),
        also=row.texts("also"),
        signs=row.texts("signs"),
        source=row.source(),
        checked=row.checked(),
        known=row.known(),
    )
    row.finish()
    refuse_unknown(row, made.data)
    if made.covered and not made.tracked:
        row.refuse("it is covered, but no row of the API catalog names it")
    if any("*" in sign[:-1] or sign == "*" for sign in made.signs):
        row.refuse("signs has a * where none can be")
    if made.since and made.until and made.since > made.until:
        row.refuse("it ends before it begins")
    return made


def read_permissions(file: str, tree: Mapping[str, object], tracked: frozenset[str]) -> tuple[Permission, ...]:
    """Give the permissions of a parsed file; `tracked`: names that the API catalog knows. Raises `InvalidCatalog`."""
    made = tuple(read_permission(row, tracked) for row in rows(file, tree))
    refuse_duplicates(file, (permission.name for permission in made))
    return made


@kept
def load_permissions() -> tuple[Permission, ...]:
    """Give all permissions, in the order of the file."""
    tracked = frozenset(name for api in load_apis() for name in api.permission)
    return read_permissions(FILE, load(FILE), tracked)
