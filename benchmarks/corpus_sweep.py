"""Inspects every package below some folders through the command line, and says how each inspection ended.

    .venv/bin/python benchmarks/corpus_sweep.py                     # the shared corpus beside the repository
    .venv/bin/python benchmarks/corpus_sweep.py FOLDER_OR_FILE ...
    .venv/bin/python benchmarks/corpus_sweep.py --variants APP.apk  # damaged variants of one app

For each file: exit code, reason of a refusal, seconds, peak memory of all processes, classes read, and how many gaps,
anomalies and failed detectors the report names. At the end: the slowest, the largest, and what must not be (a stack
trace, an exit code other than 0, 1 or 3, a report of a package whose DEX files were not read and no gap says so, a
variant without any trace of the damage). Exits 1 if there is any such fault.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assaymark import cli, extend, pipeline
from assaymark.testing.damage import mutations

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
ENDINGS = (".apk", ".apks", ".apkm", ".xapk", ".zip", ".jar", ".aar", ".aab", ".ipa", ".hap")
ZIP_MAGIC = b"PK\3\4"
PROCESSES = 2
SECONDS, MEGABYTES = 20, 1024
"""The bars: no file may take longer, or more memory."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the inspection of one file ended."""

    file: str
    code: int
    seconds: float
    megabytes: float
    message: str
    classes: int = 0
    traces: frozenset[str] = field(default_factory=frozenset)
    gaps: int = 0
    anomalies: int = 0
    rows: int = 0
    failed: tuple[str, ...] = ()
    silent: bool = False

    def faults(self) -> Iterator[str]:
        """Give what must not be."""
        if self.code not in (0, 1, 3):
            yield f"exit {self.code}"
        if self.code == 3 and len(self.message.splitlines()) != 1:
            yield "the refusal is not one sentence"
        if "ended before it was complete" in self.message or "needed more than" in self.message:
            yield "crashed or stopped"
        if "Traceback" in self.message:
            yield "a trace"
        if self.failed:
            yield "failed detectors: " + ", ".join(self.failed)
        if self.silent:
            yield "silently empty"
        if self.seconds > SECONDS:
            yield f"{self.seconds:.1f} seconds"
        if self.megabytes > MEGABYTES:
            yield f"{self.megabytes:.0f} MB"


