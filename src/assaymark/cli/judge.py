"""`assaymark judge`: rule packs over everything that a lake holds."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from assaymark.cli.root import EXIT_USAGE, Help, complain, default_language, main, refuse
from assaymark.cli.table import FORMS, as_csv, as_json, as_text
from assaymark.model.errors import AssaymarkError
from assaymark.model.report import STATUSES
from assaymark.model.text import LANGUAGES, text

ROW = ("app", "clause", "pack", "subject", "status", "reason", "severity", "claim", "claim_zh", "params", "evidence")


@main.command(cls=Help, help="judge")
@click.option(
    "--lake", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR", help="lake-from"
)
@click.option("--pack", "packs", multiple=True, metavar="PACK", help="pack")
@click.option("--only", multiple=True, type=click.Choice(STATUSES), metavar="STATUS", help="only")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", metavar="FORM", help="table-format")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="output")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def judge(lake: Path, packs: tuple[str, ...], only: tuple[str, ...], form: str, output: Path | None, lang: str) -> None:
    """Judge everything in a lake by rule packs; no package is opened."""
    from assaymark import pipeline
    from assaymark.judge.lake import count_lake, judge_lake
    from assaymark.lake import connect

    statuses = only or STATUSES
    try:
        rules = pipeline.load_packs(packs or pipeline.DEFAULT_PACKS)
        with connect(lake) as connection:
            apps = connection.execute("SELECT count(*) FROM apps").fetchone()[0]
            started = time.perf_counter()
            if form == "text":
                titles = {clause.id: clause.title[lang] for pack in rules for clause in pack.clauses}
                emit(_summary(count_lake(connection, rules, only=statuses), titles, lang), output, lang)
            else:
                rows = judge_lake(connection, rules, only=statuses, names=pipeline.category_names())
                emit(_rows(rows, rules, apps, form), output, lang)
            seconds = time.perf_counter() - started
    except AssaymarkError as error:
        refuse(error, lang)
    clauses = sum(len(pack.clauses) for pack in rules)
    each = f"{seconds * 1e6 / max(apps * clauses, 1):.1f}"
    complain(text(lang, "judge.cost", apps=apps, clauses=clauses, seconds=f"{seconds:.2f}", each=each))


def _summary(counts: Iterable[Mapping[str, Any]], titles: Mapping[str, str], lang: str) -> Iterator[str]:
    by_clause: dict[tuple[str, str], Counter[str]] = {}
    for one in counts:
        by_clause.setdefault((one["pack"], one["clause"]), Counter())[one["status"]] += one["n"]
    named = text(lang, "judge.named")
    columns = [text(lang, "judge.clause"), named, *(text(lang, f"status.{status}") for status in STATUSES)]
    columns.append(text(lang, "judge.title"))
    rows = [
        (clause, n["violated"] + n["suspected"], *(n[status] for status in STATUSES), titles[clause])
        for (_, clause), n in by_clause.items()
    ]
    yield as_text(columns, rows, bar=named, wrap=columns[-1])


def _rows(verdicts: Iterable[Mapping[str, Any]], rules: Iterable[Any], apps: int, form: str) -> Iterator[str]:
    if form == "csv":
        return as_csv(ROW, ([verdict[name] for name in ROW] for verdict in verdicts))
    packs = [{"id": pack.id, "version": pack.version, "sha256": pack.sha256} for pack in rules]
    return as_json({"schema": "assaymark-lake-verdicts/1", "apps": apps, "packs": packs}, "verdicts", verdicts)


def emit(pieces: Iterable[str], output: Path | None, lang: str) -> None:
    """Write pieces to a file and say so, or to the terminal; end the program if the file cannot be written."""
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        complain(text(lang, "cli.cannot-write", file=output.name, detail=error.strerror))
        sys.exit(EXIT_USAGE)
    click.echo(text(lang, "cli.written", file=str(output)), err=True)
