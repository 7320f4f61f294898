"""Cost of data flow on real apps: microseconds for each instruction, the share of methods that is solved, CPU, memory.

    .venv/bin/python benchmarks/flowcost.py              # ten apps of the shared corpus
    .venv/bin/python benchmarks/flowcost.py APP.apk …

Instructions and methods with code are those of all DEX files, libraries included; a method is solved if its code was
run abstractly in some context. CPU seconds are the best of several runs in a warm process; memory is the peak of one
inspection in a process of its own. Prints the rows of the table in `docs/why/measured.md`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from speed import SHARED, peak_memory

from assaymark import pipeline
from assaymark.analysis.code import code_of
from assaymark.analysis.flow import flows_of
from assaymark.formats.opening import open_program

APPS = (
    "appium-espresso-server-9.3.6-androidTest",
    "ApiDemos-debug",
    "io.appium.settings-8.0.10",
    "exodus-blooddonation",
    "abcore-prod-debug",
    "com.test.intent_filter",
    "uiautomator2-3.7.1-app",
    "STFService",
    "a2dp.Vol_137",
    "com.teleca.jamendo_35",
)
RUNS = 3


def main(arguments: list[str]) -> int:
    """Print one row for each app; 2 if there is none."""
    folder = SHARED / "corpus" / "apk"
    paths = [Path(name) for name in arguments] or [folder / f"{name}.apk" for name in APPS]
    paths = [path for path in paths if path.is_file()]
    if not paths:
        print("no apps: name some", file=sys.stderr)
        return 2
    pipeline.warm()
    print("| app | instructions | methods solved | flow, µs an instruction | flow, CPU s | inspection, CPU s | MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for path in paths:
        print(row(path), flush=True)
    return 0


def row(path: Path) -> str:
    """Measure one app; give its row."""
    flow, solved, instructions, methods = min(flow_seconds(path) for _ in range(RUNS))
    whole = min(inspection_seconds(path) for _ in range(RUNS))
    return (
        f"| `{path.stem}` | {instructions:,} | {solved:,} of {methods:,} ({solved / max(methods, 1):.1%}) "
        f"| {flow / max(instructions, 1) * 1e6:.2f} | {flow:.2f} | {whole:.2f} | {peak_memory(path):.0f} |"
    )


def flow_seconds(path: Path) -> tuple[float, int, int, int]:
    """Give CPU seconds of data flow alone, methods solved, instructions, and methods with code."""
    program = open_program(path)
    coverage = code_of(program).coverage()
    start = time.process_time()
    work = flows_of(program).work
    return time.process_time() - start, work["methods"], coverage["instructions"], coverage["code_methods"]


def inspection_seconds(path: Path) -> float:
    """Give CPU seconds of a whole inspection."""
    start = time.process_time()
    pipeline.inspect(path)
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
