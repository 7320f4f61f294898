"""Throughput of a batch, cost of a second run and of a run after one detector changed, cost of judging a lake.

    .venv/bin/python benchmarks/batch.py                 # every package of the shared corpus if it is there
    .venv/bin/python benchmarks/batch.py FOLDER [COPIES]

Batches run as a user would run them, in processes of their own; their CPU time, children included, is what counts:
seconds of the clock say how busy the machine was. The lake that is judged holds every app of the first lake COPIES
times, so that the cost of one app shows and not the cost of starting.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assaymark import extend, pipeline
from assaymark.judge.lake import count_lake, open_duckdb
from assaymark.lake import connect, read_index
from assaymark.lake.index import Commit, commit_shard
from assaymark.lake.layout import LAKE_TABLES, Lake
from assaymark.lake.read import quoted, relation

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
ALL_APPS = 3_220_000
"""Apps in the stores that a regulator looks after (design target)."""


def main(arguments: list[str]) -> int:
    """Print what was measured."""
    folder = Path(arguments[0]) if arguments else CORPUS
    copies = int(arguments[1]) if len(arguments) > 1 else 250
    if not folder.is_dir():
        print("no folder of packages: name one", file=sys.stderr)
        return 2
    place = Path(tempfile.mkdtemp(prefix="assaymark-batch-"))
    try:
        first = run(folder, place / "lake")
        second = min(run(folder, place / "lake") for _ in range(3))
        batch_lines(place / "lake", first, second)
        change_lines(folder, place / "lake", first)
        judge_lines(place, copies)
    finally:
        shutil.rmtree(place)
    return 0


AFTER_A_CHANGE = """
from dataclasses import replace
from sys import argv
from assaymark import extend, pipeline
from assaymark.batch import installed
from assaymark.cli import main
detectors = tuple(replace(one, version=99) if one.id == argv[1] else one for one in extend.detectors())
extend.detectors = lambda: detectors
installed.versions = pipeline.versions
main(argv[2:])
"""
"""Runs the command line as if one detector, the first argument, had a new version."""


def run(folder: Path, lake: Path, changed: str = "") -> float:
    """Run a batch, as if a detector had `changed`; give its CPU seconds."""
    start = ["-c", AFTER_A_CHANGE, changed] if changed else ["-m", "assaymark"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *start, "batch", str(folder), "--lake", str(lake)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def batch_lines(lake: Path, first: float, second: float) -> None:
    """Print throughput, the share of the second run, and the size of the lake."""
    with connect(lake) as connection:
        files, size = connection.execute("SELECT count(*), sum(size) FROM outcome").fetchone()
    stored = sum(path.stat().st_size for path in lake.rglob("*.parquet"))
    print(f"files {files}, mean size {size / files / 1e6:.2f} MB")
    print(f"first run   {first:7.2f} CPU s = {first / files * 1e3:.1f} ms a file, {first / size * 1e9:.1f} ms a MB")
    print(f"            {files / first * 3600:,.0f} apps a core-hour")
    print(f"            {ALL_APPS:,} apps: {ALL_APPS * first / files / 3600:,.0f} core-hours at this mean size")
    print(f"second run  {second:7.2f} CPU s = {second / first:.1%} of the first   (bar: 10 %)")
    print(
        f"lake        {stored / files:,.0f} bytes an app; {ALL_APPS:,} apps: {ALL_APPS * stored / files / 1e9:,.1f} GB"
    )


def change_lines(folder: Path, lake: Path, first: float) -> None:
    """Print what it costs when one detector changes. Each is measured on a copy of the same lake."""
    print("one detector changed, share of the first run; what is left is opening files and making the call graph")
    for detector in extend.detectors():
        copy = lake.with_name("changed")
        shutil.copytree(lake, copy)
        cost = run(folder, copy, detector.id)
        shutil.rmtree(copy)
        print(f"  {detector.id:16} {cost:7.2f} CPU s = {cost / first:.1%}")


def judge_lines(place: Path, copies: int) -> None:
    """Print what it costs to judge a large lake by the built-in pack."""
    large = multiply(Lake(place / "lake"), Lake(place / "large"), copies)
    rules = pipeline.load_packs(pipeline.DEFAULT_PACKS)
    clauses = sum(len(pack.clauses) for pack in rules)
    with connect(large.folder) as connection:
        apps = connection.execute("SELECT count(*) FROM apps").fetchone()[0]
        cpu, clock = time.process_time(), time.perf_counter()
        answers = sum(one["n"] for one in count_lake(connection, rules))
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    each = cpu / apps / clauses
    print(f"judge       {apps:,} apps, {clauses} clauses, {answers:,} answers: {cpu:.1f} CPU s, {clock:.1f} s")
    print(f"            {each * 1e6:.2f} CPU microseconds for each app and clause")
    print(f"            one clause over {ALL_APPS:,} apps: {each * ALL_APPS:.0f} CPU s")


def multiply(small: Lake, large: Lake, copies: int) -> Lake:
    """Make a lake that holds every app of another one many times, under other names."""
    large.create()
    index = read_index(small)
    connection = open_duckdb()
    (large.drafts / "1").mkdir()
    rows: dict[str, int] = {}
    for table in LAKE_TABLES.values():
        if source := relation(connection, small, index, table, list(index.shards)):
            target = quoted(large.drafts / "1" / f"{table.name}.parquet")
            copied = f"SELECT * EXCLUDE (range) REPLACE (range || ':' || app AS app) FROM ({source}), range({copies})"
            query = f"COPY ({copied} ORDER BY app) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
            rows[table.name] = connection.execute(query).fetchone()[0]
    commit_shard(large, Commit("000001", rows, {}, {}, {}), {name: f"1/{name}.parquet" for name in rows})
    return large


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
