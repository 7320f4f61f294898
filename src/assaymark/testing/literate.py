"""Detector tests as pages: prose, sources, and what a reader of the page should expect.

A page `<detector>.md` has a title and sections. A section with blocks is a case:

* ` ```xml ` the manifest (at most one; a minimal one is supplied), ` ```smali ` code (` ```smali classes2.dex ` names
its file),
  ` ```toml ` resources, assets and options; see `package_of`.
* The expectation. On an instruction, `# evidence: api_call data=imei` says: this table has a row with these values at
this very
  place. In an ` ```evidence ` block each line says it without the place, and `not table column=value` says that no row
  has them. The line `No evidence.` says that the page's detector gave no row at all.

Values are `true`, `false`, `null`, numbers and text, quoted where blanks stand in it. A column that holds a list has a
value if the value is in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import shake_128
from pathlib import Path
from typing import Any

import tomli

from assaymark.model.tables import TABLES
from assaymark.testing.apk import Apk, Built
from assaymark.testing.dex import assemble

Inspect = Callable[[Path], Mapping[str, Any]]
"""What inspects a package; `assaymark.pipeline.inspect`, or a stand-in for the tests of this module."""

_COMMENT = re.compile(r"#\s*evidence:\s*(.*?)\s*(?=#\s*evidence:|$)")
_PLACE = {"class": "owner", "method": "method", "descriptor": "descriptor", "offset": "offset"}
_SINK_PLACE = {"sink_class": "owner", "sink_method": "method"}
_BLOCKS = ("xml", "smali", "toml", "evidence")


class PageError(ValueError):
    """A page that says nothing testable; the message names file and line."""


class Mismatch(AssertionError):
    """The evidence differs from what the page expects; the message shows the rows that came instead."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row expected, or not expected where `absent`. `in_smali` ties it to the instruction on its line."""

    line: int
    table: str
    cells: Mapping[str, str]
    absent: bool = False
    in_smali: bool = False


@dataclass(slots=True)
class Case:
    """One section of a page. Sources stand on the lines they have in the page, so that errors name them."""

    page: Path
    title: str
    line: int
    manifest: str | None = None
    smali: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    silent: bool = False

    @property
    def detector(self) -> str:
        """Id of the detector that the page is about."""
        return self.page.stem


def read_page(page: Path, text: str) -> list[Case]:
    """Give the cases of a page. Raises `PageError` for a page without one, and for a case that expects nothing."""
    cases: list[Case] = []
    case = Case(page, "", 0)
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if line.startswith("#"):
            case = Case(page, line.lstrip("# ").strip(), number)
        elif line.startswith("```"):
            _take_block(case, number, line[3:].split(), lines)
        elif line.strip() == "No evidence.":
            case.silent = True
        else:
            continue
        if not line.startswith("#") and case not in cases:
            cases.append(case)
    if not cases:
        raise PageError(f"{page.name}: no section with sources and an expectation")
    for one in cases:
        if not one.title:
            raise PageError(f"{page.name}:{one.line}: sources before the first heading")
        if not one.expectations and not one.silent:
            raise PageError(f"{page.name}:{one.line}: {one.title!r} expects nothing; add evidence, or 'No evidence.'")
    return cases


def _take_block(case: Case, start: int, info: list[str], lines: Iterator[tuple[int, str]]) -> None:
    place = f"{case.page.name}:{start}"
    if not info or info[0] not in _BLOCKS:
        raise PageError(f"{place}: expected a block of {', '.join(_BLOCKS)}, found {' '.join(info) or 'none'}")
    body: list[tuple[int, str]] = []
    for number, line in lines:
        if line.startswith("```"):
            break
        body.append((number, line))
    else:
        raise PageError(f"{place}: the block is not closed")
    text = "\n".join(line for _, line in body)
    match info[0]:
        case "xml":
            if case.manifest is not None:
                raise PageError(f"{place}: a second manifest in one case")
            case.manifest = text
        case "smali":
            _take_smali(case, info[1] if len(info) > 1 else "classes.dex", body)
        case "toml":
            try:
                case.options |= tomli.loads(text)
            except tomli.TOMLDecodeError as error:
                raise PageError(f"{place}: {error}") from error
        case _:
            for number, line in body:
                if line.strip():
                    case.expectations.append(_expectation(case, number, line))


def _take_smali(case: Case, dex: str, body: list[tuple[int, str]]) -> None:
    held = case.smali.get(dex, "")
    blank = "\n" * (body[0][0] - 1 - held.count("\n")) if body else ""
    case.smali[dex] = held + blank + "".join(f"{line}\n" for _, line in body)
    for number, line in body:
        for match in _COMMENT.finditer(line):
            case.expectations.append(_expectation(case, number, match[1], in_smali=True))


