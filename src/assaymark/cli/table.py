"""Tables on the terminal and in files: of plain values, with a bar for one column of counts."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

BAR_WIDTH = 16
WIDTH_OF_FILES = 140
LONGEST_CELL = 200
FORMS = ("text", "csv", "json")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a CSV file (RFC 4180) in pieces; the first line names the columns."""
    yield _csv_line(columns)
    for row in rows:
        yield _csv_line(
            [json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict) else cell for cell in row]
        )


def _csv_line(row: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(row)
    return line.getvalue()


def as_json(head: Mapping[str, Any], name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a JSON object in pieces: what `head` says, and under `name` the list of rows, one a line."""
    opened = json.dumps(head, ensure_ascii=False)[:-1]
    yield f"{opened}, {json.dumps(name)}: ["
    between = "\n"
    for row in rows:
        yield between + json.dumps(row, ensure_ascii=False, default=str)
        between = ",\n"
    yield "\n]}\n"


def as_text(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    bar: str = "",
    wrap: str = "",
    title: str = "",
) -> str:
    """Give a table for the terminal; the column `bar` holds counts, and is drawn as well.

    The texts of the column `wrap` are long: the others get their room first. Cells are foreign text: nothing in them
    breaks lines or commands the terminal.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from assaymark.render import clean

    place = columns.index(bar) if bar in columns else -1
    longest = max((float(row[place] or 0) for row in rows), default=0.0) if place >= 0 else 0.0
    table = Table(box=None, pad_edge=False, header_style="bold", title=title or None, title_justify="left")
    for number, name in enumerate(columns):
        counts = all(isinstance(row[number], int | float | None) for row in rows)
        table.add_column(
            Text(name),
            justify="right" if counts and rows else "left",
            overflow="fold",
            no_wrap=bool(wrap) and name != wrap,
        )
        if number == place:
            table.add_column("", width=BAR_WIDTH)
    for row in rows:
        cells: list[Text] = []
        for number, cell in enumerate(row):
            cells.append(Text("" if cell is None else clean(str(cell), LONGEST_CELL)))
            if number == place:
                filled = round(BAR_WIDTH * float(cell or 0) / longest) if longest else 0
                cells.append(Text("█" * filled, style="cyan"))
        table.add_row(*cells)
    out = io.StringIO()
    console = Console(file=out, width=terminal_width(), force_terminal=False)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def terminal_width() -> int:
    """Give the width to print for: that of the terminal, or what a file holds well."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_OF_FILES
