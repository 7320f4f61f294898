"""`assaymark verify`: whether there is a certificate for a file, and whether it holds now.

Nothing of the inspection is loaded here.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from assaymark.cli.root import EXIT_CANNOT, EXIT_USAGE, Help, complain, default_language, main
from assaymark.mark.demand import Demand
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import Root
from assaymark.mark.status import StatusList
from assaymark.mark.verdict import EXIT_CODES, VALID, Mark, Verdict
from assaymark.mark.verify import verify as judge
from assaymark.model.text import LANGUAGES, text
from assaymark.signing.errors import SigningError

LARGEST_ROOT, LARGEST_STATUS, LARGEST_CONTAINER, LARGEST_POLICY = 1 << 20, 1 << 25, 1 << 17, 1 << 20
_TIMES = ("time", "expires")


@main.command(cls=Help, help="verify verify-exit")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--root", type=click.Path(path_type=Path), default=None, metavar="FILE", help="root")
@click.option("--status", "lists", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="status-list")
@click.option("--certificate", type=click.Path(path_type=Path), default=None, metavar="FILE", help="certificate")
@click.option("--policy", type=click.Path(path_type=Path), default=None, metavar="FILE", help="policy")
@click.option("--at", default=None, metavar="TIME", help="at")
@click.option("--json", "as_json", is_flag=True, help="verify-json")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def verify(
    files: tuple[Path, ...],
    root: Path | None,
    lists: tuple[Path, ...],
    certificate: Path | None,
    policy: Path | None,
    at: str | None,
    as_json: bool,
    lang: str,
) -> None:
    """Check the certificate of one file, or of all files of one app."""
    now = int(time.time()) if at is None else _moment(at, lang)
    try:
        trusted = read_root(root, lang)
        statuses = [StatusList.parse(read(one, LARGEST_STATUS, lang), trusted.status_keys) for one in lists]
        for one in statuses:
            one.require_newer(None, now)
        demand = Demand() if policy is None else _demand(read(policy, LARGEST_POLICY, lang))
        detached = None if certificate is None else read(certificate, LARGEST_CONTAINER, lang)
        verdict = judge(files, trusted, now=now, demand=demand, statuses=statuses, detached=detached)
    except Refused as refused:
        complain(sentence(refused, lang))
        sys.exit(EXIT_CODES.get(refused.reason, EXIT_USAGE))
    except SigningError as error:
        complain(
            text(lang, "verify.unreadable", file=", ".join(one.name for one in files), detail=error.params["detail"])
        )
        sys.exit(EXIT_CANNOT)
    if as_json:
        click.echo(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2))
    else:
        for line in _lines(verdict, lang):
            click.echo(line)
    sys.exit(verdict.exit_code)


def read_root(path: Path | None, lang: str) -> Root:
    """Read the trust root; end the program if there is none. Raises `Refused`."""
    place = path or default_root()
    if path is None and not place.is_file():
        complain(text(lang, "verify.no-root", root=str(place)))
        sys.exit(EXIT_USAGE)
    return Root.parse(read(place, LARGEST_ROOT, lang))


def default_root() -> Path:
    """Give the place of the trust root if the caller names none."""
    if named := os.environ.get("ASSAYMARK_ROOT"):
        return Path(named)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return settings / "assaymark" / "root.note"


def read(path: Path, limit: int, lang: str) -> bytes:
    """Read a small file, one byte more than `limit` at most; end the program if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        complain(text(lang, "verify.unreadable", file=path.name, detail=error.strerror))
        sys.exit(EXIT_CANNOT)


def sentence(refused: Refused, lang: str) -> str:
    """Give the sentence of a refusal."""
    params = dict(refused.params)
    for name in _TIMES:
        if isinstance(moment := params.get(name), int):
            params[name] = date(moment)
    if isinstance(detail := params.get("detail"), str) and has_signing_reason(refused):
        params["detail"] = detail.partition(": ")[2] or detail
    return text(lang, f"mark.{refused.reason}", **params)


def has_signing_reason(refused: Refused) -> bool:
    """Say whether the particulars begin with the stable name of a `SigningError`, which is for programs."""
    return refused.reason is Reason.FILE_MALFORMED


def date(moment: int) -> str:
    """Give a time as a date, UTC."""
    try:
        return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return str(moment)


