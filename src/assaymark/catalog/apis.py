"""Calls, fields and strings through which an app reads personal information, or asks for the right to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, Source, load, refuse_duplicates, rows

FILE = "apis.toml"

KINDS = ("method", "field", "string")

ANY_CLASS = "*"
"""Class of a row that counts on whatever class: its name alone says what it gives."""

_LEVELS = re.compile(r"([1-9][0-9]?)-([1-9][0-9]?)?")


@dataclass(frozen=True, slots=True)
class Api:
    """One way to personal information."""

    id: str
    data: str
    """Data category."""
    kind: str
    """`method`, `field` or `string`."""
    class_name: str
    """Dotted class, `$` before an inner one; `*` any class; empty for a string."""
    name: str
    """Method or field; for a string its text. `*` at the end of a string, or of a method of any class: anything."""
    descriptor: str
    """How the descriptor starts, such as `(I)`; empty: any."""
    argument: tuple[str, ...]
    """Constants of which one must be an argument; `prefix*` allowed; integers in decimal. Empty: any call counts."""
    argument_required: bool
    """A call whose arguments are not known does not count."""
    subclasses: bool
    """A call through a subclass that the program defines counts."""
    permission: tuple[str, ...]
    """Permissions of which any one guards it."""
    api_levels: str
    """Android API levels on which an ordinary app gets real data: `1-28`, `29-`."""
    hidden: bool
    """Not in the public SDK: reached by reflection or through a stub class."""
    value: str
    """For a field, or a method that makes a content URI: the URI. What reads the data is the query that is given it."""
    note_zh: str
    note_en: str
    source: Source
    checked: str
    known: str

    @property
    def title(self) -> str:
        """What evidence calls it: `dotted.Class.method`; for a string its text, for any class the method's name."""
        return self.name if self.class_name in ("", ANY_CLASS) else f"{self.class_name}.{self.name}"

    def accepts(self, argument: str | None) -> bool:
        """Say whether a call with this constant argument counts; `None`: the argument is not known."""
        if not self.argument:
            return True
        if argument is None:
            return not self.argument_required
        return any(matches(pattern, argument) for pattern in self.argument)

    def gives_data_on(self, level: int) -> bool:
        """Say whether an ordinary app gets real data on this API level."""
        first, _, last = self.api_levels.partition("-")
        return int(first) <= level and (not last or level <= int(last))


def matches(pattern: str, text: str) -> bool:
    """Say whether a text is the pattern's, or starts with what stands before the pattern's final `*`."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def full_permission(name: str) -> str:
    """Give the full name of a permission: a name without a dot is one of Android's."""
    return name if "." in name else f"android.permission.{name}"


def read_api(row: Row) -> Api:
    """Give the API that a row describes. Raises `InvalidCatalog`."""
    kind = row.one_of("kind", KINDS)
    class_name = row.text("class", "")
    name = row.text("name")
    argument = row.texts("argument")
    made = Api(
        id=row.text("id", f"{class_name.rpartition('.')[2]}.{name}"),
        data=row.text("data"),
        kind=kind,
        class_name=class_name,
        name=name,
        descriptor=row.text("descriptor", ""),
        argument=argument,
        argument_required=row.flag("argument_required") and bool(argument),
        subclasses=row.flag("subclasses"),
        permission=tuple(full_permission(one) for one in row.texts("permission")),
        api_levels=row.text("api_levels", "1-"),
        hidden=row.flag("hidden"),
        value=row.text("value", ""),
        note_zh=row.text("note_zh", ""),
        note_en=row.text("note_en", ""),
        source=row.source(),
        checked=row.checked(),
        known=row.known(),
    )
    row.finish()
    refuse_unknown(row, (made.data,))
    _refuse_contradictions(row, made)
    return made


def _refuse_contradictions(row: Row, api: Api) -> None:
    if (api.kind == "string") != (not api.class_name):
        row.refuse("a string has no class, everything else has one")
    if "*" in api.name[:-1] or (api.name.endswith("*") and api.class_name not in ("", ANY_CLASS)):
        row.refuse("name has a * where none can be")
    if not _LEVELS.fullmatch(api.api_levels):
        row.refuse(f"api_levels is {api.api_levels!r}, not like 1-28 or 29-")
    if bool(api.note_zh) != bool(api.note_en):
        row.refuse("a note is there in one language only")
    if any(pattern == "*" or "*" in pattern[:-1] for pattern in api.argument):
        row.refuse("argument has a * where none can be")


def read_apis(file: str, tree: Mapping[str, object]) -> tuple[Api, ...]:
    """Give the APIs of a parsed file. Raises `InvalidCatalog`."""
    made = tuple(read_api(row) for row in rows(file, tree))
    refuse_duplicates(file, (api.id for api in made))
    return made


@kept
def load_apis() -> tuple[Api, ...]:
    """Give all APIs, in the order of the file."""
    return read_apis(FILE, load(FILE))
