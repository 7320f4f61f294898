"""The same clauses over a lake of apps, on DuckDB."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from assaymark.judge.clause import Pack
from assaymark.judge.explain import Names
from assaymark.judge.run import make_verdict, read_answer
from assaymark.judge.sql import frame
from assaymark.model.errors import LakeError, UsageError
from assaymark.model.report import STATUSES
from assaymark.model.schemas import APP, APPS, create_table
from assaymark.model.tables import ARTIFACT, TABLES

_BATCH = 2048


def open_lake(parquet: Mapping[str, str] | None = None) -> Any:
    """Open DuckDB in memory with a view for each table of the lake: name of the table to the glob of its Parquet files.

    The connection reads these files and nothing else: no other file, no network, no extension. Raises `UsageError` if
    DuckDB is not installed (extra `lake`), or for a name that is no evidence table.
    """
    connection = open_duckdb()
    for name, glob in (parquet or {}).items():
        if name not in TABLES:
            raise UsageError(f"no such evidence table: {name}")
        connection.read_parquet(glob, union_by_name=True).create_view(name)
    lock(connection, {_fixed_part(glob) for glob in (parquet or {}).values()})
    return connection


def open_duckdb() -> Any:
    """Open DuckDB in memory: it loads no extension, and sees no variable of Python. Raises `LakeError` without it."""
    try:
        duckdb = importlib.import_module("duckdb")
    except ModuleNotFoundError as error:
        raise LakeError("no-duckdb", "a lake needs DuckDB: install assaymark[lake]") from error
    off = dict.fromkeys(
        ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements"), "false"
    )
    return duckdb.connect(":memory:", config=off)


def lock(connection: Any, folders: Iterable[Path]) -> None:
    """Let the connection touch these folders and no other file, no network, no extension; for good."""
    listed = ", ".join("'" + str(folder).replace("'", "''") + "'" for folder in sorted(folders))
    connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _fixed_part(glob: str) -> Path:
    """Give the folder in front of the first wildcard."""
    parts = Path(glob).parent.parts
    return Path(*takewhile(lambda part: not any(mark in part for mark in "*?["), parts))


def judge_lake(
    connection: Any, packs: Iterable[Pack], *, only: Collection[str] = STATUSES, names: Names | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of all clauses over all apps: the verdict of `judge`, and `app` in front.

    `connection` is a DuckDB connection in which relations are named as the evidence tables, with the column `app` in
    front; the apps are those of `artifact`. Tables that the lake does not have count as empty. `only` keeps some
    statuses. Rows come clause by clause, each sorted by app and subject. DuckDB's own errors pass through: a lake
    that lacks a column is a broken lake.
    """
    _complete(connection)
    wanted = [status for status in STATUSES if status in only]
    for pack in packs:
        for clause in pack.clauses:
            cursor = connection.cursor()
            query = f"SELECT * FROM ({frame(clause)}) WHERE list_contains(?, status) ORDER BY app, subject"
            cursor.execute(query, [wanted])
            while rows := cursor.fetchmany(_BATCH):
                for app, *answer in rows:
                    yield {"app": app, **make_verdict(pack, clause, read_answer(answer), names)}


def count_lake(connection: Any, packs: Iterable[Pack], *, only: Collection[str] = STATUSES) -> Iterator[dict[str, Any]]:
    """Yield how many answers of each status and reason every clause has: `clause, pack, severity, status, reason, n`.

    This is what `judge_lake` yields, counted inside DuckDB; no row of an app leaves it.
    """
    _complete(connection)
    for pack in packs:
        for clause in pack.clauses:
            query = f"SELECT status, reason, count(*) FROM ({frame(clause)}) GROUP BY ALL ORDER BY ALL"
            for status, reason, n in connection.cursor().execute(query).fetchall():
                if status in only:
                    head = {"clause": clause.id, "pack": pack.id, "severity": clause.severity}
                    yield {**head, "status": status, "reason": reason, "n": n}


def _complete(connection: Any) -> None:
    present = {name for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall()}
    for table in TABLES.values():
        if table.name not in present:
            connection.execute(create_table(table))
    if APPS not in present:
        connection.execute(f'CREATE VIEW {APPS} AS SELECT DISTINCT {APP} FROM "{ARTIFACT.name}"')