def _moment(given: str, lang: str) -> int:
    try:
        if given.isdecimal() and given.isascii():
            return int(given)
        moment = datetime.datetime.fromisoformat(given)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp())
    except ValueError:
        complain(text(lang, "verify.bad-time", time=given))
        sys.exit(EXIT_USAGE)


def _demand(content: bytes) -> Demand:
    import tomli

    try:
        return Demand.parse(tomli.loads(content.decode("utf-8")))
    except ValueError as error:
        raise Refused(Reason.DEMAND_MALFORMED, str(error)) from None


def _lines(verdict: Verdict, lang: str) -> Iterator[str]:
    """Give the verdict for people: the answer, why, then what the certificate says."""
    from assaymark.render import clean

    files = ", ".join(clean(name, 200) for name in verdict.files)
    yield text(lang, f"verify.{_answer(verdict)}", file=files)
    if verdict.refusal is not None:
        yield f"  {clean(sentence(verdict.refusal, lang), 2000)}"
    if verdict.refusal is None and verdict.marks:
        rows = list(_rows(verdict.marks[0], lang))
        width = max(_width(name) for name, _ in rows)
        for name, value in rows:
            yield f"  {name}{' ' * (width - _width(name))}  {clean(value, 2000)}"
    yield from _others(verdict.marks, lang)
    if verdict.refusal is None:
        yield f"  {text(lang, 'verify.limits')}"


def _answer(verdict: Verdict) -> str:
    """Give the name of the first sentence: what is of level 1 is never called certified."""
    if verdict.refusal is not None:
        return "refused"
    one = verdict.marks[0].certificate
    if one is not None and one.statement.level == 1:
        return "self-checked" if verdict.state == VALID else "self-checked-stale"
    return verdict.state


def _rows(mark: Mark, lang: str) -> Iterator[tuple[str, str]]:
    """Give what is to be known of a certificate that holds, as names and values."""
    one = mark.certificate
    if one is None:
        return
    said, logged = one.statement, one.logged

    def row(key: str, *values: str) -> tuple[str, str]:
        return text(lang, f"verify.{key}"), "; ".join(values)

    version = text(lang, "verify.version", version=said.version_code)
    kind = [text(lang, "verify.derived")] if mark.derived else []
    kind += [] if mark.exact else [text(lang, "verify.contents")]
    yield row("package", said.package, version, *kind)
    yield row("level", text(lang, f"verify.level-{said.level}"))
    if said.inspection:
        yield row("profile", said.inspection.profile, text(lang, "verify.open", n=len(said.inspection.not_assessed)))
    yield row("issuers", *(f"{issuer.name} ({text(lang, f'verify.role-{issuer.role}')})" for issuer in one.issuers))
    yield row("valid-times", text(lang, "verify.from-to", start=date(said.issued_at), end=date(said.not_after)))
    yield row("serial", said.serial)
    seen = text(lang, "verify.log-time", time=date(logged.time)) if logged.time is not None else ""
    yield row("log", text(lang, "verify.log-entry", origin=logged.origin, index=logged.index) + seen)
    yield row("status", _status(mark, lang))
    for stamp in one.timestamps:
        key = "timestamp-unknown" if stamp.authority is None else "timestamp-known"
        yield row("timestamp", text(lang, f"verify.{key}", time=date(stamp.time), authority=stamp.authority))


def _status(mark: Mark, lang: str) -> str:
    if mark.status_age is None:
        return text(lang, "verify.status-unknown")
    days = mark.status_age // 86_400
    return text(lang, "verify.status-good" if days else "verify.status-today", days=days)


def _others(marks: Sequence[Mark], lang: str) -> Iterator[str]:
    """Give what became of the certificates that do not decide."""
    if len(marks) < 2:
        return
    yield f"  {text(lang, 'verify.others', n=len(marks) - 1)}"
    for mark in marks[1:]:
        serial = mark.certificate.statement.serial if mark.certificate else "-"
        said = text(lang, "verify.holds") if mark.refusal is None else sentence(mark.refusal, lang)
        yield f"    {text(lang, 'verify.other-mark', serial=serial, sentence=said)}"


def _width(words: str) -> int:
    """Give the columns that words take on a terminal: Chinese characters take two."""
    return sum(2 if ord(one) > 0x2E7F else 1 for one in words)