def _expectation(case: Case, line: int, text: str, *, in_smali: bool = False) -> Expectation:
    place = f"{case.page.name}:{line}"
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise PageError(f"{place}: {error}") from error
    absent = words[:1] == ["not"]
    table, *cells = words[absent:] or [""]
    if table not in TABLES:
        raise PageError(f"{place}: expected a table of evidence, found {table!r}")
    pairs: dict[str, str] = {}
    for cell in cells:
        column, equals, value = cell.partition("=")
        if not equals or column not in TABLES[table].position:
            raise PageError(f"{place}: expected a column of {table} as column=value, found {cell!r}")
        pairs[column] = value
    return Expectation(line, table, pairs, absent, in_smali)


def package_of(case: Case) -> Apk:
    """Give the package of a case.

    Its TOML block may hold::

    [options]                 # sign = ["v1", "v2", "v3"], dex_version = 35
    [resources.strings]       # name = "text"; [resources.strings-zh-rCN] for a language
    [resources.files]         # "layout/main.xml" = "…"
    [assets]                  # also [libs] (below lib/) and [members] (anywhere): a text,
                              # { dex = "smali" }, { hex = "00ff" } or { noise = 4096 }: so many bytes that look
                              # encrypted, always the same
    """
    options = dict(case.options)
    build = options.pop("options", {})
    resources = options.pop("resources", {})
    strings = {key.partition("-")[2]: value for key, value in resources.items() if key.split("-")[0] == "strings"}
    assets, libs, members = (
        {path: _content(value) for path, value in options.pop(name, {}).items()}
        for name in ("assets", "libs", "members")
    )
    unknown = [*options, *(set(build) - {"sign", "dex_version"}), *(k for k in resources if not _RESOURCES.match(k))]
    if unknown:
        raise PageError(f"{case.page.name}:{case.line}: unknown option {unknown[0]!r}")
    return Apk(
        manifest=case.manifest,
        smali={dex: {case.page.name: text} for dex, text in case.smali.items()},
        strings=strings,
        files=resources.get("files", {}),
        schemes=build.get("sign", ("v2",)),
        dex_version=build.get("dex_version", 35),
        assets=assets,
        libs=libs,
        members=members,
    )


_RESOURCES = re.compile(r"files\Z|strings(-.+)?\Z")


def _content(value: str | Mapping[str, Any]) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if "noise" in value:
        return shake_128(b"noise").digest(value["noise"])
    return assemble(value["dex"]).data if "dex" in value else bytes.fromhex(value["hex"])


def run_case(case: Case, inspect: Inspect, folder: Path) -> None:
    """Build the package of a case in `folder`, inspect it, compare. Raises `Mismatch`, `PageError`, `AssemblyError`."""
    built = package_of(case).make()
    path = folder / "case.apk"
    path.write_bytes(built.data)
    report = inspect(path)
    run = next((one for one in report["coverage"]["detectors"] if one["id"] == case.detector), None)
    if run is None:
        raise Mismatch(f"the report does not know a detector {case.detector!r}")
    if run["status"] != "succeeded":
        raise Mismatch(f"detector {case.detector} {run['status']}: {run.get('problem')}")
    if case.silent and run["rows"]:
        raise Mismatch(f"detector {case.detector} gave {run['rows']} rows, expected none\n{_everything(report)}")
    for one in case.expectations:
        _compare(case, one, built, report["evidence"][one.table])


def _compare(case: Case, one: Expectation, built: Built, rows: list[Mapping[str, Any]]) -> None:
    wanted = {**one.cells, **(_place(case, one, built) if one.in_smali else {})}
    matching = [row for row in rows if all(_has(row[column], value) for column, value in wanted.items())]
    if bool(matching) is not one.absent:
        return
    what = " ".join((one.table, *(f"{column}={value}" for column, value in wanted.items())))
    shown = matching if one.absent else rows
    listing = "\n".join(f"  {_row(row)}" for row in shown) or "  no row"
    head = f"{case.page.name}:{one.line}: expected {'no ' if one.absent else ''}{what}"
    raise Mismatch(f"{head}\n{one.table} has\n{listing}")


def _place(case: Case, one: Expectation, built: Built) -> dict[str, str]:
    names = _PLACE if "offset" in TABLES[one.table].position else _SINK_PLACE
    if not set(names) <= set(TABLES[one.table].position):
        raise PageError(f"{case.page.name}:{one.line}: {one.table} has no place in the code; use an evidence block")
    for dex in built.dex.values():
        try:
            place = dex.place(case.page.name, one.line)
        except KeyError:
            continue
        return {column: str(getattr(place, attribute)) for column, attribute in names.items()}
    raise PageError(f"{case.page.name}:{one.line}: the comment stands on no instruction")


def _has(cell: object, value: str) -> bool:
    return value in map(_text, cell) if isinstance(cell, list | tuple) else _text(cell) == value


def _text(cell: object) -> str:
    if cell is None or isinstance(cell, bool):
        return "null" if cell is None else str(cell).lower()
    return str(cell)


def _row(row: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_text(cell)}" for name, cell in row.items() if cell is not None and name != "id")


def _everything(report: Mapping[str, Any]) -> str:
    return "\n".join(f"  {table} {_row(row)}" for table, rows in report["evidence"].items() for row in rows)
