"""`assaymark log`: run, check, follow and witness a transparency log."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.root import EXIT_CLEAN, EXIT_FOUND, EXIT_USAGE, Commands, Help, complain, default_language, main
from assaymark.cli.trusted import mistake, now, passphrase, read_root, speaking
from assaymark.model.text import LANGUAGES, text

if TYPE_CHECKING:
    from assaymark.log.monitor import Alert
    from assaymark.mark.note import Key
    from assaymark.mark.root import Root

ROOT = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
LANG = click.option("--lang", type=click.Choice(LANGUAGES), default=default_language, help="lang")
TRUST = click.option("--trust", type=FOLDER, required=True, metavar="DIR", help="trust")
ASK = click.option("--ask-passphrase", "ask", is_flag=True, help="ask-passphrase")
LARGEST_SEEN = 1 << 20


@main.group(cls=Commands, help="log")
def log() -> None:
    """Run and watch transparency logs."""


@log.command(cls=Help, help="log-init")
@click.argument("address", metavar="LOG")
@click.option("--trust", type=FOLDER, required=True, metavar="DIR", help="trust")
@click.option("--origin", metavar="NAME", help="log-origin")
@ASK
@LANG
def init(address: str, trust: Path, origin: str | None, ask: bool, lang: str) -> None:
    """Make an empty log."""
    from assaymark.log.appending import create_log
    from assaymark.log.places import open_store
    from assaymark.log.trust import Trust

    held = Trust(trust, passphrase(lang, ask=ask))
    with speaking(lang):
        key = _log_key(held.current(), origin)
        held.signer(key)  # the secret must be here
        create_log(open_store(address), key)
    click.echo(text(lang, "log.made", log=address, key=str(key)))


@log.command(cls=Help, help="log-add")
@click.argument("address", metavar="LOG")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--private", is_flag=True, help="log-private")
@LANG
def add(address: str, files: tuple[Path, ...], private: bool, lang: str) -> None:
    """Append the content of files; prints the index of each, once it is durable."""
    from assaymark.log.appending import open_log
    from assaymark.log.places import cache_of, open_store
    from assaymark.log.tiles import MAX_ENTRY
    from assaymark.mark.proof import SALT, private_entry

    entries = []
    salts = [os.urandom(SALT) if private else b"" for _ in files]
    with speaking(lang):
        for file, salt in zip(files, salts, strict=True):
            with file.open("rb") as content:
                entry = content.read(MAX_ENTRY + 1)
            entries.append(private_entry(salt, entry) if private else entry)
        if private:
            _keep_salts(files, salts, lang)  # before anybody can need them
        with open_log(open_store(address), cache_of(address, None)) as opened:
            indexes = opened.add(entries)
    for file, index in zip(files, indexes, strict=True):
        click.echo(f"{index}\t{file}")


@log.command(cls=Help, help="log-checkpoint log-exit")
@click.argument("address", metavar="LOG")
@TRUST
@ASK
@LANG
def checkpoint(address: str, trust: Path, ask: bool, lang: str) -> None:
    """Sign the tree, ask the witnesses, and publish the checkpoint."""
    from assaymark.log.appending import open_log
    from assaymark.log.places import cache_of, open_store
    from assaymark.log.publishing import cosigners, publish
    from assaymark.log.submitting import own_cosigners
    from assaymark.log.trust import Trust

    held = Trust(trust, passphrase(lang, ask=ask))
    with speaking(lang), open_log(open_store(address), cache_of(address, None)) as opened:
        policy = held.current().policy
        asked = [*cosigners(policy), *own_cosigners(held, policy, time.time)]
        published = publish(opened, held.signer(opened.state.key), policy, asked)
    seen = published.seen
    count = len(seen.witnesses)
    click.echo(text(lang, "log.published", size=seen.checkpoint.size, root=seen.checkpoint.root.hex(), count=count))
    for name, cause in published.missing.items():
        complain(text(lang, "log.missing-witness", name=name, cause=cause))


@log.command(cls=Help, help="log-prove")
@click.argument("address", metavar="LOG")
@click.argument("index", type=click.IntRange(0))
@click.option("--salt", type=ROOT, metavar="FILE", help="log-salt")
@click.option("-o", "--output", type=FILE, required=True, metavar="FILE", help="log-output")
@click.option("--root", type=ROOT, metavar="FILE", help="log-root")
@LANG
def prove(address: str, index: int, salt: Path | None, output: Path, root: Path | None, lang: str) -> None:
    """Write the proof that an entry is under the published checkpoint."""
    from assaymark.log.appending import read_checkpoint
    from assaymark.log.errors import LogError
    from assaymark.log.places import open_source
    from assaymark.log.publishing import prove as make
    from assaymark.log.reading import Reader
    from assaymark.log.store import LocalStore

    with speaking(lang):
        source = open_source(address)
        published = read_checkpoint(source, _key_of(address, root, lang))
        if published is None:
            raise LogError("no-checkpoint", address, folder=address)
        opening = salt.read_bytes() if salt is not None else None
        proof = make(Reader(source, published[1].size), published[0], index, opening)
        LocalStore(output.parent).write({output.name: proof.to_bytes()})
    click.echo(text(lang, "log.proof", file=str(output), size=len(proof.to_bytes())))


@log.command(cls=Help, help="log-fsck log-exit")
@click.argument("address", metavar="LOG")
@click.option("--root", type=ROOT, metavar="FILE", help="log-root")
@LANG
def fsck(address: str, root: Path | None, lang: str) -> None:
    """Check every entry, tile and the checkpoint."""
    from assaymark.log.appending import read_state
    from assaymark.log.fsck import check_log, stray_files
    from assaymark.log.places import open_source, open_store

    broken = left = 0
    with speaking(lang):
        key = _key_of(address, root, lang)
        source, state = open_source(address), None
        if not address.startswith("http"):
            state = read_state(open_store(address))
        for finding in check_log(source, key, state):
            broken += 1
            click.echo(text(lang, f"fsck.{finding.kind}", file=finding.path, detail=finding.detail))
        if state is not None:
            for finding in stray_files(open_store(address).names("tile/"), state.size):
                left += 1
                click.echo(text(lang, "fsck.left", file=finding.path))
        size = state.size if state else "-"
    click.echo(text(lang, "fsck.done", n=broken, left=left, size=size))
    sys.exit(EXIT_FOUND if broken else EXIT_CLEAN)


@log.command(cls=Help, help="log-monitor log-exit")
@click.argument("address", metavar="LOG")
@click.option("--root", type=ROOT, required=True, metavar="FILE", help="log-root")
@click.option("--memory", type=FILE, required=True, metavar="FILE", help="log-memory")
@click.option("--package", "packages", multiple=True, metavar="NAME", help="log-package")
@click.option("--signer", "signers", multiple=True, metavar="SHA256", help="log-signer")
@click.option("--issuer", "issuers", multiple=True, metavar="KEYID", help="log-issuer")
@click.option("--expected", type=ROOT, metavar="FILE", help="log-expected")
@click.option("--json", "as_json", is_flag=True, help="log-json")
@LANG
def monitor(
    address: str,
    root: Path,
    memory: Path,
    packages: tuple[str, ...],
    signers: tuple[str, ...],
    issuers: tuple[str, ...],
    expected: Path | None,
    as_json: bool,
    lang: str,
) -> None:
    """Read what is new in a log and tell what a person should look at."""
    from assaymark.log.memory import open_memory
    from assaymark.log.monitor import Monitor, Watch
    from assaymark.log.places import open_source

    held = read_root(root, lang)
    known = frozenset(expected.read_text(encoding="utf-8").split()) if expected is not None else frozenset[str]()
    watch = Watch(frozenset(packages), frozenset(one.lower() for one in signers), frozenset(issuers), known)
    with speaking(lang), open_memory(memory) as remembered:
        before = remembered.size
        found = _tell(Monitor(open_source(address), held, remembered, watch).run(now()), as_json, lang)
        complain(text(lang, "log.followed", before=before, size=remembered.size, n=found))
    sys.exit(EXIT_FOUND if found else EXIT_CLEAN)


@log.command(cls=Help, help="log-audit log-exit")
@click.argument("address", metavar="LOG")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--root", type=ROOT, required=True, metavar="FILE", help="log-root")
@click.option("--json", "as_json", is_flag=True, help="log-json")
@LANG
def audit(address: str, files: tuple[Path, ...], root: Path, as_json: bool, lang: str) -> None:
    """Compare checkpoints that others saw with the log."""
    from assaymark.log.audit import audit as compare
    from assaymark.log.audit import read_seen
    from assaymark.log.places import open_source
    from assaymark.mark.checkpoint import Checkpoint

    held = read_root(root, lang)
    with speaking(lang):
        source = open_source(address)
        seen = []
        for file in files:
            with file.open("rb") as content:
                seen.append((file.name, read_seen(content.read(LARGEST_SEEN))))
        origin = Checkpoint.parse(seen[0][1].text).origin
        found = _tell(compare(source, _log_key(held, origin), seen), as_json, lang)
    sys.exit(EXIT_FOUND if found else EXIT_CLEAN)


@log.command(cls=Help, help="log-witness")
@click.argument("folder", type=FOLDER)
@click.option("--key", type=ROOT, required=True, metavar="FILE", help="witness-key")
@click.option("--name", required=True, metavar="NAME", help="witness-name")
@click.option("--log", "logs", multiple=True, required=True, metavar="KEY", help="witness-log")
@click.option("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="witness-listen")
@ASK
@LANG
def witness(folder: Path, key: Path, name: str, logs: tuple[str, ...], listen: str, ask: bool, lang: str) -> None:
    """Cosign the checkpoints of logs, over HTTP, until stopped."""
    from assaymark.log.keys import read_signer
    from assaymark.log.serving import WitnessServer
    from assaymark.log.store import LocalStore
    from assaymark.log.witness import Witness
    from assaymark.mark.note import Key, Kind

    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        mistake(lang, "log.no-address", given=listen)
    store = LocalStore(folder)
    with speaking(lang), store.writing():
        signer = read_signer(key, name, Kind.COSIGNATURE, passphrase(lang, ask=ask))
        watched = Witness(signer, [Key.parse(one) for one in logs], store, time.time)
        try:
            server = WitnessServer(watched, (host.strip("[]"), int(port)))
        except OSError as error:
            complain(text(lang, "log.cannot-listen", given=listen, detail=error.strerror))
            sys.exit(EXIT_USAGE)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        url = f"http://{host}:{server.server_address[1]}/"
        click.echo(text(lang, "log.witnessing", key=str(signer.key), url=url))
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _tell(alerts: Iterable[Alert], as_json: bool, lang: str) -> int:
    found = 0
    for alert in alerts:
        found += 1
        if as_json:
            click.echo(json.dumps({"kind": alert.kind, "index": alert.index, "detail": alert.detail}))
        else:
            from assaymark.render import clean

            index = "-" if alert.index is None else alert.index
            click.echo(text(lang, f"alert.{alert.kind}", index=index, detail=clean(alert.detail, 500)))
    return found


def _log_key(root: Root, origin: str | None) -> Key:
    from assaymark.log.errors import LogError

    for key in reversed(root.logs):
        if origin in (None, key.name):
            return key
    raise LogError("no-such-key", str(origin), name=origin)


def _key_of(address: str, root: Path | None, lang: str) -> Key:
    """Give the key of a log: from the root if one is given, else what the log itself says."""
    from assaymark.log.appending import read_state
    from assaymark.log.places import open_source, open_store
    from assaymark.mark.checkpoint import Checkpoint
    from assaymark.mark.note import Note

    if root is None:
        return read_state(open_store(address)).key
    try:
        content = open_source(address).read("checkpoint", 1 << 16)
    except FileNotFoundError:
        return _log_key(read_root(root, lang), None)
    return _log_key(read_root(root, lang), Checkpoint.parse(Note.parse(content).text).origin)


def _keep_salts(files: Iterable[Path], salts: Iterable[bytes], lang: str) -> None:
    for file, salt in zip(files, salts, strict=True):
        path = file.with_name(f"{file.name}.salt")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(salt)
        except OSError as error:
            complain(text(lang, "cli.cannot-write", file=path.name, detail=error.strerror))
            sys.exit(EXIT_USAGE)
