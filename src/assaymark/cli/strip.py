"""`assaymark strip`: the certificate out of a package, every other byte as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assaymark.cli.root import EXIT_CANNOT, EXIT_USAGE, Help, complain, default_language, main
from assaymark.model.text import LANGUAGES, text


@main.command(cls=Help, help="strip")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="output")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def strip(file: Path, output: Path, lang: str) -> None:
    """Write the file without its certificate."""
    from assaymark.mark.embed import strip as take_out
    from assaymark.signing.errors import SigningError

    try:
        found = take_out(file, output)
    except SigningError as error:
        complain(text(lang, f"signing.{error.reason}", file=file.name, **error.params))
        sys.exit(EXIT_CANNOT)
    except OSError as error:
        complain(text(lang, "certify.cannot-write", file=output.name, detail=error.strerror))
        sys.exit(EXIT_USAGE)
    key = "certify.stripped" if found else "certify.nothing-to-strip"
    complain(text(lang, key, file=file.name, output=output.name))