def main(arguments: list[str]) -> int:
    """Sweep, print the table, give 1 if something is at fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", type=Path)
    parser.add_argument("--variants", action="append", default=[], type=Path, metavar="APP")
    parser.add_argument("--kinds", type=int, default=66, help="variants of our own kinds for each app")
    parser.add_argument("--table", type=Path, help="write one row for each file to this CSV file")
    options = parser.parse_args(arguments)
    for warm in (extend.detectors, extend.readers, extend.renderers):
        warm()
    pipeline.load_packs(pipeline.DEFAULT_PACKS)
    places = options.places or ([] if options.variants else [SHARED / "corpus"])
    outcomes = sweep(packages(places))
    for outcome in outcomes:
        print(line(outcome))
    untraced: list[str] = []
    for app in options.variants:
        with tempfile.TemporaryDirectory() as scratch:
            base, *variants = sweep(make_variants(app, Path(scratch), options.kinds))
        print(f"\n{app.name}")
        for variant in variants:
            fresh = sorted(variant.traces ^ base.traces)  # what is gone, such as a valid signature, is a trace too
            print(line(variant), "|", ", ".join(fresh)[:150])
            if variant.code != 3 and not fresh:
                untraced.append(f"{app.name} {variant.file}")
        outcomes += [base, *variants]
    if options.table:
        write_table(options.table, outcomes)
    return summary(outcomes, untraced)


def packages(places: Iterable[Path]) -> list[Path]:
    """Give the files that look like a package or an archive, by name or by first bytes."""
    files = [one for place in places for one in ([place] if place.is_file() else sorted(place.rglob("*")))]
    return [one for one in files if one.is_file() and (one.suffix.lower() in ENDINGS or _head(one) == ZIP_MAGIC)]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def make_variants(app: Path, folder: Path, count: int) -> list[Path]:
    """Write the app and its damaged variants: those of the shared damage tool if it is there, then our own kinds."""
    whole = folder / "0-undamaged.apk"
    whole.write_bytes(app.read_bytes())
    tool = SHARED / "bench" / "damage.py"
    if tool.exists():
        subprocess.run([sys.executable, tool, app, folder / "tool"], check=True, capture_output=True)
    for name, data in mutations(app.read_bytes(), count, seed=1):
        (folder / f"{name}.apk").write_bytes(data)
    return [whole, *sorted(folder.glob("tool/*")), *sorted(folder.glob("0[0-9]*-*.apk"))]


def sweep(files: Iterable[Path]) -> list[Outcome]:
    """Inspect every file, two at a time; the outcomes stand in the given order."""
    waiting = list(enumerate(files))[::-1]
    running: dict[int, tuple[int, Path, float, IO[bytes], IO[bytes]]] = {}
    done: dict[int, Outcome] = {}
    while waiting or running:
        while waiting and len(running) < PROCESSES:
            number, path = waiting.pop()
            out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has ended
            running[_start(path, out, err)] = number, path, time.perf_counter(), out, err
        pid, status, used = os.wait4(-1, 0)
        number, path, start, out, err = running.pop(pid)
        seconds = time.perf_counter() - start
        with out, err:
            out.seek(0)
            err.seek(0)
            report, message = out.read(), err.read().decode("utf-8", "replace").strip()
        measured = (path.name, os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss / 1024, message)
        done[number] = Outcome(*measured, **_read(json.loads(report), path)) if report else Outcome(*measured)
    return [done[number] for number in sorted(done)]


def _start(path: Path, out: IO[bytes], err: IO[bytes]) -> int:
    """Run the command line on a file in a process of its own, and give its id.

    It is a fork of this process: what an interpreter costs to start is paid once and not for every file.
    """
    pid = os.fork()
    if pid:
        return pid
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    code = 70
    try:
        cli.main(["inspect", str(path), "--format", "json", "--lang", "en"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 70
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read(report: dict[str, Any], path: Path) -> dict[str, Any]:
    evidence = report["evidence"]
    gaps, anomalies = evidence["gap"], evidence["anomaly"]
    blind = any(gap["weight"] == "total" and "api_call" in gap["hides"] for gap in gaps)
    classes = report["coverage"]["code"]["classes"]
    traces = {f"gap {gap['kind']}: {gap['reason']}: {gap['member']}" for gap in gaps}
    traces |= {f"{one['kind']}: {one['member']}" for one in anomalies}
    traces |= {f"{one['scheme']} {one['status']} {one['problem']}" for one in evidence["signature"]}
    return {
        "classes": classes,
        "traces": frozenset(traces),
        "gaps": len(gaps),
        "anomalies": len(anomalies),
        "rows": sum(len(rows) for rows in evidence.values()),
        "failed": tuple(run["id"] for run in report["coverage"]["detectors"] if run["status"] != "succeeded"),
        # The name stands in the local header and in the directory, whatever else is damaged.
        "silent": classes == 0 and not blind and b".dex" in path.read_bytes(),
    }


def line(one: Outcome) -> str:
    """Give one row of the table."""
    counts = f"{one.classes:6} cls {one.rows:6} rows {one.gaps:3} gaps {one.anomalies:4} odd" if one.code != 3 else ""
    marks = " ".join(f"!! {fault}" for fault in one.faults())
    return f"{one.code:3} {one.seconds:6.2f} s {one.megabytes:5.0f} MB {counts} {one.file} {one.message[:160]} {marks}"


def write_table(path: Path, outcomes: list[Outcome]) -> None:
    """Write one row for each file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "exit", "seconds", "megabytes", "classes", "rows", "gaps", "anomalies", "message"])
        for one in outcomes:
            size = (f"{one.seconds:.2f}", f"{one.megabytes:.0f}")
            table.writerow([one.file, one.code, *size, one.classes, one.rows, one.gaps, one.anomalies, one.message])


def summary(outcomes: list[Outcome], untraced: list[str]) -> int:
    """Print the totals, the worst and the faults; give the exit code."""
    codes = sorted(Counter(one.code for one in outcomes).items())
    print(f"\n{len(outcomes)} files; exit codes " + ", ".join(f"{code}: {count}" for code, count in codes))
    for title, rank in (("slowest", lambda one: one.seconds), ("largest", lambda one: one.megabytes)):
        worst = sorted(outcomes, key=rank, reverse=True)[:3]
        print(f"{title}: " + "; ".join(f"{w.file} {w.seconds:.1f} s {w.megabytes:.0f} MB" for w in worst))
    faults = [f"{one.file}: {fault}" for one in outcomes for fault in one.faults()]
    faults += [f"{name}: no trace of the damage" for name in untraced]
    print("\n".join(["faults:", *faults] if faults else ["no faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
