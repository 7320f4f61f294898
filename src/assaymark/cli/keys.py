"""`assaymark keys`: key files and trust roots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.root import Commands, Help, complain, default_language, main
from assaymark.cli.trusted import day, mistake, now, passphrase, speaking
from assaymark.model.text import LANGUAGES, text

if TYPE_CHECKING:
    from assaymark.mark.root import Root

ROLES = ("developer", "inspector", "store")
ALGORITHMS = ("ed25519", "ecdsa-p256", "sm2")


@main.group(cls=Commands, help="keys")
def keys() -> None:
    """Make keys and trust roots."""


@keys.command(cls=Help, help="keys-init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--origin", required=True, metavar="NAME", help="keys-origin")
@click.option("--issuer", required=True, metavar="NAME", help="keys-issuer")
@click.option("--role", type=click.Choice(ROLES), default="inspector", metavar="ROLE", help="keys-role")
@click.option("--level", type=click.IntRange(1, 3), default=2, metavar="LEVEL", help="keys-level")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ed25519", metavar="NAME", help="keys-algorithm")
@click.option("--roots", type=click.IntRange(1, 20), default=3, metavar="N", help="keys-roots")
@click.option("--threshold", type=click.IntRange(1, 20), default=2, metavar="N", help="keys-threshold")
@click.option("--witness", "foreign", nargs=2, multiple=True, metavar="KEY URL", help="keys-witness")
@click.option(
    "--own-witnesses", "own", type=click.IntRange(0, 20), default=None, metavar="N", help="keys-own-witnesses"
)
@click.option("--quorum", type=click.IntRange(0, 20), default=2, metavar="N", help="keys-quorum")
@click.option("--days", type=click.IntRange(1, 3660), default=365, metavar="DAYS", help="keys-days")
@click.option("--status-url", default="", metavar="URL", help="keys-status-url")
@click.option("--ask-passphrase", "ask", is_flag=True, help="ask-passphrase")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def init(
    folder: Path,
    origin: str,
    issuer: str,
    role: str,
    level: int,
    algorithm: str,
    roots: int,
    threshold: int,
    foreign: tuple[tuple[str, str], ...],
    own: int | None,
    quorum: int,
    days: int,
    status_url: str,
    ask: bool,
    lang: str,
) -> None:
    """Make all keys and the first trust root in a new folder."""
    from assaymark.log.trust import Plan, Trust
    from assaymark.mark.note import Key

    secret = passphrase(lang, ask=ask, new=True)
    with speaking(lang):
        plan = Plan(
            origin=origin,
            issuer=issuer,
            role=role,
            level=level,
            roots=roots,
            threshold=threshold,
            witnesses=[(Key.parse(key), url) for key, url in foreign],
            own=own if own is not None else 0 if foreign else 3,
            quorum=quorum,
            days=days,
            status_url=status_url,
            algorithm=algorithm,
        )
        root = Trust(folder, secret).init(plan, now())
    _say(root, folder, lang)
    if secret is None:
        complain(text(lang, "keys.no-passphrase"))
    if plan.own:
        complain(text(lang, "keys.own-witnesses", n=plan.own))


@keys.command(cls=Help, help="keys-rotate")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--days", type=click.IntRange(1, 3660), default=365, metavar="DAYS", help="keys-days")
@click.option("--cut-off", "cuts", nargs=3, multiple=True, metavar="KEYID ORIGIN INDEX", help="keys-cut-off")
@click.option("--replace", "replaced", multiple=True, metavar="NAME", help="keys-replace")
@click.option("--new-log", "logs", multiple=True, metavar="ORIGIN", help="keys-new-log")
@click.option("--new-issuer", "issuers", nargs=3, multiple=True, metavar="NAME ROLE LEVEL", help="keys-new-issuer")
@click.option("--edit", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE", help="keys-edit")
@click.option("--ask-passphrase", "ask", is_flag=True, help="ask-passphrase")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def rotate(
    folder: Path,
    days: int,
    cuts: tuple[tuple[str, str, str], ...],
    replaced: tuple[str, ...],
    logs: tuple[str, ...],
    issuers: tuple[tuple[str, str, str], ...],
    edit: Path | None,
    ask: bool,
    lang: str,
) -> None:
    """Make the next trust root."""
    from assaymark.log.trust import Change, Trust

    cut_off: dict[str, dict[str, int | None]] = {}
    for keyid, origin, index in cuts:
        cut_off.setdefault(keyid, {})[origin] = None if index == "none" else _number(index, lang)
    change = Change(
        days=days,
        cut_off=cut_off,
        replace=replaced,
        logs=logs,
        issuers=[(name, role, _number(level, lang)) for name, role, level in issuers],
        text=edit.read_bytes() if edit is not None else None,
    )
    secret = passphrase(lang, ask=ask)
    with speaking(lang):
        root = Trust(folder, secret).rotate(change, now())
    _say(root, folder, lang)


def _number(given: str, lang: str) -> int:
    if not given.isascii() or not given.isdecimal() or len(given) > 15:
        mistake(lang, "keys.no-number", given=given)
    return int(given)


def _say(root: Root, folder: Path, lang: str) -> None:
    path = folder / f"{root.version}.root"
    click.echo(text(lang, "keys.root", version=root.version, file=str(path), day=day(root.expires)))
    for key in root.logs:
        click.echo(text(lang, "keys.log", key=str(key)))
    for keyid, issuer in root.issuers.items():
        click.echo(
            text(lang, "keys.issued-by", name=issuer.name, role=issuer.role, level=issuer.max_level, keyid=keyid)
        )
