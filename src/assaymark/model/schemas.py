"""The evidence tables in the languages of others: SQL DDL, JSON Schema, Arrow; all generated from `model.tables`.

In SQL and Arrow every table has one column more, in front: `app`, the key of the subject. One app in memory and a
lake of millions have the same shape, and one clause reads both. A list is a JSON array in a text column there, on
purpose: the same `LIKE '%"imei"%'` then means the same on SQLite and on DuckDB over Parquet.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from assaymark.model.errors import UsageError
from assaymark.model.report import SCHEMA, SEVERITIES, STATUSES
from assaymark.model.tables import TABLES, Column, Table, Type, Value
from assaymark.model.text import LANGUAGES

APP = "app"
"""The column in front of every SQL and Arrow table: whose evidence the row is."""

APPS = "apps"
"""A relation beside the evidence tables: one row for each app, with the one column `app`. Clauses start from it."""

_SQL = {Type.TEXT: "TEXT", Type.INTEGER: "BIGINT", Type.BOOLEAN: "BOOLEAN", Type.LIST: "TEXT"}
_JSON: dict[Type, dict[str, Any]] = {
    Type.TEXT: {"type": ["string", "null"]},
    Type.INTEGER: {"type": ["integer", "null"]},
    Type.BOOLEAN: {"type": ["boolean", "null"]},
    Type.LIST: {"type": ["array", "null"], "items": {"type": "string"}},
}


def create_table(table: Table, columns: Iterable[str] | None = None) -> str:
    """Give the `CREATE TABLE` of one evidence table, in the common subset of SQLite and DuckDB.

    `columns` narrows it to some of the table's columns; `app` is always there, and first.
    """
    wanted = None if columns is None else set(columns)
    kept = [column for column in table.columns if wanted is None or column.name in wanted]
    cells = "".join(f', "{column.name}" {_SQL[column.type]}' for column in kept)
    return f'CREATE TABLE "{table.name}" ("{APP}" TEXT NOT NULL{cells})'


def column_types(table: Table) -> dict[str, str]:
    """Give the SQL type of each column of a table, `app` in front."""
    return {APP: "TEXT"} | {column.name: _SQL[column.type] for column in table.columns}


def ddl() -> list[str]:
    """Give one `CREATE TABLE` for each evidence table, and one for `apps`; SQLite and DuckDB both take them."""
    return [f'CREATE TABLE "{APPS}" ("{APP}" TEXT NOT NULL)', *(create_table(table) for table in TABLES.values())]


def sql_cell(value: Value) -> str | int | bool | None:
    """Give a cell as SQL and Parquet hold it: a list becomes the text of a JSON array."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def arrow_schema(table: Table) -> Any:
    """Give the `pyarrow.Schema` of one table: `app`, then its columns, each field with its meaning as metadata.

    Raises `UsageError` if pyarrow is not installed.
    """
    try:
        arrow = importlib.import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise UsageError("Arrow schemas need the package pyarrow, which is not installed") from error
    types: dict[Type, Callable[[], Any]] = {
        Type.TEXT: arrow.string,
        Type.INTEGER: arrow.int64,
        Type.BOOLEAN: arrow.bool_,
        Type.LIST: arrow.string,
    }
    fields = [arrow.field(APP, arrow.string(), nullable=False)]
    fields += [
        arrow.field(
            column.name,
            types[column.type](),
            nullable=column.name != "id",
            metadata={"meaning": column.meaning, "type": column.type.value},
        )
        for column in table.columns
    ]
    return arrow.schema(fields, metadata={"table": table.name, "meaning": table.meaning})


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a whole report, `assaymark-report/1`."""
    texts = {
        "type": "object",
        "properties": {language: {"type": "string"} for language in LANGUAGES},
        "required": list(LANGUAGES),
        "additionalProperties": False,
    }
    parts: dict[str, Any] = {
        "schema": {"const": SCHEMA},
        "subject": {"type": "object", "description": "identity of what was inspected"},
        "engine": {"type": "object", "description": "versions and digests of program, catalogs and rule packs"},
        "coverage": {"type": "object", "description": "how each detector ended, and how much was decided"},
        "evidence": {
            "type": "object",
            "properties": {
                table.name: {"type": "array", "description": table.meaning, "items": _row_schema(table)}
                for table in TABLES.values()
            },
            "additionalProperties": False,
        },
        "verdicts": {"type": "array", "items": _verdict_schema()},
        "clauses": {"type": "object", "additionalProperties": _clause_schema()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "properties": parts,
        "required": list(parts),
        "additionalProperties": False,
        "$defs": {"texts": texts},
    }


def _row_schema(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column.name: _column_schema(column) for column in table.columns},
        "required": ["id", "at"],
        "additionalProperties": False,
    }


def _column_schema(column: Column) -> dict[str, Any]:
    schema = {"description": column.meaning}
    if column.name in ("id", "at"):
        return {**schema, "type": "string"}
    if column.values:
        return {**schema, "enum": [*column.values, None]}
    return {**schema, **_JSON[column.type]}


def _verdict_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {
        "clause": {"type": "string", "description": "id of the clause; its texts are in `clauses`"},
        "pack": {"type": "string", "description": "id of the rule pack"},
        "subject": {"type": "string", "description": "`app`, or the id of an SDK"},
        "status": {"enum": list(STATUSES)},
        "reason": {"type": "string", "description": "stable key of the reason"},
        "severity": {"enum": list(SEVERITIES)},
        "claim": {"type": "string", "description": "the sentence that may be printed, in English"},
        "claim_zh": {"type": "string", "description": "the same sentence in Chinese"},
        "params": {"type": "object", "description": "what fills the sentence"},
        "evidence": {"type": "array", "items": {"type": "string"}, "description": "ids of evidence rows"},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _clause_schema() -> dict[str, Any]:
    texts = {"$ref": "#/$defs/texts"}
    needed = ("title", "explain", "static_limit", "remedy")
    return {
        "type": "object",
        "properties": dict.fromkeys((*needed, "safe_claim", "notice", "instrument_name", "cite"), texts),
        "required": list(needed),
    }
