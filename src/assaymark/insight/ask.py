"""Run one query over a lake, if it does nothing but read the lake's tables.

Two walls, each enough by itself: the connection of `lake.connect` can reach no file but those of the lake, no network
and no setting; and the query is taken apart by DuckDB's own parser before it runs, and refused unless it is one
`SELECT` over tables of the lake.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.lake.layout import LAKE_TABLES
from assaymark.model.errors import AskError
from assaymark.model.schemas import APPS

TABLES = frozenset({*LAKE_TABLES, APPS})

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "range", "unnest"})
"""Functions that may stand in FROM: they make rows of their arguments, and read nothing."""

FORBIDDEN = frozenset({"getenv", "nextval", "write_log"})
"""Functions that may stand nowhere: they look or write outside of the query."""

_DEEPEST = 400


@dataclass(frozen=True, slots=True)
class Table:
    """The answer: names of columns, and rows of plain values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def ask(connection: Any, query: str, parameters: Mapping[str, str] | None = None) -> Table:
    """Give the answer of a query; `$name` in it stands for a parameter.

    `connection` is one of `lake.connect`. Raises `AskError`: for a query that does more than
    read the lake, with the reason that says what; with `failed` for one that DuckDB cannot run.
    """
    check(connection, query)
    try:
        cursor = connection.cursor().execute(query, dict(parameters or {}))
        return Table(tuple(column[0] for column in cursor.description), cursor.fetchall())
    except Exception as error:  # DuckDB's errors share no useful base with the types that conversion raises
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AskError("failed", detail, detail=detail) from error


def check(connection: Any, query: str) -> None:
    """Raise `AskError` unless the query is one `SELECT` over tables of the lake."""
    tree = json.loads(connection.cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()[0])
    if tree["error"]:
        detail = str(tree.get("error_message", "")).splitlines()[0]
        raise AskError("not-a-select", detail, detail=detail)
    if len(tree["statements"]) != 1:
        raise AskError("not-a-select", f"{len(tree['statements'])} statements", detail="one SELECT at a time")
    nodes = list(_nodes(tree))
    local = {str(entry["key"]).lower() for node in nodes for entry in _ctes(node)}
    for node in nodes:
        _check_node(node, local)


def _ctes(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    held = node.get("cte_map")
    return list(held["map"]) if isinstance(held, dict) else []


def _check_node(node: Mapping[str, Any], local: set[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        name = str(node.get("table_name", "")).lower()
        if node.get("schema_name") or node.get("catalog_name") or name not in TABLES | local:
            raise AskError("no-table", f"no such table: {name}", name=name, known=", ".join(sorted(TABLES)))
    elif kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise AskError("no-source", f"not a source: {name}", name=name)
    called = node.get("function_name")
    if isinstance(called, str) and called.lower() in FORBIDDEN:
        raise AskError("no-source", f"not a source: {called}", name=called)


def _nodes(tree: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object of the parsed query."""
    waiting: list[tuple[object, int]] = [(tree, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            raise AskError("too-deep", f"nested deeper than {_DEEPEST}")
        if isinstance(one, dict):
            yield one
            waiting += [(value, depth + 1) for value in one.values()]
        elif isinstance(one, list):
            waiting += [(value, depth + 1) for value in one]
