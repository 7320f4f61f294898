"""Clauses as SQL on SQLite: what a query may touch, how evidence gets in, and the frame that every query runs in.

The frame is the same text on SQLite and on DuckDB, so the two promises it keeps hold on both:

* silence is not a pass: `satisfied` and `not-applicable` become `not-assessed` (reason `gap`) where a gap hides a
  table of `needs`;
* every clause answers: an app without a row gets `not-assessed` (reason `no-answer`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from operator import itemgetter

from assaymark.judge.clause import Clause
from assaymark.model.schemas import APP, APPS, create_table, ddl, sql_cell
from assaymark.model.tables import GAP, TABLES, Row, Table, Type

COLUMNS = ("app", "subject", "status", "reason_key", "params", "evidence_ids")
"""What the query of a clause returns, by name."""

FUNCTIONS = frozenset({
    "abs", "avg", "coalesce", "count", "group_concat", "ifnull", "instr", "json", "json_array", "json_group_array",
    "json_object", "length", "like", "lower", "ltrim", "max", "min", "nullif", "replace", "round", "rtrim", "substr",
    "sum", "trim", "upper",
})  # fmt: skip
"""Functions that mean the same on SQLite and DuckDB and touch nothing outside. Others are refused."""

STEP_LIMIT = 200
"""How long one clause may run on SQLite, in blocks of 100,000 steps of its machine: a bound that no clock moves."""

_STEP = 100_000


def frame(clause: Clause) -> str:
    """Give the query of a clause in its frame: sorted rows `app, subject, status, reason, params, evidence`."""
    if clause.manual:
        return (
            f"SELECT app, 'app' AS subject, 'not-assessed' AS status, '{clause.manual}' AS reason, "
            f"NULL AS params, NULL AS evidence FROM {APPS} ORDER BY app"
        )
    # A gap in the code always hides calls; one that hides a table but no calls is a gap in the manifest.
    hiding = [f"hides LIKE '%\"{table}\"%'" for table in clause.needs]
    hiding += [f"(hides LIKE '%\"{table}\"%' AND hides NOT LIKE '%\"api_call\"%')" for table in clause.manifest]
    hides = " OR ".join(hiding) or "1 = 0"
    return f"""WITH verdict AS (
{clause.sql}
), hidden AS (
SELECT app, count(*) AS gaps, group_concat(id) AS ids FROM gap WHERE {hides} GROUP BY app
), judged AS (
SELECT {APPS}.app, coalesce(verdict.subject, 'app') AS subject, verdict.status, verdict.reason_key, verdict.params,
verdict.evidence_ids, hidden.ids AS gap_ids,
CASE WHEN verdict.status IN ('satisfied', 'not-applicable') THEN hidden.gaps END AS gaps
FROM {APPS} LEFT JOIN verdict ON verdict.app = {APPS}.app LEFT JOIN hidden ON hidden.app = {APPS}.app
)
SELECT app, subject,
CASE WHEN status IS NULL OR gaps IS NOT NULL THEN 'not-assessed' ELSE status END AS status,
CASE WHEN status IS NULL THEN 'no-answer' WHEN gaps IS NOT NULL THEN 'gap' ELSE reason_key END AS reason,
CASE WHEN gaps IS NOT NULL THEN json_object('count', gaps) ELSE params END AS params,
CASE WHEN gaps IS NOT NULL THEN gap_ids ELSE evidence_ids END AS evidence
FROM judged ORDER BY app, subject"""


def connect() -> sqlite3.Connection:
    """Open an empty database in memory: `LIKE` minds case, as on DuckDB, and no file can be attached to it."""
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.execute("PRAGMA case_sensitive_like = ON")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def load(evidence: Mapping[str, Sequence[Row]], app: str, clauses: Iterable[Clause]) -> sqlite3.Connection:
    """Put the evidence of one app into memory: only the tables and columns that the clauses read.

    The connection belongs to the thread and is used again for the next app, so that SQLite compiles every query once;
    the caller does not close it.
    """
    wanted: dict[str, set[str]] = {GAP.name: {"id", "hides"}}
    for clause in clauses:
        for table, columns in clause.reads.items():
            wanted.setdefault(table, set()).update(columns)
    connection = _prepared(wanted)
    connection.execute("BEGIN")
    connection.execute(f"INSERT INTO {APPS} VALUES (?)", (app,))
    for name in sorted(wanted):
        _insert(connection, TABLES[name], wanted[name], evidence.get(name, ()))
    connection.execute("COMMIT")
    return connection


_held = threading.local()


def _prepared(wanted: Mapping[str, set[str]]) -> sqlite3.Connection:
    """Give a connection with these tables, empty: the one of this thread if it has them."""
    shape = {name: tuple(sorted(columns)) for name, columns in wanted.items()}
    if getattr(_held, "shape", None) == shape:
        connection: sqlite3.Connection = _held.connection
        connection.set_progress_handler(None, 0)
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for name in (APPS, *sorted(wanted)):
            connection.execute(f'DELETE FROM "{name}"')
        return connection
    connection = connect()
    connection.execute(f"CREATE TABLE {APPS} ({APP} TEXT NOT NULL)")
    for name in sorted(wanted):
        connection.execute(create_table(TABLES[name], wanted[name]))
    _held.shape, _held.connection = shape, connection
    return connection


def bound(connection: sqlite3.Connection) -> None:
    """Allow what runs next on this connection `STEP_LIMIT`; past it SQLite raises `OperationalError`."""
    blocks = count(1)
    connection.set_progress_handler(lambda: int(next(blocks) > STEP_LIMIT), _STEP)


def _insert(connection: sqlite3.Connection, table: Table, wanted: Collection[str], rows: Sequence[Row]) -> None:
    kept = [column for column in table.columns if column.name in wanted]
    # The key is the same in every row, so it is not in the rows: the one row of APPS has it.
    marks = ", ".join([f"(SELECT {APP} FROM {APPS})", *("?" for _ in kept)])
    places = [table.position[column.name] for column in kept]
    cells: Iterable[Sequence[object]] = rows
    if not places:
        cells = [()] * len(rows)
    elif len(places) == 1:
        cells = [(row[places[0]],) for row in rows]
    else:
        cells = map(itemgetter(*places), rows)
    if any(column.type is Type.LIST for column in kept):
        cells = (tuple(sql_cell(cell) if type(cell) is tuple else cell for cell in row) for row in cells)
    connection.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', cells)


class RefusedError(Exception):
    """A query that does something other than read evidence; the text says what."""


def reads(query: str) -> dict[str, tuple[str, ...]]:
    """Give the evidence tables and columns that a query reads, found by preparing it on the empty schema.

    Raises `RefusedError` for a query that does not compile, is more than one statement, or does anything but read
    evidence tables with the functions in `FUNCTIONS`.
    """
    connection = connect()
    for statement in ddl():
        connection.execute(statement)
    seen: dict[str, set[str]] = {}
    faults: list[str] = []

    def authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
        fault = _fault(action, first, second)
        if fault:
            faults.append(fault)
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and first is not None and first in TABLES:
            seen.setdefault(first, set()).update({second} if second else ())
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
    try:
        cursor = connection.execute(f"SELECT * FROM (\n{query}\n) LIMIT 0")
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise RefusedError(faults[0] if faults else str(error)) from error
    finally:
        connection.set_authorizer(None)
    names = tuple(column[0] for column in cursor.description)
    connection.close()
    if names != COLUMNS:
        raise RefusedError(f"the query returns {', '.join(names)}; it must return {', '.join(COLUMNS)}, in this order")
    return {table: tuple(sorted(columns - {APP})) for table, columns in sorted(seen.items())}


def _fault(action: int, first: str | None, second: str | None) -> str:
    if action == sqlite3.SQLITE_SELECT:
        return ""
    if action == sqlite3.SQLITE_READ:
        return "" if first in TABLES or first == APPS else f"the query reads `{first}`, which is no evidence table"
    if action == sqlite3.SQLITE_FUNCTION:
        known = (second or "").lower() in FUNCTIONS
        return "" if known else f"the query calls `{second}`, which is not one of the functions that clauses may use"
    if action == sqlite3.SQLITE_RECURSIVE:
        return "the query is recursive; clauses may not be"
    return "the query does something other than read evidence"
