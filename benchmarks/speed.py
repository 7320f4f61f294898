"""Speed as a multiple of the physical limit, measured in the same run.

The physical limit of inspecting one APK is: SHA-256 of the file + inflate of every DEX + one linear walk over every
instruction. Seconds drift from machine to machine; the multiple does not. The order of calls against consent and the
flows of data follow values from method to method, which no linear walk is a measure of: they are stages of their own,
with bars in CPU seconds (2 s for an app with 7 MB of DEX, 8 s for one with 24 MB).

    make bench                                   # the apps of the shared corpus if they are there, else the demo app
    .venv/bin/python benchmarks/speed.py APP.apk

The limit is taken with the tools in `../shared/bench` if they and a C compiler are there, else with the engine's own
example `limit`. All times are CPU milliseconds of one core in a warm process, the best of several runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assaymark import extend, judge, pipeline
from assaymark.analysis.code import code_of
from assaymark.analysis.consent import consent_of
from assaymark.analysis.flow import flows_of
from assaymark.analysis.sensitive import sensitive_places
from assaymark.formats.opening import open_program

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
RUNS = 25
ORDER, FLOWS = "order against consent", "flows of data"


def main(arguments: list[str]) -> int:
    """Print one table for each app."""
    apps = [Path(name) for name in arguments] or default_apps()
    for app in apps:
        limit = physical_limit(app)
        total_limit = sum(limit.values())
        stages = measure(app)
        total = sum(stages.values())
        reading = total - stages[ORDER] - stages[FLOWS]
        print(f"\n{app.name}: {app.stat().st_size / 1e6:.1f} MB")
        parts = ", ".join(f"{name} {value:.1f}" for name, value in limit.items())
        print(f"  physical limit {total_limit:7.1f} ms  ({parts})")
        for name, value in stages.items():
            print(f"  {name:<28}{value:7.1f} ms  {value / total_limit:5.2f} x")
        print(f"  {'all but order and flows':<28}{reading:7.1f} ms  {reading / total_limit:5.2f} x   (bar: 4.00 x)")
        print(f"  {'whole inspection':<28}{total:7.1f} ms  {total / total_limit:5.2f} x")
        print(f"  peak memory of one inspection {peak_memory(app):.0f} MB")
    return 0


def default_apps() -> list[Path]:
    """Give the two apps that the bar is stated for, or the demo app where the corpus is absent."""
    corpus = SHARED / "corpus" / "apk"
    wanted = [corpus / "ApiDemos-debug.apk", *sorted(corpus.glob("appium-espresso-server-*.apk"))]
    here = [path for path in wanted if path.exists()]
    if here:
        return here
    demo = Path(tempfile.gettempdir()) / "assaymark-demo.apk"
    subprocess.run([sys.executable, "-m", "assaymark.testing.demo", str(demo)], check=True)
    return [demo]


def measure(app: Path) -> dict[str, float]:
    """Give CPU milliseconds by stage of the best of several inspections; each inspection starts from the file.

    The best is the one with the least of what the multiple counts; order and flows are the least of all runs.
    """
    runs = []
    for _ in range(RUNS):
        with pipeline.collector_paused():
            runs.append(one_inspection(app))
    apart = {name: min(run[name] for run in runs) for name in (ORDER, FLOWS)}
    return min(({**run, **apart} for run in runs), key=lambda run: sum(run.values()))


def one_inspection(app: Path) -> dict[str, float]:
    """Inspect once, as `pipeline.inspect` does, with a clock between the stages."""
    out: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> object:
        start = time.process_time()
        result = work()
        out[name] = out.get(name, 0.0) + (time.process_time() - start) * 1e3
        return result

    program = timed("open, digest, manifest", lambda: open_program(app))
    timed("code and call graph", lambda: code_of(program))
    timed("sensitive places", lambda: sensitive_places(program))
    timed(FLOWS, lambda: flows_of(program))
    timed(ORDER, lambda: consent_of(program))
    evidence = pipeline.Evidence()
    runs = [
        timed(f"detector {one.id}", lambda one=one: pipeline._run(one, program, evidence)) for one in extend.detectors()
    ]
    tables = timed("collect evidence", evidence.finish)
    packs = pipeline.load_packs(pipeline.DEFAULT_PACKS)
    verdicts = timed("judge", lambda: judge.judge(tables, packs, program.sha256))
    report = timed("report", lambda: pipeline.make_report(program, tables, runs, packs, verdicts))
    timed("JSON", lambda: report.to_json())
    return out


def physical_limit(app: Path) -> dict[str, float]:
    """Give the three parts of the limit in milliseconds."""
    bench = SHARED / "bench"
    compiler = shutil.which("cc")
    if (bench / "dexscan.c").exists() and compiler:
        with tempfile.TemporaryDirectory() as folder:
            scan = Path(folder) / "dexscan"
            subprocess.run(
                [compiler, "-O2", "-o", str(scan), str(bench / "dexscan.c")], check=True, capture_output=True
            )
            done = subprocess.run(
                [sys.executable, str(bench / "limit.py"), str(app)],
                capture_output=True,
                text=True,
                env={**os.environ, "DEXSCAN": str(scan)},
            )
        if done.returncode == 0:
            measured = json.loads(done.stdout.splitlines()[-1])
            inflate = min(measured["zlib"], measured["isal"], measured["zlibng"])
            walk = measured.get("scan", {}).get("s", 0.0)
            return {"sha256": measured["sha256"] * 1e3, "inflate": inflate * 1e3, "walk": walk * 1e3}
    command = ["cargo", "run", "--quiet", "--release", "--example", "limit", "--", str(app)]
    done = subprocess.run(command, cwd=ROOT / "native", capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def peak_memory(app: Path) -> float:
    """Give the peak resident memory of one inspection in a fresh process, in MB."""
    # VmHWM and not ru_maxrss: the latter starts from what the process that started it had.
    code = (
        "import sys; from assaymark import pipeline; pipeline.inspect(sys.argv[1]).to_json(); "
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(app)], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
