"""`assaymark status`: suspend, revoke or supersede what was certified."""

from __future__ import annotations

import time
from pathlib import Path

import click

from assaymark.cli.root import Commands, Help, default_language, main
from assaymark.cli.trusted import mistake, now, passphrase, speaking
from assaymark.model.text import LANGUAGES, text

STATES = ("good", "suspended", "revoked", "superseded")


@main.group(cls=Commands, help="status")
def status() -> None:
    """Set the status of certificates."""


@status.command("set", cls=Help, help="status-set")
@click.argument("address", metavar="LOG")
@click.argument("changes", nargs=-1, metavar="[INDEX=STATE]...")
@click.option("--trust", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR", help="trust")
@click.option("--ask-passphrase", "ask", is_flag=True, help="ask-passphrase")
@click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
def set_(address: str, changes: tuple[str, ...], trust: Path, ask: bool, lang: str) -> None:
    """Publish a new status list with these changes; without any, the list is renewed."""
    from assaymark.log.appending import open_log
    from assaymark.log.places import cache_of, open_store
    from assaymark.log.publishing import cosigners, publish
    from assaymark.log.statuses import set_status
    from assaymark.log.submitting import own_cosigners
    from assaymark.log.trust import Trust
    from assaymark.mark.status import State

    wanted: dict[int, State] = {}
    for one in changes:
        index, _, state = one.partition("=")
        if not index.isascii() or not index.isdecimal() or len(index) > 15 or state not in STATES:
            mistake(lang, "log.no-state", given=one, known=", ".join(STATES))
        wanted[int(index)] = State[state.upper()]
    held = Trust(trust, passphrase(lang, ask=ask))
    with speaking(lang):
        root = held.current()
        signer = held.signer(root.status_keys[0])
        with open_log(open_store(address), cache_of(address, None)) as log:
            new = set_status(log, signer, wanted, now())
            asked = [*cosigners(root.policy), *own_cosigners(held, root.policy, time.time)]
            publish(log, held.signer(log.state.key), root.policy, asked)
    click.echo(text(lang, "log.status-set", n=len(new.not_good()), size=new.count))
