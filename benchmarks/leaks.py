"""Scores suites of small apps with a stated number of leaks.

Shared by `droidbench.py`, `iccbench.py` and `ubcbench.py`. A suite is a folder with `expected.csv` (columns `apk`,
`category`, `leaks`). For each app: the distinct sink sites (class, method, place) of the report's `flow` rows with
certainty `confirmed`, against the stated number. An app without a stated number is left out.
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assaymark import pipeline

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
ELEVEN = (
    "Aliasing",
    "AndroidSpecific",
    "ArraysAndLists",
    "Callbacks",
    "EmulatorDetection",
    "FieldAndObjectSensitivity",
    "GeneralJava",
    "ImplicitFlows",
    "Lifecycle",
    "Reflection",
    "Threading",
)
"""The categories that FlowDroid's own tests run; inter-component ones are scored apart."""


@dataclass(slots=True)
class Score:
    """Counts over apps: leaks found, false and missed; apps rightly, falsely and not reported."""

    found: int = 0
    false: int = 0
    missed: int = 0
    apps_found: int = 0
    apps_false: int = 0
    apps_missed: int = 0

    def add(self, expected: int, got: int) -> None:
        """Add one app."""
        self.found += min(expected, got)
        self.false += max(0, got - expected)
        self.missed += max(0, expected - got)
        self.apps_found += expected > 0 and got > 0
        self.apps_false += expected == 0 and got > 0
        self.apps_missed += expected > 0 and got == 0

    def text(self) -> str:
        """Give both levels in one line."""
        leaks, apps = (self.found, self.false, self.missed), (self.apps_found, self.apps_false, self.apps_missed)
        return f"leaks {leaks} F1 {_f1(*leaks):.3f}   apps {apps} F1 {_f1(*apps):.3f}"


def _f1(found: int, false: int, missed: int) -> float:
    total = 2 * found + false + missed
    return 2 * found / total if total else 1.0


@dataclass(frozen=True, slots=True)
class App:
    """One app of a suite."""

    path: Path
    category: str
    leaks: int


def apps(folder: Path) -> Iterator[App]:
    """Give the apps of a suite that state a number of leaks."""
    with (folder / "expected.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["leaks"]:
                yield App(folder / row["apk"], row["category"], int(row["leaks"]))


def sink_sites(path: Path, *, implicit: bool) -> int:
    """Give the number of distinct sink sites with a confirmed flow in the report of an app."""
    report = json.loads(pipeline.inspect(path, implicit_flows=implicit).to_json())
    flows = (row for row in report["evidence"].get("flow", ()) if row["certainty"] == "confirmed")
    return len({(row["sink_class"], row["sink_method"], row["sink_at"]) for row in flows})


def run(name: str) -> int:
    """Score a suite, print what was missed and the score of each category; 2 if the suite is not there."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / name
    if not (folder / "expected.csv").is_file():
        print(f"{folder}: no expected.csv")
        return 2
    pipeline.warm()
    scores: dict[str, Score] = defaultdict(Score)
    seconds: list[float] = []
    for app in apps(folder):
        start = time.process_time()
        got = sink_sites(app.path, implicit=app.category == "ImplicitFlows")
        seconds.append(time.process_time() - start)
        scores[app.category].add(app.leaks, got)
        if app.category in ELEVEN:
            scores["eleven"].add(app.leaks, got)
        scores["all"].add(app.leaks, got)
        if got != app.leaks:
            print(f"{app.path.relative_to(folder)}: {app.leaks} expected, {got} found")
    for category, score in scores.items():
        print(f"{category or '(none)':28} {score.text()}")
    print(f"CPU seconds an app, whole inspection: median {statistics.median(seconds):.3f}, most {max(seconds):.3f}")
    return 0
