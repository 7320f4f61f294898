"""Reads a catalog file: groups become rows, and every row is checked while it is read.

A file has a table `sources` (id to `title` and `url`) and groups: the keys of a group are the defaults of its `rows`.
A row names its `source` (an id of that table, a link, or a published artefact as `maven:GROUP:ARTIFACT:VERSION` or
`npm:NAME@VERSION`), the day it was `checked`, and how it is `known`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NoReturn, cast

import tomli

from assaymark.model.errors import InvalidCatalog

FOLDER = Path(__file__).parent
"""Where the catalog files lie."""

KNOWN = ("documentation", "artefact", "memory")
"""How a row is known: its maker's documentation; seen in the published artefact; general knowledge, not looked up."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row comes from. `url` is empty for an artefact, which its title names completely."""

    title: str
    url: str


def read_bytes(file: str) -> bytes:
    """Give the bytes of a catalog file."""
    return (FOLDER / file).read_bytes()


def files_below(folder: str) -> tuple[str, ...]:
    """Give the catalog files in a folder of this one, sorted by name."""
    return tuple(sorted(f"{folder}/{path.name}" for path in (FOLDER / folder).glob("*.toml")))


def digest() -> Mapping[str, str]:
    """Give the SHA-256 of each catalog file, lower-case hex: what a report states and what a cache key depends on.

    The files of a folder count as one: the digest of their bytes, one after the other by name.
    """
    made = {path.name: sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.toml")}
    for folder in {path.parent.name for path in FOLDER.glob("*/*.toml")}:
        content = b"".join(read_bytes(name) for name in files_below(folder))
        made[f"{folder}/*.toml"] = sha256(content).hexdigest()
    return dict(sorted(made.items()))


class Row:
    """One row while it is read. A getter checks the type and takes the value; `finish` refuses what nobody took."""

    __slots__ = ("_file", "_left", "_name", "_sources")

    def __init__(
        self, file: str, values: Mapping[str, object], sources: Mapping[str, Source], called: str | None = None
    ) -> None:
        """Hold the values; in errors the row is `called` so, or by its `id`, `name` or `class`."""
        self._file = file
        self._left = dict(values)
        self._name = called or str(values.get("id") or values.get("name") or values.get("class") or "without a name")
        self._sources = sources

    def refuse(self, fault: str) -> NoReturn:
        """Raise `InvalidCatalog` for this row."""
        raise InvalidCatalog(f"{self._file}: {self._name}: {fault}", file=self._file, row=self._name, fault=fault)

    def text(self, key: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there and not be empty."""
        value = self._left.pop(key, default)
        if not isinstance(value, str) or not (value or default == ""):
            self.refuse(f"{key} is not a text")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """Take one of the allowed words."""
        value = self.text(key, default)
        if value not in allowed and value != default:
            self.refuse(f"{key} is {value!r}, not one of {', '.join(allowed)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts without repetition; absent is empty."""
        value = self._left.pop(key, ())
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
            self.refuse(f"{key} is not a list of texts")
        if len(set(value)) != len(value):
            self.refuse(f"{key} repeats itself")
        return tuple(value)

    def tables(self, key: str) -> tuple[Mapping[str, object], ...]:
        """Take a list of tables; absent is empty."""
        value = self._left.pop(key, ())
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, dict) for item in value):
            self.refuse(f"{key} is not a list of tables")
        return tuple(value)

    def part(self, key: str, values: Mapping[str, object]) -> Row:
        """Give a table inside this row, to be read the same way; errors name the row."""
        return Row(self._file, values, self._sources, f"{self._name}.{key}")

    def position(self, key: str) -> int | None:
        """Take the position of an argument, from 0; absent is `None`."""
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 256):
            self.refuse(f"{key} is not the position of an argument")
        return value

    def flag(self, key: str) -> bool:
        """Take a truth value; absent is false."""
        return self.optional_flag(key) or False

    def optional_flag(self, key: str) -> bool | None:
        """Take a truth value, or `None` where it does not apply."""
        value = self._left.pop(key, None)
        if value is not None and not isinstance(value, bool):
            self.refuse(f"{key} is neither true nor false")
        return value

    def level(self, key: str) -> int | None:
        """Take an API level."""
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 1000):
            self.refuse(f"{key} is not an API level")
        return value

    def number(self, key: str, default: int) -> int:
        """Take a whole number from 0 to 255."""
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 256:
            self.refuse(f"{key} is not a whole number below 256")
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        """Take a list of whole numbers from 0 to 255; absent is empty."""
        value = self._left.pop(key, ())
        if not isinstance(value, (list, tuple)) or not all(type(item) is int and 0 <= item < 256 for item in value):
            self.refuse(f"{key} is not a list of whole numbers below 256")
        return tuple(value)

    def source(self) -> Source:
        """Take the source and find its title and address."""
        value = self.text("source")
        if value in self._sources:
            return self._sources[value]
        if value.startswith("https://"):
            return Source(value, value)
        kind, _, artefact = value.partition(":")
        if (kind == "maven" and artefact.count(":") == 2) or (kind == "npm" and "@" in artefact[1:]):
            return Source(value, "")
        return self.refuse(f"source is {value!r}, neither an id of [sources] nor a link nor an artefact")

    def checked(self) -> str:
        """Take the day on which the row was checked, `YYYY-MM-DD`."""
        value = self.text("checked")
        try:
            date.fromisoformat(value)
        except ValueError:
            self.refuse(f"checked is {value!r}, not a day")
        return value

    def known(self) -> str:
        """Take how the row is known."""
        return self.one_of("known", KNOWN)

    def finish(self) -> None:
        """Refuse keys that nobody took."""
        if self._left:
            self.refuse(f"unknown: {', '.join(sorted(self._left))}")


def parse(file: str, text: str) -> Mapping[str, object]:
    """Give the tables of a catalog file. Raises `InvalidCatalog` for text that is not TOML."""
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise InvalidCatalog(f"{file}: {error}", file=file, row="", fault=str(error)) from error


def load(file: str) -> Mapping[str, object]:
    """Give the tables of one of our files."""
    return parse(file, read_bytes(file).decode("utf-8"))


def rows(file: str, tree: Mapping[str, object]) -> Iterator[Row]:
    """Give the rows of a parsed file in order, each with its group's defaults. Raises `InvalidCatalog`."""
    try:
        sources = {
            id: Source(source["title"], source["url"])
            for id, source in cast("Mapping[str, Mapping[str, str]]", tree["sources"]).items()  # noqa: A001
        }
        groups = cast("list[Mapping[str, object]]", tree["group"])
        for group in groups:
            defaults = {key: value for key, value in group.items() if key != "rows"}
            for values in cast("list[Mapping[str, object]]", group["rows"]):
                yield Row(file, {**defaults, **values}, sources)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidCatalog(f"{file}: not in groups of rows: {error}", file=file, row="", fault=str(error)) from error


def refuse_duplicates(file: str, ids: Iterator[str]) -> None:
    """Raise `InvalidCatalog` if an id stands twice."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise InvalidCatalog(f"{file}: {name}: stands twice", file=file, row=name, fault="stands twice")
        seen.add(name)
