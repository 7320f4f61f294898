"""Write the files of a shard, as drafts: from staged inspections, or from older shards.

Both run in a child process, for DuckDB brings threads, and a process with threads must not fork inspections.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assaymark import extend
from assaymark.judge.lake import open_duckdb
from assaymark.lake.index import Index
from assaymark.lake.layout import LAKE_TABLES, OUTCOME, Lake
from assaymark.lake.read import listed, quoted, relation, rows_of
from assaymark.lake.staged import read_staged
from assaymark.model.disk import sync
from assaymark.model.errors import LakeError
from assaymark.model.schemas import APP, column_types
from assaymark.model.tables import GAP, Table

LONGEST_ROW = 64 << 20
"""Bytes of one row as JSON; an app with a longer one is refused."""

_MACHINE_ERRORS = ("IOException", "OutOfMemoryException", "FatalException", "InternalException")
"""DuckDB's errors that no row is to blame for."""

_AS_PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"


def write_staged(lake: Lake, draft: str, staged: Sequence[Path], versions: str, index: Index) -> dict[str, int]:
    """Write the draft files of a shard from staged inspections; give the number of rows of each table.

    Rows of detectors that were not run come from the shards of `index`.
    """
    folder = lake.drafts / draft
    folder.mkdir()
    made: set[str] = set()
    kept: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(staged):
        name, one = read_staged(path)
        if one.kept:
            kept.setdefault(tuple(one.kept), []).append(one.app)
        for filled, lines in one.lines(name, versions).items():
            if lines:
                made.add(filled)
                with (folder / f"{filled}.ndjson").open("a", encoding="utf-8") as file:
                    file.write(lines)
    connection = open_duckdb()
    rows: dict[str, int] = {}
    for table in LAKE_TABLES.values():
        sources = list(_held(connection, lake, index, table, kept))
        if table.name in made:
            sources.append(_lines(table, folder))
        if sources and (count := _write(connection, table, " UNION ALL BY NAME ".join(sources), folder)):
            rows[table.name] = count
    for name in made:
        (folder / f"{name}.ndjson").unlink()
    return rows


def _lines(table: Table, folder: Path) -> str:
    """Give the query of a table's lines of JSON in a folder."""
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in column_types(table).items())
    return (
        f"SELECT * FROM read_json('{quoted(folder / f'{table.name}.ndjson')}', format = 'newline_delimited', "
        f"columns = {{{columns}}}, maximum_object_size = {LONGEST_ROW})"
    )


def _held(
    connection: Any, lake: Lake, index: Index, table: Table, kept: Mapping[tuple[str, ...], Sequence[str]]
) -> Iterator[str]:
    """Give the queries of the rows of a table that are kept, by the detectors that made them and the apps."""
    for detectors, apps in kept.items():
        if table is GAP:
            condition = f" WHERE noted_by IN ({listed(detectors)})"
        elif table is not OUTCOME and (emitters := extend.emitters(table.name)) and set(emitters) <= set(detectors):
            condition = ""
        else:
            continue
        if source := rows_of(connection, lake, index, table, apps):
            yield f"SELECT * FROM ({source}){condition}"


def write_merged(lake: Lake, draft: str, index: Index, shards: Sequence[str]) -> dict[str, int]:
    """Write the draft files of a shard that holds what still counts of older ones; give the rows of each table."""
    folder = lake.drafts / draft
    folder.mkdir()
    connection = open_duckdb()
    rows: dict[str, int] = {}
    for table in LAKE_TABLES.values():
        source = relation(connection, lake, index, table, shards)
        if source and (count := _write(connection, table, f"SELECT * FROM ({source})", folder)):
            rows[table.name] = count
    return rows


def _write(connection: Any, table: Table, query: str, folder: Path) -> int:
    order = f"{APP}, id" if "id" in table.position else APP
    place = folder / f"{table.name}.parquet"
    try:
        copied = connection.execute(f"COPY ({query} ORDER BY {order}) TO '{quoted(place)}' {_AS_PARQUET}").fetchone()
        sync(place)
    except Exception as error:
        if type(error).__name__ in _MACHINE_ERRORS or isinstance(error, OSError):
            raise LakeError("cannot-write", str(error), folder=folder.name, detail=type(error).__name__) from error
        raise  # the rows are to blame
    return int(copied[0])


def to_bytes(rows: Mapping[str, int]) -> bytes:
    """Give the counts as a child sends them."""
    return json.dumps(rows).encode()
