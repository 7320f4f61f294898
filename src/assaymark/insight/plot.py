"""An answer as a picture: bars for one column of counts, as SVG that a browser or a report shows without help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from assaymark.insight.ask import Table
from assaymark.render import clean

BARS = 40
"""Bars that are drawn; the picture says of how many."""

_WIDTH, _LABEL, _BAR, _LINE, _TOP = 960, 330, 520, 24, 64
_LONGEST = 44
_FONT = "system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


def count_column(table: Table, named: str = "") -> str:
    """Give the column to draw: the one that is named if the answer has it, else the first of counts; empty for none."""
    if named in table.columns:
        return named
    for number, name in enumerate(table.columns):
        if table.rows and number and all(type(row[number]) is int for row in table.rows):
            return str(name)
    return ""


def bar_chart(table: Table, column: str, *, title: str, meaning: str, more: str) -> str:
    """Give the picture of an answer: a bar for each row, in the order of the answer.

    `meaning` says what the bars count, `more` stands below where there are more rows than bars. The bars are named by
    the columns in front that hold text. Raises `ValueError` for a column that the answer does not have.
    """
    place = table.columns.index(column)
    rows = table.rows[:BARS]
    longest = max((float(row[place] or 0) for row in rows), default=0.0) or 1.0
    height = _TOP + _LINE * len(rows) + (36 if more else 16)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
            f'height="{height}" font-family="{_FONT}" font-size="13" role="img">',
            f"<title>{_text(title, 200)}</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="26" font-size="17" font-weight="600" fill="#1c2a33">{_text(title, 90)}</text>',
            f'<text x="16" y="48" fill="#51636f">{_text(meaning, 120)}</text>',
            *_bars(table.columns, rows, place, longest),
            *([f'<text x="16" y="{height - 14}" fill="#51636f">{_text(more, 120)}</text>'] if more else []),
            "</svg>\n",
        )
    )


def _bars(columns: Sequence[str], rows: Sequence[Sequence[Any]], place: int, longest: float) -> Iterator[str]:
    texts = [at for at in range(len(columns)) if at != place and any(isinstance(row[at], str) for row in rows)][:2]
    for number, row in enumerate(rows):
        y = _TOP + _LINE * number
        name = " · ".join(str(row[at]) for at in texts if row[at] not in (None, ""))
        width = round(_BAR * float(row[place] or 0) / longest, 1)
        yield (
            f'<text x="{_LABEL}" y="{y + 16}" text-anchor="end" fill="#1c2a33">{_text(name, _LONGEST)}</text>'
            f'<rect x="{_LABEL + 8}" y="{y + 4}" width="{width}" height="{_LINE - 8}" rx="2" fill="#2b7a9b"/>'
            f'<text x="{_LABEL + 14 + width}" y="{y + 16}" fill="#1c2a33">{_text(f"{row[place] or 0:,}", 20)}</text>'
        )


def _text(value: str, limit: int) -> str:
    """Give foreign text so that it stays text: bounded, visible, escaped."""
    return escape(clean(value, limit), {'"': "&quot;"})
