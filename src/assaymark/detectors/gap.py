"""Blind spots: what was not analysed, and why.

What it observes: packers, native libraries, cross-platform frameworks, code loaded while running, reflection, web pages shown inside
the app, damaged or hidden code, bounds that were hit, and the analyses that this version does not have.
Why it matters: silence is not a pass. Every clause that leaned on something hidden becomes *not assessed*.
Limits: an unknown packer or framework leaves only the traces that any hidden code leaves (native libraries, dynamic loading).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate

from assaymark.analysis.code import CodeView, code_of
from assaymark.catalog.blindspots import Blindspot, load_blindspots
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import GAP, Row

CODE_TABLES = ("api_call", "endpoint", "flow", "identifier_read", "permission", "sdk")
"""Tables whose rows come from code."""


@detector(id="gap", version=1, emits=(GAP,))
def gap(program: Program) -> Iterator[Emission]:
    """Give one row for each blind spot."""
    code = code_of(program)
    rows = [
        *_products(program, code),
        *_native(program),
        *_code_problems(program, code),
        *_hidden_code(program, code),
        _row("not-implemented-flow", "data flow is not analysed by this version", "", ("flow",), "total"),
        _row("not-implemented-consent", "the order against consent is not analysed by this version", "", (), "total"),
        _row("no-policy-given", "no privacy policy was given with the package", "", ("statement", "disclosed_sdk", "policy_right"), "total"),
        _row("no-listing-given", "no store listing was given with the package", "", ("listing",), "total"),
    ]
    for row in rows:
        yield GAP, row


def _row(kind: str, reason: str, member: str, hides: tuple[str, ...], weight: str, count: int | None = None) -> Row:
    return GAP.row(member, kind=kind, reason=reason, member=member, hides=hides, weight=weight, count=count)


def _products(program: Program, code: CodeView) -> Iterator[Row]:
    names = [(part.place(name), name) for part in program.packages for name in part.members]
    for one in load_blindspots():
        place, count = _seen(one, names, program, code)
        if count:
            yield _row(one.kind, one.name, place, CODE_TABLES, one.weight, count)


def _seen(one: Blindspot, names: list[tuple[str, str]], program: Program, code: CodeView) -> tuple[str, int]:
    """Give the first place where the blind spot shows, and in how many."""
    places: list[str] = []
    if one.libraries or one.files:
        libraries, members = _pattern(one.libraries), _pattern(one.files)
        for place, name in names:
            library = name.startswith("lib/") and libraries.fullmatch(name.rpartition("/")[2])
            if library or members.fullmatch(name):
                places.append(place)
    if one.classes:
        defined = code.has_classes(list(one.classes))
        places += [name for name, here in zip(one.classes, defined, strict=True) if here or name == program.manifest.application_class]
    if one.calls:
        places += [hit.place for hit in code.calls([(cls, method, "", False) for cls, method in one.calls])]
    return (places[0] if places else "", len(places))


def _pattern(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(glob) for glob in globs) or r"(?!)")


def _native(program: Program) -> Iterator[Row]:
    libraries = sorted(
        {name.rpartition("/")[2] for part in program.packages for name in part.members if name.startswith("lib/") and name.endswith(".so")}
    )
    if libraries:
        shown = ", ".join(libraries[:5]) + (", …" if len(libraries) > 5 else "")
        yield _row("native-code", f"native libraries are not analysed: {shown}", "lib/", CODE_TABLES, "partial", len(libraries))


def _code_problems(program: Program, code: CodeView) -> Iterator[Row]:
    counted: dict[tuple[str, str], int] = {}
    for dex, kind, _offset, _detail in code.problems:
        counted[dex, kind] = counted.get((dex, kind), 0) + 1
    for (dex, kind), count in sorted(counted.items()):
        yield _row("code-unread", f"{kind} in {dex}", dex, CODE_TABLES, "partial", count)
    application = program.manifest.application
    if not code.dex_files:
        stated = application is not None and application.flag("hasCode") is False
        reason = "the package says that it has no code" if stated else "the package has no DEX file that can be read"
        yield _row("code-missing", reason, "", CODE_TABLES, "total")
    elif absent := code.missing_components():
        reason = f"classes of declared components are not in the code: {', '.join(absent[:3])}"
        yield _row("code-missing", reason, "AndroidManifest.xml", CODE_TABLES, "partial", len(absent))
    if code.graph_cut:
        yield _row("limit-hit", "the call graph was cut at its bound of steps", "", ("api_call",), "partial")


def _hidden_code(program: Program, code: CodeView) -> Iterator[Row]:
    for name in code.unloaded:
        yield _row("hidden-code", "a DEX file that Android does not load at start", name, CODE_TABLES, "partial")
    for part in program.packages:
        for name, size, *_rest in part.package.entries():
            if name.startswith(("assets/", "res/raw/")) and size > 112 and not name.endswith(".dex"):
                head = part.package.prefix(name, 8)
                if head.startswith((b"dex\n", b"cdex")) or (head.startswith(b"PK\x03\x04") and name.endswith((".jar", ".apk", ".zip"))):
                    kind = "hidden-code" if head.startswith((b"dex", b"cdex")) else "nested-package-unread"
                    reason = "a DEX file under another name" if kind == "hidden-code" else "a package inside the package was not opened"
                    yield _row(kind, reason, part.place(name), CODE_TABLES, "partial")
