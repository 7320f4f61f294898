"""The collected evidence of one subject: rows by table, sorted, each with its stable id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter

from assaymark.model.tables import TABLES, Row, Table, Value


def row_id(table: Table, row: Row) -> str:
    """Give the stable id of a row: the table's name and 12 hex digits over its key columns."""
    key = repr([row[table.position[name]] for name in table.key])
    return f"{table.name}-{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


def _in_order(rows: Iterable[Row]) -> Iterator[Row]:
    """Give rows by place, and by content where several have one place: an order that is the same everywhere."""
    for _place, same in groupby(sorted(rows, key=itemgetter(1)), key=itemgetter(1)):
        held = list(same)
        yield from sorted(held, key=repr) if len(held) > 1 else held


class Evidence:
    """Rows by table. Rows are added in any order and come out sorted, each with an id of its own."""

    def __init__(self) -> None:
        """Start with every table empty."""
        self._rows: dict[str, list[Row]] = {name: [] for name in TABLES}

    def add(self, table: Table, rows: Iterable[Row]) -> int:
        """Add rows to a table; give how many."""
        held = self._rows[table.name]
        before = len(held)
        held.extend(rows)
        return len(held) - before

    def finish(self) -> Mapping[str, list[Row]]:
        """Give all tables, rows sorted by place and content, ids filled in; equal rows are kept once.

        Two different rows with the same key (two calls of one API in one method) get `-2`, `-3`, … behind the id.
        """
        return {name: list(_with_ids(TABLES[name], rows)) for name, rows in self._rows.items()}


def _with_ids(table: Table, rows: list[Row]) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for row in _in_order(set(rows)):
        name = str(row[0]) or row_id(table, row)
        count = seen[name] = seen.get(name, 0) + 1
        yield (name if count == 1 else f"{name}-{count}", *row[1:])


def as_object(table: Table, row: Row) -> dict[str, object]:
    """Give a row as the JSON object of the report: lists as lists, absent cells as `None`."""
    cells = [list(cell) if isinstance(cell, tuple) else cell for cell in row]
    return dict(zip(table.names, cells, strict=True))


def from_object(table: Table, value: Mapping[str, object]) -> Row:
    """Give the row of a report's JSON object. Columns that an older report lacks become `None`."""
    return tuple(_cell(value.get(column.name)) for column in table.columns)


def _cell(value: object) -> Value:
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"not a cell: {type(value).__name__}")
