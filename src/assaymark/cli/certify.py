"""`assaymark certify`: inspect, and if the report passes a profile, issue, log and embed a certificate."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from assaymark.cli.root import EXIT_CANNOT, EXIT_FOUND, EXIT_USAGE, Help, complain, default_language, main, refuse
from assaymark.cli.verify import read, sentence
from assaymark.mark.certificate import Certificate
from assaymark.mark.reasons import Refused
from assaymark.model.errors import AssaymarkError, CannotInspect
from assaymark.model.report import Report
from assaymark.model.text import LANGUAGES, text

LARGEST_REPORT = 256 << 20


@main.command(cls=Help, help="certify")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--trust", type=click.Path(path_type=Path), required=True, metavar="DIR", help="certify-trust")
@click.option("--log", "address", required=True, metavar="ADDRESS", help="certify-log")
@click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="certify-key")
@click.option("--level", type=click.IntRange(1, 3), default=2, metavar="LEVEL", help="certify-level")
@click.option("--profile", default="cn-app-rules-1", metavar="PROFILE", help="certify-profile")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="certify-report")
@click.option("--days", type=click.IntRange(1, 366), default=365, metavar="DAYS", help="certify-days")
@click.option("--serial", metavar="SERIAL", help="certify-serial")
@click.option("--supersedes", metavar="SERIAL", help="certify-supersedes")
@click.option("--private", is_flag=True, help="certify-private")
@click.option("--sm3", is_flag=True, help="certify-sm3")
@click.option("--detached", is_flag=True, help="certify-detached")
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="certify-page")
@click.option("--url", metavar="URL", help="certify-url")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="output")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def certify(
    files: tuple[Path, ...],
    trust: Path,
    address: str,
    keys: tuple[Path, ...],
    level: int,
    profile: str,
    report: Path | None,
    days: int,
    serial: str | None,
    supersedes: str | None,
    private: bool,
    sm3: bool,
    detached: bool,
    page: Path | None,
    url: str | None,
    output: Path | None,
    lang: str,
) -> None:
    """Issue a certificate for one file, or for all files of one app, the base first."""
    from assaymark.log.errors import LogError
    from assaymark.log.keys import read_secret
    from assaymark.log.submitting import submitter
    from assaymark.log.trust import Trust
    from assaymark.mark.issue import Terms, inspection_statement, issue
    from assaymark.mark.profile import ProfileError, load_profile
    from assaymark.signing.errors import SigningError

    if output is not None and len(files) > 1:
        complain(text(lang, "certify.several-outputs"))
        sys.exit(EXIT_USAGE)
    passphrase = os.environ.get("ASSAYMARK_PASSPHRASE")
    try:
        demands = load_profile(profile)
        held = Trust(trust, passphrase)
        secrets = [read_secret(one, passphrase) for one in keys or (trust / "issuer.pem",)]
        found = _report(files[0], report, demands.pack, lang)
        terms = Terms(int(time.time()), days, serial, supersedes)
        statement = inspection_statement(found, files, demands, level, terms, sm3=sm3)
        salt = os.urandom(32) if private else None
        container, certificate = issue(statement, secrets, submitter(address, held, time.time, salt), held.current())
        for file in files:
            _place(file, container, statement.serial, lang, detached=detached, output=output)
    except ProfileError as error:
        complain(text(lang, f"certify.{error.reason}", **error.params))
        sys.exit(EXIT_FOUND if error.reason == "not-passed" else EXIT_USAGE)
    except LogError as error:
        complain(text(lang, f"log.{error.reason}", **error.params))
        sys.exit(EXIT_USAGE)
    except SigningError as error:
        complain(text(lang, f"signing.{error.reason}", file=files[0].name, **error.params))
        sys.exit(EXIT_CANNOT)
    except Refused as refused:
        complain(sentence(refused, lang))
        sys.exit(EXIT_USAGE)
    except OSError as error:
        complain(text(lang, "certify.cannot-write", file=str(error.filename or output), detail=error.strerror))
        sys.exit(EXIT_USAGE)
    if page is not None:
        from assaymark.cli.root import write

        write(_page(certificate, found, demands.title[lang], url, lang), page, lang)


def _report(file: Path, given: Path | None, pack: str, lang: str) -> Report:
    """Read the report of an inspection, or inspect now; end the program if that cannot be done."""
    if given is not None:
        try:
            return Report.from_json(read(given, LARGEST_REPORT, lang))
        except (ValueError, KeyError, TypeError):
            complain(text(lang, "certify.no-report", file=given.name))
            sys.exit(EXIT_USAGE)
    from assaymark import sandbox

    try:
        return sandbox.inspect(file, packs=(pack,))
    except CannotInspect as error:
        complain(text(lang, f"errors.{error.reason}", **error.params))
        sys.exit(EXIT_CANNOT)
    except AssaymarkError as error:
        refuse(error, lang)


def _page(certificate: Certificate, report: Report, title: str, url: str | None, lang: str) -> str:
    from assaymark.mark.page import certificate_page

    titles = {clause: str(texts["title"][lang]) for clause, texts in report.clauses.items()}
    return certificate_page(certificate, lang, title=title, url=url, clauses=titles)


def _place(file: Path, container: bytes, serial: str, lang: str, *, detached: bool, output: Path | None) -> None:
    """Write the certificate into a copy of the file, or beside it."""
    from assaymark.mark.container import SUFFIX
    from assaymark.mark.embed import embed
    from assaymark.signing.errors import SigningError

    if not detached:
        marked = output or file.with_name(f"{file.stem}.certified{file.suffix}")
        try:
            embed(file, container, marked)
        except SigningError as error:
            if error.reason not in _DETACHED:
                raise
            complain(text(lang, "certify.detached-only", file=file.name))
        else:
            complain(text(lang, "certify.embedded", file=file.name, serial=serial, output=marked.name))
            return
    beside = output or file.with_name(file.name + SUFFIX)
    beside.write_bytes(container)
    complain(text(lang, "certify.detached", file=file.name, serial=serial, output=beside.name))


_DETACHED: Sequence[str] = ("no-block", "no-archive", "block-not-restorable")
