"""`inspect()`: the flow, read from top to bottom.

file -> open -> Program -> detect -> Evidence -> judge -> Verdicts -> Report
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import file_digest
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any

import assaymark
from assaymark import _engine, catalog, extend, judge
from assaymark.analysis.code import code_of
from assaymark.analysis.flow import IMPLICIT, asked_for_implicit
from assaymark.catalog import blindspots
from assaymark.formats.opening import open_program
from assaymark.formats.program import Gap, Program
from assaymark.model.evidence import Evidence, as_object
from assaymark.model.report import STATUSES, Report
from assaymark.model.tables import GAP, TABLES, Row, Table

DEFAULT_PACKS = ("cn-app-rules",)
"""Rule packs used when the caller names none."""

Tables = Mapping[str, list[Row]]


def inspect(path: str | PathLike[str], *, packs: Sequence[str] = DEFAULT_PACKS, implicit_flows: bool = False) -> Report:
    """Inspect one file in the calling process and give its report.

    `implicit_flows`: a branch on personal information counts as a flow to what it decides (derived: `implicit`).

    `packs` names built-in rule packs or folders that hold one. Raises `CannotInspect` if no report can be made of the
    file, and `UsageError` or `InvalidRulePack` for a pack that cannot be used. For files of unknown origin use
    `sandbox.inspect`, which does the same in a child process with bounded memory and time.
    """
    with collector_paused():
        rules = load_packs(tuple(packs))
        program, evidence, runs = collect(path, implicit_flows=implicit_flows)
        verdicts = judge.judge(evidence, rules, program.sha256, names=category_names())
        return make_report(program, evidence, runs, rules, verdicts)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector of reference cycles.

    An inspection makes many small objects and no cycles to speak of; looking for cycles among them again and again took
    an eighth of its time.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def collect(path: str | PathLike[str], *, implicit_flows: bool = False) -> tuple[Program, Tables, list[dict[str, Any]]]:
    """Open one file and give its evidence, not judged yet, and how each detector ended. Raises `CannotInspect`."""
    with collector_paused():
        program = open_program(Path(path))
        program.once(IMPLICIT, lambda _: implicit_flows)
        return program, *detect(program)


def versions() -> dict[str, Any]:
    """Give all that decides the evidence besides the file: versions of program and detectors, digests of the rest.

    The engine is told by its digest, so that one that was built again never passes for the one before.
    """
    with Path(str(_engine.__file__)).open("rb") as file:
        engine = file_digest(file, "sha256").hexdigest()
    return {
        "version": assaymark.__version__,
        "engine": engine,
        "catalogs": dict(catalog.digest()),
        "detectors": {detector.id: detector.version for detector in extend.detectors()},
    }


def warm() -> None:
    """Fill what the first inspection of a process fills, so that children that are forked from this one start with it.

    That is every cached function of ours without parameters: catalogs as read, and what is drawn from them. A child
    that had to do it by itself spent a third of its time on it.
    """
    extend.readers()
    extend.detectors()
    for name, module in sorted(sys.modules.items()):
        if name.startswith("assaymark."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_info") and value.__module__ == name and not signature(value).parameters:
                    value()


@cache
def load_packs(names: tuple[str, ...]) -> tuple[judge.Pack, ...]:
    """Load rule packs, once for each process."""
    return tuple(judge.load_pack(name) for name in names)


def detect(program: Program) -> tuple[Tables, list[dict[str, Any]]]:
    """Run every detector over the program: its evidence, and how each detector ended.

    A detector that fails costs only its own rows: a gap says which tables lack them.
    """
    evidence = Evidence()
    evidence.add(GAP, (gap.row() for gap in program.gaps))
    runs = [_run(detector, program, evidence) for detector in extend.detectors()]
    return evidence.finish(), runs


def _run(detector: extend.Detector, program: Program, evidence: Evidence) -> dict[str, Any]:
    outcome: dict[str, Any] = {
        "id": detector.id,
        "version": detector.version,
        "status": "succeeded",
        "rows": 0,
        "problem": None,
    }
    found: dict[str, tuple[Table, list[Row]]] = {}
    try:
        for table, row in detector.run(program):
            found.setdefault(table.name, (table, []))[1].append(row)
    except MemoryError:
        raise
    except Exception as error:  # one detector must not cost the others their rows
        outcome |= {"status": "failed", "problem": type(error).__name__}
        hidden = tuple(table.name for table in detector.emits)
        reason = f"detector {detector.id} failed with {type(error).__name__}"
        evidence.add(GAP, [Gap("detector-failed", reason, hides=hidden).row()])
    for table, rows in found.values():
        outcome["rows"] += evidence.add(table, rows)
    return outcome


def make_report(
    program: Program,
    evidence: Tables,
    runs: list[dict[str, Any]],
    rules: Sequence[judge.Pack],
    verdicts: list[dict[str, Any]],
) -> Report:
    """Put the report together. Everything in it is plain JSON."""
    rows = {name: [as_object(TABLES[name], row) for row in evidence[name]] for name in TABLES}
    texts = judge.clause_texts(rules)
    return Report(
        subject=_subject(program, rows),
        engine={
            "name": "assaymark",
            "version": assaymark.__version__,
            "packs": [
                {"id": pack.id, "version": pack.version, "sha256": pack.sha256, "title": dict(pack.title)}
                for pack in rules
            ],
            "catalogs": dict(catalog.digest()),
            "detectors": {run["id"]: run["version"] for run in runs},
            # What was asked for beyond the usual; without it the report says nothing of it.
            **({"options": [IMPLICIT]} if asked_for_implicit(program) else {}),
        },
        coverage={
            "detectors": runs,
            "statuses": _statuses(verdicts),
            "clauses": _clause_coverage(verdicts, texts),
            "code": code_of(program).coverage(),
            "names": _names(rows),
        },
        evidence=rows,
        verdicts=verdicts,
        clauses=texts,
    )


def _subject(program: Program, rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    taken = (
        "package",
        "version_name",
        "version_code",
        "label",
        "label_zh",
        "min_sdk",
        "target_sdk",
        "schemes",
        "signers",
    )
    base = next((row for row in rows["artifact"] if row["role"] in ("package", "base")), None)
    if base is None:  # the detector of identity failed: who the subject is, the manifest still says
        manifest = program.manifest
        base = {"package": manifest.package, "version_name": manifest.version_name} | dict.fromkeys(taken[2:])
        base |= {"version_code": manifest.version_code, "schemes": [], "signers": []}
    return {"key": program.sha256, "format": program.format, "size": program.size} | {
        name: base[name] for name in taken
    }


def _statuses(verdicts: list[dict[str, Any]]) -> dict[str, int]:
    counted = Counter(verdict["status"] for verdict in verdicts)
    return {status: counted[status] for status in STATUSES}


def _clause_coverage(verdicts: list[dict[str, Any]], texts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Count clauses by what became of them here; a clause with several subjects counts once, by the best known."""
    kinds = ("decided", "indicated", "needs-run", "needs-person", "blocked")
    best: dict[str, str] = {}
    for verdict in verdicts:
        decides = str(texts[verdict["clause"]]["decides"])
        if verdict["status"] == "not-assessed":
            kind = decides if decides in ("needs-run", "needs-person") else "blocked"
        else:
            kind = decides if decides in ("decided", "indicated") else "indicated"
        held = best.get(verdict["clause"])
        best[verdict["clause"]] = kind if held is None else min(held, kind, key=kinds.index)
    counted = Counter(best.values())
    return {kind: counted[kind] for kind in kinds}


