"""Recognises packers, frameworks and techniques of the catalog, each by its own marks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assaymark import catalog
from assaymark.analysis.code import CodeView, code_of
from assaymark.analysis.marks import members_of
from assaymark.analysis.sensitive import PLACE_READS
from assaymark.analysis.structure import structures
from assaymark.catalog.blindspots import Blindspot, load_blindspots
from assaymark.formats.program import Program

BLINDSPOT_READS = (*PLACE_READS, "blindspots.toml")
"""Catalog files that this depends on."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A row of the catalog that was recognised, and the places or class names by which it was."""

    row: Blindspot
    marks: tuple[str, ...]


def recognised(program: Program) -> Iterator[Recognised]:
    """Give the rows whose marks are in a package, in the order of the catalog.

    A mark that other products have too counts only beside another one. That some packer is at work is said only where
    no packer of the catalog was recognised.
    """
    code = code_of(program)
    rows = load_blindspots()
    places = _named(program, code, rows)
    calls = _reachable_calls(code, [call for one in rows for call in one.calls])
    built = structures(program)
    packed = False
    for one in rows:
        named = {mark: place for mark in (*one.libraries, *one.files, *one.classes) if (place := places.get(mark))}
        if not named.keys() - one.weak and len(named) < 2:
            named = {}
        marks = [*named.values(), *(place for call in one.calls for place in calls[call])]
        if one.structure and not (one.structure == "stub" and packed):
            marks += built.get(one.structure, ())
        if marks:
            packed = packed or one.kind == "packed"
            yield Recognised(one, tuple(marks))


def _named(program: Program, code: CodeView, rows: Sequence[Blindspot]) -> Mapping[str, str]:
    """Give the place or the name of each mark that is there."""
    members = members_of(program)
    found: dict[str, str | None] = {}
    for one in rows:
        found |= {pattern: members.object(pattern) for pattern in one.libraries}
        found |= {pattern: members.file(pattern) for pattern in one.files}
    names = sorted({name for one in rows for name in one.classes})
    exact = [name for name in names if not name.endswith(".*")]
    stated = _stated(program)
    for name, here in zip(exact, code.has_classes(exact), strict=True):
        found[name] = name if here or name in stated else None
    packages = sorted(package for package, _classes, _reached in code.packages())
    for name in names:
        if name.endswith(".*"):
            found[name] = _below(packages, name[:-2]) or _below(stated, name[:-2])
    return {mark: place for mark, place in found.items() if place}


def _stated(program: Program) -> list[str]:
    """Give the classes that the manifest names to start before everything else, sorted."""
    manifest = program.manifest
    factory = manifest.application.text("appComponentFactory") if manifest.application is not None else None
    return sorted(name for name in (manifest.application_class, factory) if name)


def _below(names: Sequence[str], package: str) -> str | None:
    """Give the first of some sorted names that is a package, or stands below it."""
    at = bisect_left(names, package)
    while at < len(names) and names[at].startswith(package):
        if names[at] == package or names[at][len(package)] == ".":
            return names[at]
        at += 1
    return None


def _reachable_calls(code: CodeView, calls: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Give the places of calls that can run, outside common libraries: what those do with them is public."""
    libraries = {one.id for one in catalog.load_sdks() if one.library}
    places: dict[tuple[str, str], list[str]] = {call: [] for call in calls}
    for hit in code.calls([(cls, method, "", False) for cls, method in calls]):
        if hit.reachable and code.owner(hit.cls) not in libraries:
            places[calls[hit.selector]].append(hit.place)
    return places
