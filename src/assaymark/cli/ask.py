"""`assaymark ask`: questions over a lake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assaymark.cli.judge import emit
from assaymark.cli.root import EXIT_USAGE, Help, complain, default_language, main, refuse
from assaymark.cli.table import FORMS, as_csv, as_json, as_text
from assaymark.model.errors import AskError, AssaymarkError
from assaymark.model.text import LANGUAGES, text

SHOWN = 50
"""Rows on the terminal; the other forms have them all."""


@main.command(cls=Help, help="ask")
@click.argument("query", required=False)
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="lake-from")
@click.option("--question", metavar="NAME", help="question")
@click.option("--with", "given", multiple=True, metavar="NAME=VALUE", help="with")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", metavar="FORM", help="table-format")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="output")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="plot")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
@click.pass_context
def ask(
    context: click.Context,
    query: str | None,
    lake: Path | None,
    question: str | None,
    given: tuple[str, ...],
    form: str,
    output: Path | None,
    plot: Path | None,
    lang: str,
) -> None:
    """Ask a lake: a ready question, or one SELECT of your own. Without either, list the ready ones."""
    from assaymark import insight

    if query is None and question is None:
        _list(insight.load_questions(), lang)
        return
    if query is not None and question is not None:
        complain(text(lang, "ask.one-of"))
        context.exit(EXIT_USAGE)
    if lake is None:
        complain(text(lang, "ask.which-lake"))
        context.exit(EXIT_USAGE)
    from assaymark.lake import connect

    try:
        ready = insight.load_question(question) if question else None
        parameters = _parameters(given)
        with connect(lake) as connection:
            filled = ready.fill(parameters) if ready else parameters
            table = insight.ask(connection, ready.sql if ready else str(query), filled)
        if plot is not None:
            _plot(table, ready, plot, lang)
        _show(table, ready, form, output, lang)
    except AssaymarkError as error:
        refuse(error, lang)


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise AskError("bad-parameter", one, given=one)
        found[name] = value
    return found


def _list(questions: Any, lang: str) -> None:
    for one in questions:
        asks = " ".join(f"--with {parameter.name}=…" for parameter in one.parameters)
        click.echo(f"{one.id:<20}{one.title[lang]}  {asks}".rstrip())


def _show(table: Any, ready: Any, form: str, output: Path | None, lang: str) -> None:
    from assaymark.insight import count_column

    if form == "csv":
        emit(as_csv(table.columns, table.rows), output, lang)
        return
    if form == "json":
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        head: Mapping[str, Any] = {"question": ready.id} if ready else {}
        emit(as_json({"schema": "assaymark-answer/1", **head}, "rows", rows), output, lang)
        return
    bar = count_column(table, ready.bar if ready else "")
    lines = as_text(table.columns, table.rows[:SHOWN], bar=bar, title=ready.title[lang] if ready else "")
    emit([lines], output, lang)
    if ready:
        complain(ready.explain[lang])
        for name, meaning in ready.columns.items():
            complain(f"  {name}: {meaning[lang]}")
    complain(text(lang, "ask.rows", n=len(table.rows), shown=min(SHOWN, len(table.rows))))


def _plot(table: Any, ready: Any, plot: Path, lang: str) -> None:
    """Write the answer as a picture. Raises `AskError` for one without a column of counts."""
    from assaymark.insight import bar_chart, count_column
    from assaymark.insight.plot import BARS

    column = count_column(table, ready.bar if ready else "")
    if not column:
        raise AskError("no-plot", "no column of counts")
    meaning = ready.columns[column][lang] if ready and column in ready.columns else column
    rows = len(table.rows)
    more = text(lang, "ask.plotted", n=rows, shown=BARS) if rows > BARS else ""
    title = ready.title[lang] if ready else column
    emit([bar_chart(table, column, title=title, meaning=meaning, more=more)], plot, lang)