def _names(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Names in both languages of the ids in this report, so that a renderer needs nothing else."""
    data = {row["data"] for name in ("api_call", "flow", "identifier_read") for row in rows[name] if row["data"]}
    data |= {
        item
        for name in ("permission", "sdk", "statement", "disclosed_sdk")
        for row in rows[name]
        for item in row["data"]
    }
    parents = {one.id: one.parent for one in catalog.load_data()}
    for name in tuple(data):
        above = parents.get(name)
        while above and above not in data:
            data.add(above)
            above = parents.get(above)
    owners = {
        row["owner"]
        for name in ("api_call", "flow", "endpoint", "secret", "component")
        for row in rows[name]
        if row["owner"]
    }
    owners |= {row["id"] for row in rows["sdk"]}
    permissions = {row["name"] for row in rows["permission"]}
    purposes = {row["purpose"] for row in rows["sdk"]}
    return {
        "data": {
            one.id: {"zh": one.zh, "en": one.en, "parent": one.parent, "sensitive": one.sensitive}
            for one in catalog.load_data()
            if one.id in data
        },
        "sdk": {one.id: {"zh": one.name_zh, "en": one.name} for one in catalog.load_sdks() if one.id in owners},
        "permission": {
            one.name: {"zh": one.zh, "en": one.en} for one in catalog.load_permissions() if one.name in permissions
        },
        "product": {
            one.name: {"zh": one.name_zh or one.name, "en": one.name}
            for one in blindspots.load_blindspots()
            if one.name in {row["reason"] for row in rows["gap"]}
        },
        "purpose": {
            one.id: {"zh": one.zh, "en": one.en} for one in catalog.load_purposes().values() if one.id in purposes
        },
    }


@cache
def category_names() -> dict[str, dict[str, str]]:
    """Give the names of all data categories: language, then id, then name."""
    return {
        "zh": {one.id: one.zh for one in catalog.load_data()},
        "en": {one.id: one.en for one in catalog.load_data()},
    }
