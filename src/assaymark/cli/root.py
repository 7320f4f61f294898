"""The command line: arguments and exit codes, nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

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

WIDEST = 120
"""Columns that the summary uses of a wide terminal."""


def default_language() -> str:
    """Give the language of the user's environment: Chinese where the locale says so, else English."""
    import os

    spoken = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if spoken.lower().startswith("zh") else "en"


class Help(click.Command):
    """A command whose help speaks the language of `--lang`, or of the terminal. Help texts are keys of the locale."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the language before anything is said."""
        asked = (args[at + 1] for at, one in enumerate(args[:-1]) if one == "--lang")
        joined = (one.partition("=")[2] for one in args if one.startswith("--lang="))
        ctx.meta["help"] = next((one for one in (*asked, *joined) if one in LANGUAGES), default_language())
        return super().parse_args(ctx, args)

    def _say(self, ctx: click.Context, key: str) -> str:
        return text(ctx.meta.get("help") or default_language(), f"help.{key}")

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line of usage."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=f"{self._say(ctx, 'usage')} ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        for key in (self.help or "").split():
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(self._say(ctx, key))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each option does."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one.help]
        records = [(record[0], self._option(ctx, one)) for one in options if (record := one.get_help_record(ctx))]
        with formatter.section(self._say(ctx, "options")):
            formatter.write_dl(records)

    def _option(self, ctx: click.Context, option: click.Option) -> str:
        needed = self._say(ctx, "required") if option.required else ""
        return self._say(ctx, str(option.help)) + needed

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Give the option that shows the help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "help"
        return option


LATER = ("ask", "batch", "certify", "judge", "keys", "log", "status", "strip", "verify")
"""Commands whose modules are imported when they are named, so that `inspect` does not pay for them."""


class Commands(Help, click.Group):
    """A command of commands; what each does is the sentence `help.<this>-<that>`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        with formatter.section(self._say(ctx, "commands")):
            formatter.write_dl([(name, self._say(ctx, f"{self.prefix}{name}")) for name in self.list_commands(ctx)])

    @property
    def prefix(self) -> str:
        """Give what stands before the name of a command in the keys of the locale."""
        return f"{self.name}-"


class _Main(Commands):
    prefix = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LATER:
            import_module(f"assaymark.cli.{cmd_name}")  # it registers its command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Main, help="main", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="assaymark", help="version")
def main() -> None:
    """Test mobile apps for how they treat personal information."""


@main.command(cls=Help, help="inspect exit-codes")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", default="text", metavar="FORM", help="format")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="output")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
@click.option("--pack", "packs", multiple=True, metavar="PACK", help="pack")
@click.option("--fail-on", type=click.Choice(FAIL_ON), default="suspected", metavar="LEVEL", help="fail-on")
@click.option("--exceptions", type=click.Path(path_type=Path), metavar="FILE", help="exceptions")
@click.option("--implicit-flows", is_flag=True, help="implicit-flows")
def inspect(
    file: Path,
    form: str,
    output: Path | None,
    lang: str,
    packs: tuple[str, ...],
    fail_on: str,
    exceptions: Path | None,
    implicit_flows: bool,
) -> None:
    """Inspect one app package and report clause by clause."""
    from assaymark import sandbox

    render = _renderer(form, lang)
    try:
        accept = _acceptance(exceptions)
        report = accept(sandbox.inspect(file, packs=packs or None, implicit_flows=implicit_flows))
    except CannotInspect as error:
        complain(text(lang, f"errors.{error.reason}", **error.params))
        sys.exit(EXIT_CANNOT)
    except AssaymarkError as error:
        refuse(error, lang)
    if form == "text" and output is None and sys.stdout.isatty():
        _show(report, lang)
    else:
        write(render(report), output, lang)
    sys.exit(EXIT_FOUND if found(report, fail_on) else EXIT_CLEAN)


def found(report: Report, fail_on: str) -> bool:
    """Say whether the report has a verdict at or above the level, such as `suspected` or `violated:high`.

    Verdicts that somebody accepts do not count.
    """
    status, _, level = fail_on.partition(":")
    statuses = {"never": (), "violated": ("violated",), "suspected": ("violated", "suspected")}[status]
    weights = SEVERITIES[: SEVERITIES.index(level) + 1] if level else SEVERITIES
    return any(
        verdict["status"] in statuses and verdict["severity"] in weights and report.accepted(verdict) is None
        for verdict in report.verdicts
    )


def refuse(error: AssaymarkError, lang: str) -> NoReturn:
    """Say why the call cannot be carried out, and end the program."""
    reason = getattr(error, "reason", None)
    key = f"{error.key}.{reason}" if reason else f"errors.{error.key}"
    complain(text(lang, key, **{"detail": str(error), **error.params}))
    sys.exit(EXIT_USAGE)


def complain(sentence: str) -> None:
    """Say a sentence on standard error."""
    from assaymark.render import clean

    # Names of files and members are foreign: no line breaks, no terminal commands, no reordered text.
    click.echo(clean(sentence, MAX_SENTENCE), err=True)


def _renderer(form: str, lang: str) -> Callable[[Report], str]:
    from assaymark import extend

    known = {one.id: one for one in extend.renderers()}
    if form not in known:
        complain(text(lang, "cli.unknown-format", format=form, known=", ".join(sorted(known))))
        sys.exit(EXIT_USAGE)
    return lambda report: known[form].render(report, lang)


def _acceptance(file: Path | None) -> Callable[[Report], Report]:
    """Read the file of exceptions before the work begins; give what writes them into a report."""
    if file is None:
        return lambda report: report
    from assaymark.judge import accept, load_exceptions

    exceptions = load_exceptions(file)
    return lambda report: accept(report, exceptions)


def _show(report: Report, lang: str) -> None:
    """Print the summary to a terminal: its width, and its colours if it has them and NO_COLOR is not set."""
    from rich.console import Console

    from assaymark.render.text import print_summary

    console = Console()
    console.width = min(console.width, WIDEST)
    print_summary(report, lang, console)


def write(content: str, output: Path | None, lang: str, said: str = "cli.written") -> None:
    """Write to a file and say so, or to the terminal; end the program if that cannot be done."""
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_text(content, encoding="utf-8")
    except OSError as error:
        complain(text(lang, "cli.cannot-write", file=output.name, detail=error.strerror))
        sys.exit(EXIT_USAGE)
    click.echo(text(lang, said, file=str(output)), err=True)
