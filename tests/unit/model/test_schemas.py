"""The evidence tables as SQL, JSON Schema and Arrow: the same columns everywhere."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import pytest

from assaymark.model.errors import UsageError
from assaymark.model.evidence import as_object
from assaymark.model.report import SCHEMA, Report
from assaymark.model.schemas import APP, APPS, arrow_schema, create_table, ddl, json_schema, sql_cell
from assaymark.model.tables import PERMISSION, POLICY_RIGHT, STATEMENT, TABLES


def columns(connection: Any, table: str) -> list[str]:
    return [one[0] for one in connection.execute(f'SELECT * FROM "{table}" LIMIT 0').description]


@pytest.mark.parametrize("engine", ["sqlite3", "duckdb"])
def test_both_engines_take_the_ddl(engine: str) -> None:
    connection: Any = sqlite3.connect(":memory:") if engine == "sqlite3" else pytest.importorskip(engine).connect()
    for statement in ddl():
        connection.execute(statement)
    for table in TABLES.values():
        assert columns(connection, table.name) == [APP, *(column.name for column in table.columns)]
    assert columns(connection, APPS) == [APP]
    row = PERMISSION.row("m", id="p", name="CAMERA", requested=True, defined=False, max_sdk=30, callers=("app", '"x"'))
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(f"INSERT INTO permission VALUES ({marks})", ["a", *map(sql_cell, row)])
    kept = "SELECT name FROM permission WHERE requested IS TRUE AND defined IS FALSE AND background IS NULL"
    assert connection.execute(f"""{kept} AND callers LIKE '%"app"%'""").fetchall() == [("CAMERA",)]
    assert connection.execute(f"""{kept} AND callers LIKE '%"ap"%'""").fetchall() == []
    connection.close()


def test_create_table_can_be_narrow() -> None:
    assert (
        create_table(STATEMENT, ["end", "kind"])
        == 'CREATE TABLE "statement" ("app" TEXT NOT NULL, "kind" TEXT, "end" BIGINT)'
    )
    assert create_table(POLICY_RIGHT, []) == 'CREATE TABLE "policy_right" ("app" TEXT NOT NULL)'


def report(**changes: Any) -> dict[str, Any]:
    row = PERMISSION.row("m", id="p", name="CAMERA", requested=True, usage="unused", callers=("app",))
    evidence: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    evidence["permission"] = [as_object(PERMISSION, row) | changes]
    return dict(Report(subject={}, engine={}, coverage={}, evidence=evidence, verdicts=[], clauses={}))


def test_json_schema_accepts_a_report_and_refuses_strangers() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    assert schema["title"] == SCHEMA
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    checker.validate(report())
    checker.validate(report(usage=None, callers=None))
    for bad in ({"usage": "often"}, {"requested": 1}, {"callers": "app"}, {"colour": "red"}, {"id": None}):
        assert not checker.is_valid(report(**bad)), bad
    assert not checker.is_valid(report() | {"schema": "other/1"})
    assert not checker.is_valid(report() | {"extra": 1})


def test_arrow_schema_has_the_same_columns() -> None:
    arrow = pytest.importorskip("pyarrow")
    for table in TABLES.values():
        schema = arrow_schema(table)
        assert schema.names == [APP, *(column.name for column in table.columns)]
        assert schema.metadata[b"table"] == table.name.encode()
    fields = arrow_schema(PERMISSION)
    assert fields.field("requested").type == arrow.bool_()
    assert fields.field("max_sdk").type == arrow.int64()
    assert fields.field("callers").type == arrow.string()
    assert fields.field("callers").metadata[b"type"] == b"list"


def test_arrow_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow"):
        arrow_schema(PERMISSION)
