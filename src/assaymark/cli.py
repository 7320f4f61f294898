"""The command line: arguments and exit codes, nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from assaymark import __version__
from assaymark.model.errors import AssaymarkError, CannotInspect
from assaymark.model.report import SEVERITIES, Report
from assaymark.model.text import LANGUAGES, text

EXIT_CLEAN, EXIT_FOUND, EXIT_USAGE, EXIT_CANNOT = 0, 1, 2, 3
"""Exit codes: nothing at or above the threshold; something; the call is wrong; the file could not be inspected."""

MAX_SENTENCE = 2000
"""Characters of a sentence on the terminal that may hold foreign text."""

FAIL_ON = (
    "never",
    "violated",
    "suspected",
    *(f"{status}:{level}" for status in ("violated", "suspected") for level in SEVERITIES),
)


def default_language() -> str:
    """Give the language of the user's environment: Chinese where the locale says so, else English."""
    import os

    spoken = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if spoken.lower().startswith("zh") else "en"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="assaymark")
def main() -> None:
    """Test mobile apps for how they treat personal information.

    测试移动应用如何处理个人信息，逐条给出结论。
    """


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", default="text", metavar="FORM", help="text (default), json or html.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to the terminal."
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=default_language,
    help="zh or en; by default the language of the terminal.",
)
@click.option(
    "--pack",
    "packs",
    multiple=True,
    metavar="PACK",
    help="Rule pack: the name of a built-in one, or a folder. May be repeated.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="suspected",
    metavar="LEVEL",
    help="Exit 1 from this level on: suspected (default), violated, never; :high, :medium, :low narrow it by weight.",
)
def inspect(file: Path, form: str, output: Path | None, lang: str, packs: tuple[str, ...], fail_on: str) -> None:
    """Inspect one app package (APK, or XAPK / APKS set) and report clause by clause.

    Exit code: 0 nothing found at or above the level of --fail-on, 1 something found, 2 wrong call, 3 the file could
    not be inspected.
    """
    from assaymark import sandbox

    render = _renderer(form, lang)
    try:
        report = sandbox.inspect(file, packs=packs or None)
    except CannotInspect as error:
        _complain(text(lang, f"errors.{error.reason}", **error.params))
        sys.exit(EXIT_CANNOT)
    except AssaymarkError as error:
        _complain(text(lang, f"errors.{error.key}", **{"detail": str(error), **error.params}))
        sys.exit(EXIT_USAGE)
    _write(render(report), output, lang)
    sys.exit(EXIT_FOUND if found(report, fail_on) else EXIT_CLEAN)


def found(report: Report, fail_on: str) -> bool:
    """Say whether the report has a verdict at or above the level, such as `suspected` or `violated:high`."""
    status, _, level = fail_on.partition(":")
    statuses = {"never": (), "violated": ("violated",), "suspected": ("violated", "suspected")}[status]
    weights = SEVERITIES[: SEVERITIES.index(level) + 1] if level else SEVERITIES
    return any(verdict["status"] in statuses and verdict["severity"] in weights for verdict in report.verdicts)


def _complain(sentence: str) -> None:
    from assaymark.render import clean

    # Names of files and members are foreign: no line breaks, no terminal commands, no reordered text.
    click.echo(clean(sentence, MAX_SENTENCE), err=True)


def _renderer(form: str, lang: str) -> Callable[[Report], str]:
    from assaymark import extend

    known = {one.id: one for one in extend.renderers()}
    if form not in known:
        _complain(text(lang, "cli.unknown-format", format=form, known=", ".join(sorted(known))))
        sys.exit(EXIT_USAGE)
    return lambda report: known[form].render(report, lang)


def _write(content: str, output: Path | None, lang: str) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_text(content, encoding="utf-8")
    except OSError as error:
        _complain(text(lang, "cli.cannot-write", file=output.name, detail=error.strerror))
        sys.exit(EXIT_USAGE)
    click.echo(text(lang, "cli.written", file=str(output)), err=True)
