"""What the commands of the log share: passphrase, trust root, errors as sentences, times."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from assaymark.cli.root import EXIT_USAGE, complain, refuse
from assaymark.model.errors import AssaymarkError
from assaymark.model.text import text

if TYPE_CHECKING:
    from assaymark.mark.root import Root

EXIT_TRY_AGAIN = 4
"""Too few witnesses answered: nothing was published, and nothing was lost."""

PASSPHRASE = "ASSAYMARK_PASSPHRASE"  # noqa: S105 - the name of the variable that holds it


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Turn errors into a sentence and an exit code."""
    try:
        yield
    except AssaymarkError as error:
        if getattr(error, "reason", None) == "no-quorum":
            complain(text(lang, "log.no-quorum", **error.params))
            sys.exit(EXIT_TRY_AGAIN)
        refuse(error, lang)


def mistake(lang: str, key: str, **params: object) -> NoReturn:
    """Say what is wrong with the call, and end the program."""
    complain(text(lang, key, **params))
    sys.exit(EXIT_USAGE)


def passphrase(lang: str, *, ask: bool = False, new: bool = False) -> str | None:
    """Give the passphrase of the key files: from the environment, or asked for; None for files without one."""
    if ask:
        given: str = click.prompt(text(lang, "keys.passphrase"), hide_input=True, confirmation_prompt=new, err=True)
        return given
    return os.environ.get(PASSPHRASE) or None


def read_root(path: Path, lang: str) -> Root:
    """Read a trust root that has not expired; end the program otherwise."""
    from assaymark.mark.root import MAX_ROOT, Root

    try:
        with path.open("rb") as file:
            content = file.read(MAX_ROOT + 1)
    except OSError as error:
        mistake(lang, "errors.unreadable", file=path.name, detail=error.strerror)
    with speaking(lang):
        root = Root.parse(content)
        root.require_fresh(now())
    return root


def now() -> int:
    """Give the time in seconds since 1970."""
    return int(time.time())


def day(seconds: int) -> str:
    """Give the day of a time, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
