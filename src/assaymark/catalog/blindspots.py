"""Blind spots: marks of packers, cross-platform frameworks and techniques that DEX analysis cannot see through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, load, refuse_duplicates, rows

FILE = "blindspots.toml"

KINDS = (
    "packed",
    "protected",
    "cross-platform",
    "mini-program",
    "hot-fix",
    "plug-in",
    "script-engine",
    "dynamic-loading",
    "reflection",
    "web-content",
    "web-shell",
    "native-callback",
    "encrypted-code",
)
"""Kinds of gaps that a row may make."""

STRUCTURES = ("stub", "web-shell", "native-callback", "encrypted-code")
"""Ways in which a package may be built; see `analysis/structure.py`."""

_CLASS = re.compile(r"([A-Za-z_$][\w$]*\.)+([A-Za-z_$][\w$]*|\*)")
_CALL = re.compile(r"([a-z][\w]*\.)+[A-Z][\w$]*\.(<init>|[a-z]\w*)")


@dataclass(frozen=True, slots=True)
class Blindspot:
    """One product or technique, and the marks it is recognised by."""

    id: str
    kind: str
    """one of `KINDS`"""
    name: str
    name_zh: str
    weight: str
    """`total` or `partial`"""
    known: str
    """how the row is known: a key of `reading.KNOWN`"""
    libraries: tuple[str, ...] = ()
    """file names of native libraries; `*` allowed"""
    files: tuple[str, ...] = ()
    """names of members; `*` allowed"""
    classes: tuple[str, ...] = ()
    """dotted names of classes, or `a.b.*` for a package and what is below it"""
    calls: tuple[tuple[str, str], ...] = ()
    """class and method"""
    weak: frozenset[str] = frozenset()
    """marks of which one alone does not tell"""
    structure: str = ""
    """one of `STRUCTURES`, or empty"""


def read_blindspots(file: str, tree: Mapping[str, object]) -> tuple[Blindspot, ...]:
    """Give the rows of a parsed file. Raises `InvalidCatalog` naming the row and the fault."""
    made = tuple(_row(row) for row in rows(file, tree))
    refuse_duplicates(file, (one.id for one in made))
    return made


@kept
def load_blindspots() -> tuple[Blindspot, ...]:
    """Give all rows, in the order of the file."""
    return read_blindspots(FILE, load(FILE))


def _row(row: Row) -> Blindspot:
    calls = row.texts("calls")
    made = Blindspot(
        id=row.text("id"),
        kind=row.one_of("kind", KINDS),
        name=row.text("name"),
        name_zh=row.text("name_zh"),
        weight=row.one_of("weight", ("total", "partial")),
        known=row.known(),
        libraries=row.texts("libraries"),
        files=row.texts("files"),
        classes=row.texts("classes"),
        calls=tuple((call.rpartition(".")[0], call.rpartition(".")[2]) for call in calls),
        weak=frozenset(row.texts("weak")),
        structure=row.one_of("structure", STRUCTURES, ""),
    )
    row.source()
    row.checked()
    row.finish()
    marks = {*made.libraries, *made.files, *made.classes}
    if bool(made.structure) == bool(marks or calls):
        row.refuse("it has marks or a structure to recognise it by, one of them")
    if made.weak - marks:
        row.refuse("weak names what is not a mark")
    if len(made.weak) == 1 and marks == made.weak:
        row.refuse("its only mark is weak")
    if not all(map(_CLASS.fullmatch, made.classes)) or not all(map(_CALL.fullmatch, calls)):
        row.refuse("a class or call is not spelled as code spells it")
    return made
