"""Blind spots: what was not analysed, and why.

What it observes: packers and protectors, native libraries and the sensitive interfaces that they name, cross-platform
frameworks, mini-programs, hot fixes, plug-ins, script engines, code loaded while running, reflection, web pages shown
inside the app and shells around one, damaged, hidden or encrypted code, a call graph that was cut, and the analyses
that this version does not have. Each product is recognised by its own marks, which the row names.
Why it matters: silence is not a pass. Every clause that leaned on something hidden becomes *not assessed*.
Limits: an unknown packer is told only where the code of most components is missing; one that leaves the classes and
takes the code out of their methods, and an unknown framework, leave only the traces that any hidden code leaves
(native libraries, dynamic loading). A library that hides its strings names nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.blindspots import BLINDSPOT_READS, recognised
from assaymark.analysis.code import DAMAGE, CodeView, code_of
from assaymark.analysis.marks import members_of
from assaymark.extend import Emission, detector
from assaymark.formats.android.manifest import MEMBER as MANIFEST
from assaymark.formats.program import Gap, Program
from assaymark.model.tables import GAP

CODE_TABLES = (
    *("api_call", "consent_gate", "endpoint", "flow", "identifier_read"),
    *("permission", "sdk", "sdk_call", "secret"),
)
"""Tables whose rows come from code."""

HIDING_PLACES = ("assets/", "res/raw/")
"""Folders whose files are looked into for code under another name."""

CUT_SHORT = frozenset(
    {
        "attribute-cut",
        "chunk-broken",
        "chunk-zero-size",
        "damaged-data",
        "element-unbalanced",
        "oddities-dropped",
        "package-broken",
        "string-broken",
        "string-out-of-range",
        "string-pool-broken",
        "string-pool-missing",
        "too-many-resource-entries",
        "type-broken",
        "xml-too-deep",
        "xml-too-large",
    }
)
"""Oddities behind which content is missing; the others changed the way to it, not what was read."""

ARCHIVE_CUT = frozenset({"central-directory-broken", "too-many-entries"})
"""Oddities behind which whole members may be missing."""

MARKS = 8
"""Marks that a row names; `count` counts them all."""

DUPLICATE = "duplicate-entry"
"""Of two manifests the first that can be read was read; what the other says is not known."""

_SMALLEST_DEX = 112  # bytes of a DEX header


@detector(id="gap", version=4, emits=(GAP,), reads=BLINDSPOT_READS)
def gap(program: Program) -> Iterator[Emission]:
    """Give one row for each blind spot."""
    code = code_of(program)
    gaps = [
        *_products(program),
        *_native(program),
        *_code_problems(program, code),
        *_unread_parts(program),
        *_hidden_code(program, code),
        Gap(
            "no-policy-given",
            "no privacy policy was given with the package",
            "",
            ("statement", "disclosed_sdk", "policy_right"),
            "total",
        ),
        Gap("no-listing-given", "no store listing was given with the package", "", ("listing",), "total"),
    ]
    for one in gaps:
        yield GAP, one.row()


def _products(program: Program) -> Iterator[Gap]:
    """Give the packers, frameworks and techniques of the catalog that were recognised."""
    for one in recognised(program):
        row, marks = one.row, one.marks
        yield Gap(row.kind, row.name, marks[0], CODE_TABLES, row.weight, len(marks), marks[:MARKS])


def _native(program: Program) -> Iterator[Gap]:
    libraries = sorted(members_of(program).libraries)
    if libraries:
        shown = ", ".join(libraries[:5]) + (", …" if len(libraries) > 5 else "")
        reason = f"native libraries are not analysed: {shown}"
        yield Gap("native-code", reason, "lib/", CODE_TABLES, "partial", len(libraries))


def _unread_parts(program: Program) -> Iterator[Gap]:
    """Give what a tolerant reader could not read of the members that evidence is taken from, one row a member."""
    for part in program.packages:
        counted: dict[tuple[str, str], int] = {}
        for kind, member, _offset, _detail in part.package.oddities():
            if kind in ARCHIVE_CUT:
                reason = f"the list of members was cut ({kind})"
                yield Gap("limit-hit", reason, part.name, (*CODE_TABLES, "component", "setting"), "partial")
            elif kind in CUT_SHORT or (kind == DUPLICATE and member == MANIFEST):
                counted[member, kind] = counted.get((member, kind), 0) + 1
        for (member, kind), count in sorted(counted.items()):
            gap_kind, hides = _hidden_behind(member)
            if gap_kind:
                yield Gap(gap_kind, f"{kind} in {member}", part.place(member), hides, "partial", count)
        if any(member == MANIFEST for member, _kind in counted):
            reason = "places from which Android enters the code may be missing, so calls seem not to run"
            yield Gap("manifest-unread-part", reason, part.place(MANIFEST), CODE_TABLES, "partial")


def _hidden_behind(member: str) -> tuple[str, tuple[str, ...]]:
    """Give the kind of the gap that damage in a member leaves, and the tables that lack rows because of it."""
    if member == MANIFEST:
        return "manifest-unread-part", ("permission", "component", "setting")
    if member == "resources.arsc":
        return "resource-unread", ("policy_reference", "setting")
    if member.endswith(".dex"):
        return "code-unread", CODE_TABLES
    return ("member-unread", ("policy_reference",)) if member.startswith("res/") else ("", ())


def _code_problems(program: Program, code: CodeView) -> Iterator[Gap]:
    counted: dict[tuple[str, str], int] = {}
    for dex, kind, _offset, _detail in code.problems:
        if kind in DAMAGE:
            counted[dex, kind] = counted.get((dex, kind), 0) + 1
    for (dex, kind), count in sorted(counted.items()):
        yield Gap("code-unread", f"{kind} in {dex}", dex, CODE_TABLES, "partial", count)
    application = program.manifest.application
    if not code.dex_files:
        stated = application is not None and application.flag("hasCode") is False
        reason = "the package says that it has no code" if stated else "the package has no DEX file that can be read"
        yield Gap("code-missing", reason, "", CODE_TABLES, "total")
    elif counted and not any(one.classes for one in code.dex_files):
        yield Gap("code-missing", "no class of the package's DEX files can be read", "", CODE_TABLES, "total")
    elif absent := code.missing_components():
        reason = f"classes of declared components are not in the code: {', '.join(absent[:3])}"
        yield Gap("code-missing", reason, "AndroidManifest.xml", CODE_TABLES, "partial", len(absent))
    if code.graph_cut:
        yield Gap("limit-hit", "the call graph was cut at its bound of steps", "", ("api_call",), "partial")


def _hidden_code(program: Program, code: CodeView) -> Iterator[Gap]:
    """Give DEX files and packages that Android does not load at start; the app may load them later."""
    for place in code.unloaded:
        yield Gap("hidden-code", "a DEX file that Android does not load at start", place, CODE_TABLES, "partial")
    for part in program.packages:
        for name, size in part.members.items():
            if not name.startswith(HIDING_PLACES) or name.endswith(".dex") or size < _SMALLEST_DEX:
                continue
            head = part.package.prefix(name, 4)
            if head in (b"dex\n", b"cdex"):
                yield Gap("hidden-code", "a DEX file under another name", part.place(name), CODE_TABLES, "partial")
            elif head == b"PK\3\4" and name.endswith((".jar", ".apk", ".zip")):
                reason = "an archive inside the package was not opened"
                yield Gap("nested-package-unread", reason, part.place(name), CODE_TABLES, "partial")
