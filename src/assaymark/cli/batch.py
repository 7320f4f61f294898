"""`assaymark batch`: a folder of packages into a lake."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.root import EXIT_USAGE, Help, complain, default_language, main, refuse
from assaymark.model.errors import AssaymarkError
from assaymark.model.text import LANGUAGES, text

if TYPE_CHECKING:
    from assaymark.batch import Summary

EXIT_INTERRUPTED = 130
QUIET_SECONDS = 60
"""How often a line is written where the output is no terminal."""


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@main.command(cls=Help, help="batch")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR", help="lake-to")
@click.option("--jobs", type=click.IntRange(1, 512), default=_processors, metavar="N", help="jobs")
@click.option("--retry", is_flag=True, help="retry")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def batch(folder: Path, lake: Path, jobs: int, retry: bool, lang: str) -> None:
    """Inspect every package of a folder tree into a lake."""
    from assaymark.batch import Batch

    if not folder.is_dir():
        complain(text(lang, "batch.no-folder", folder=str(folder)))
        sys.exit(EXIT_USAGE)
    one = Batch(folder, lake, jobs=jobs, retry=retry)
    try:
        with _progress(lang) as progress:
            summary = one.run(progress)
    except KeyboardInterrupt:
        complain(text(lang, "batch.interrupted"))
        sys.exit(EXIT_INTERRUPTED)
    except AssaymarkError as error:
        refuse(error, lang)
    click.echo(_sentence(summary, lang))
    if summary.renewed:
        click.echo(text(lang, "batch.renewed", n=summary.renewed))
    for reason, n in sorted(summary.refused.items(), key=lambda item: (-item[1], item[0])):
        click.echo(text(lang, "batch.refused", reason=reason, n=n))


def _sentence(summary: Summary, lang: str) -> str:
    return text(
        lang,
        "batch.summary",
        files=summary.files,
        inspected=summary.inspected,
        refused=summary.refused.total(),
        known=summary.known,
        twins=summary.twins,
        unreadable=summary.unreadable,
    )


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[Summary], None]]:
    if sys.stderr.isatty():
        with _bar(lang) as show:
            yield show
    else:
        yield _lines(lang)


def _lines(lang: str) -> Callable[[Summary], None]:
    """Write one line a minute."""
    said = started = time.monotonic()

    def show(summary: Summary) -> None:
        nonlocal said
        if time.monotonic() - said >= QUIET_SECONDS:
            said = time.monotonic()
            rate = f"{summary.done / (said - started):.1f}"
            complain(text(lang, "batch.line", done=summary.done, files=summary.files, rate=rate))

    return show


@contextmanager
def _bar(lang: str) -> Iterator[Callable[[Summary], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    refused = TextColumn("{task.fields[refused]}")
    left = TimeRemainingColumn(compact=True)
    # Without a thread that redraws: children are forked from this process.
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        rate,
        left,
        refused,
        console=Console(stderr=True),
        auto_refresh=False,
    )
    task = bar.add_task(text(lang, "batch.title"), total=None, rate="", refused="")
    drawn = 0.0
    started = time.monotonic()

    def show(summary: Summary) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - drawn >= 0.1 or summary.done == summary.files:
            drawn = now
            speed = text(lang, "batch.rate", rate=f"{summary.done / max(now - started, 0.001):.1f}")
            seen = text(lang, "batch.refused-so-far", n=summary.refused.total())
            bar.update(task, total=summary.files, completed=summary.done, rate=speed, refused=seen)
            bar.refresh()

    with bar:
        yield show
