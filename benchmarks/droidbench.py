"""Scores DroidBench: `.venv/bin/python benchmarks/droidbench.py [FOLDER]`; see `leaks.py`."""

from __future__ import annotations

import sys

from leaks import run

if __name__ == "__main__":
    sys.exit(run("droidbench"))
