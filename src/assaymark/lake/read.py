"""Open a lake for reading: DuckDB with one view for each table, over the live shards and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from assaymark.lake.index import Index, read_index
from assaymark.lake.layout import LAKE_TABLES, OUTCOME, Lake
from assaymark.model.schemas import APP, APPS, column_types
from assaymark.model.tables import Table


@contextmanager
def connect(folder: str | PathLike[str]) -> Iterator[Any]:
    """Give a DuckDB connection with the tables of the lake: all of `model.tables`, `outcome`, and `apps`.

    `apps` has the one column `app`: the packages that were inspected. The connection reads the files of this lake and
    nothing else, and sees the lake as it is now, whatever is written meanwhile. Raises `LakeError` for a folder that
    is no lake, or if DuckDB is not installed.
    """
    from assaymark.judge.lake import lock, open_duckdb  # here: a batch that finds nothing to do does not read

    lake = Lake(Path(folder).absolute())
    with lake.reading():
        index = read_index(lake)
        connection = open_duckdb()
        try:
            for table in LAKE_TABLES.values():
                source = relation(connection, lake, index, table, list(index.shards)) or _empty(table)
                connection.execute(f'CREATE VIEW "{table.name}" AS {source}')
            inspected = f"SELECT {APP} FROM {OUTCOME.name} WHERE status = 'inspected'"
            connection.execute(f"CREATE VIEW {APPS} AS {inspected}")
            lock(connection, [lake.folder / name for name in LAKE_TABLES])
            yield connection
        finally:
            connection.close()


def relation(connection: Any, lake: Lake, index: Index, table: Table, shards: Sequence[str]) -> str:
    """Give the query of a table's rows in these shards that still count, with all columns of today; empty for none."""
    held = [shard for shard in shards if index.shards[shard].tables.get(table.name)]
    whole = [shard for shard in held if not index.superseded(shard)]
    queries = [_files(lake, table, whole)] if whole else []
    for shard in held:
        if gone := index.superseded(shard):
            queries.append(f"{_files(lake, table, [shard])} WHERE {APP} NOT IN ({listed(gone)})")
    return _completed(connection, table, queries)


def rows_of(connection: Any, lake: Lake, index: Index, table: Table, apps: Collection[str]) -> str:
    """Give the query of a table's rows of some apps, as `relation` does."""
    by_shard: dict[str, list[str]] = {}
    for app in sorted(apps):
        by_shard.setdefault(index.owner[app], []).append(app)
    queries = [
        f"{_files(lake, table, [shard])} WHERE {APP} IN ({listed(group)})"
        for shard, group in by_shard.items()
        if index.shards[shard].tables.get(table.name)
    ]
    return _completed(connection, table, queries)


def listed(names: Iterable[str]) -> str:
    """Give names of ours (digests, ids) as a list in SQL."""
    return ", ".join(f"'{name}'" for name in names)


def _completed(connection: Any, table: Table, queries: Sequence[str]) -> str:
    """Join queries of a table into one with all columns of today; empty for none."""
    if not queries:
        return ""
    query = " UNION ALL BY NAME ".join(queries)
    present = {row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()}
    missing = [name for name in column_types(table) if name not in present]
    if missing:  # shards of an earlier version
        query = f"{_empty(table)} UNION ALL BY NAME {query}"
    names = ", ".join(f'"{name}"' for name in column_types(table))
    return f"SELECT {names} FROM ({query})"


def _files(lake: Lake, table: Table, shards: Sequence[str]) -> str:
    listed = ", ".join(f"'{quoted(lake.parquet(table.name, shard))}'" for shard in shards)
    return f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"


def _empty(table: Table) -> str:
    cells = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in column_types(table).items())
    return f"SELECT {cells} WHERE 1 = 0"


def quoted(path: Path) -> str:
    """Give a path as it stands inside single quotes in SQL."""
    return str(path).replace("'", "''")
