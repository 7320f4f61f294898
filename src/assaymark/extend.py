"""The extension points, on one page.

A detector, an input format or a renderer is one module that registers itself with a decorator. Ours are found by
scanning the package folder; those of others through the entry-point groups `assaymark.detectors`, `assaymark.formats`
and `assaymark.renderers`. There is no list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from assaymark.model.tables import TABLES, Row, Table

if TYPE_CHECKING:
    from assaymark.model.report import Report

T = TypeVar("T")

Emission = tuple[Table, Row]
"""What a detector yields: a table and a row of it, made by `Table.row`."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of observation.

    `version` is raised whenever the output for the same input changes; it is part of the report and of every cache key.
    `reads` names the catalog files, as `catalog.digest` does, whose change may change the output; `None` for any of
    them. What a batch keeps of earlier versions is told by it.
    """

    id: str
    version: int
    emits: tuple[Table, ...]
    reads: frozenset[str] | None
    run: Callable[[Any], Iterable[Emission]]
    summary: str


class Reader(Protocol):
    """One input format: `sniff` looks at the names of an archive's members, `open` makes the `Program`."""

    format: str

    def sniff(self, members: Collection[str]) -> bool:
        """Say whether an archive with these members is of this format. At most one format may say so."""
        ...

    def open(self, name: str, package: Any) -> Any:
        """Give the `Program` of an opened archive; `name` is the file's name for messages. Raises `CannotInspect`."""
        ...


@dataclass(frozen=True, slots=True)
class Renderer:
    """One output form of a report. `render` gives text; bytes for forms that are not text."""

    id: str
    media_type: str
    render: Callable[[Report, str], str]


_detectors: dict[str, Detector] = {}
_readers: dict[str, Reader] = {}
_renderers: dict[str, Renderer] = {}


def detector(
    *,
    id: str,  # noqa: A002 - the word users know
    version: int,
    emits: Iterable[Table],
    reads: Iterable[str] | None = None,
) -> Callable[[Callable[[Any], Iterable[Emission]]], Callable[[Any], Iterable[Emission]]]:
    """Register a function `Program -> Iterable[(Table, Row)]` as a detector.

    One that does not say which catalog files it `reads` is taken to read all. Raises `ValueError` for an id that is
    taken.
    """

    def register(run: Callable[[Any], Iterable[Emission]]) -> Callable[[Any], Iterable[Emission]]:
        if id in _detectors:
            raise ValueError(f"detector registered twice: {id}")
        doc = (importlib.import_module(run.__module__).__doc__ or "").strip()
        if not doc:
            raise ValueError(f"detector without a page: {id}")
        wanted = None if reads is None else frozenset(reads)
        _detectors[id] = Detector(id, version, tuple(emits), wanted, run, doc.splitlines()[0])
        return run

    return register


def reader(made: type[Reader]) -> type[Reader]:
    """Register a reader class; it is made without arguments."""
    one = made()
    if one.format in _readers:
        raise ValueError(f"format registered twice: {one.format}")
    _readers[one.format] = one
    return made


def renderer(*, id: str, media_type: str) -> Callable[[Callable[[Report, str], str]], Callable[[Report, str], str]]:  # noqa: A002
    """Register a function `(Report, language) -> str` as a renderer."""

    def register(render: Callable[[Report, str], str]) -> Callable[[Report, str], str]:
        if id in _renderers:
            raise ValueError(f"renderer registered twice: {id}")
        _renderers[id] = Renderer(id, media_type, render)
        return render

    return register


@cache
def plugins_installed() -> bool:
    """Say whether any installed distribution names an entry point of ours."""
    files = (file for folder in sys.path for file in Path(folder).glob("*.dist-info/entry_points.txt"))
    return any(b"[assaymark." in file.read_bytes() for file in files)


@cache
def _load(package: str, group: str) -> None:
    # Once for each process: looking through the installed packages costs more than inspecting a small app.
    found = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(found.__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package}.{module.name}")
    if plugins_installed():
        from importlib.metadata import entry_points  # slow to import, and most installations have no plug-ins

        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
            entry.load()


def _sorted(registry: Mapping[str, T]) -> Iterator[T]:
    return (registry[key] for key in sorted(registry))


def detectors() -> tuple[Detector, ...]:
    """Give all detectors, by id."""
    _load("assaymark.detectors", "assaymark.detectors")
    return tuple(_sorted(_detectors))


def readers() -> tuple[Reader, ...]:
    """Give all readers, by format."""
    _load("assaymark.formats", "assaymark.formats")
    return tuple(_sorted(_readers))


def renderers() -> tuple[Renderer, ...]:
    """Give all renderers, by id.

    Only `render.__init__`'s modules are imported here; their heavy libraries are imported when used.
    """
    _load("assaymark.render", "assaymark.renderers")
    return tuple(_sorted(_renderers))


def emitters(table: str) -> tuple[str, ...]:
    """Give the ids of the detectors that fill a table."""
    wanted = TABLES[table]
    return tuple(one.id for one in detectors() if wanted in one.emits)
