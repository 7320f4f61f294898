"""Scores the consent order on the shared ConsentBench with the suite's own rule, on the plain and the minified build.

    .venv/bin/python benchmarks/consentbench.py               # both builds of the shared corpus beside the repository
    .venv/bin/python benchmarks/consentbench.py FOLDER        # another copy of the suite
    .venv/bin/python benchmarks/consentbench.py --list        # each row that is wrong, as well

The apps are inspected by themselves, never with their sources. `no-gate` counts as before, for a call that runs in an
app without a gate counts so in the suite; a place that never runs is left out. The suite's `score.py` does the
scoring, in a process of its own. Exits 1 below a bar: precision and recall of 0.90, at most 0.10 unknown, at most 0.05
false assurance.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assaymark import pipeline

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT.parent / "shared" / "corpus" / "consentbench"
BARS = {"precision": 0.90, "recall": 0.90}
CEILINGS = {"unknown": 0.10, "false_assurance": 0.05}
VERDICTS = {"before": "before", "no-gate": "before", "after": "after", "unknown": "unknown"}


def main(arguments: list[str]) -> int:
    """Score both builds; give the exit code."""
    folders = [Path(one) for one in arguments if not one.startswith("-")]
    suite = folders[0] if folders else SUITE
    if not (suite / "score.py").is_file():
        print(f"{suite}: no score.py there: name the folder of the suite", file=sys.stderr)
        return 2
    options = ["--list"] if "--list" in arguments else []
    good = True
    verdicts = []
    for build in (".", "minified"):
        rows, seconds = run(suite / build / "apks")
        verdicts.append(sorted((row["app"], row["api"], row["verdict"]) for row in rows))
        print(f"\n== {'plain' if build == '.' else build}: {seconds:.2f} CPU seconds")
        good &= score(suite, build, rows, options)
    same = verdicts[0] == verdicts[1]
    print(f"\nboth builds get the same verdicts: {'yes' if same else 'no'}")
    return 0 if good and same else 1


def run(folder: Path) -> tuple[list[dict[str, str]], float]:
    """Inspect all apps of a folder; give the rows for `score.py`, and the CPU seconds."""
    rows = []
    start = time.process_time()
    for package in sorted(folder.glob("*.apk")):
        report = pipeline.inspect(package)
        for row in report["evidence"].get("api_call", ()):
            if row["consent"] == "unknown" and row["consent_reason"] == "not-reached":
                continue
            rows.append(
                {
                    "app": package.stem,
                    "class": row["class"],
                    "method": row["method"],
                    "api": row["api"],
                    "verdict": VERDICTS[row["consent"]],
                    "line": str(row["line"] or ""),
                }
            )
    return rows, time.process_time() - start


def score(suite: Path, build: str, rows: list[dict[str, str]], options: list[str]) -> bool:
    """Print what `score.py` says of one build; say whether it clears the bars."""
    with tempfile.TemporaryDirectory() as place:
        results = Path(place) / "results.csv"
        with results.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["app", "class", "method", "api", "verdict", "line"])
            writer.writeheader()
            writer.writerows(rows)
        command = [sys.executable, str(suite / "score.py"), str(results), "--split", "shared", "--dir", build, *options]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(said)
    header, total = (re.split(r"\s+", line.strip()) for line in said.splitlines() if line.startswith(("category", "ALL")))
    names = ["category", "calls", "positive", "TP", "FP", "precision", "recall", "unknown", "false_assurance"]
    found = dict(zip(names, total, strict=False)) if len(header) >= len(names) else {}
    enough = all(float(found[name]) >= bar for name, bar in BARS.items())
    return enough and all(float(found[name]) <= bar for name, bar in CEILINGS.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
