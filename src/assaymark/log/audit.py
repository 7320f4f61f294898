"""Compares checkpoints that others saw, on phones or in stores, with the log as it shows itself here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.log.appending import read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.monitor import Alert
from assaymark.log.reading import Reader
from assaymark.log.store import Source
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import read_container
from assaymark.mark.note import Key, Note
from assaymark.mark.proof import Proof
from assaymark.mark.reasons import Refused


def read_seen(content: bytes) -> Note:
    """Give the checkpoint in a certificate, in a proof, or by itself. Raises `Refused`."""
    if content.startswith(b"AYM1"):
        content = read_container(content).proof
    if content.startswith(b"c2sp.org/tlog-proof"):
        content = Proof.parse(content).checkpoint
    return Note.parse(content)


def audit(source: Source, log: Key, seen: Iterable[tuple[str, Note]]) -> Iterator[Alert]:
    """Give an alert for each checkpoint that the log signed and that is not of the tree that it shows here.

    `seen` are names, for the alerts, and notes. Raises `LogError` (`no-checkpoint`, `damaged`), `Refused`.
    """
    published = read_checkpoint(source, log)
    if published is None:
        raise LogError("no-checkpoint", f"{source} has no checkpoint", folder=str(source))
    here = published[1]
    reader = Reader(source, here.size)
    if reader.root() != here.root:
        raise LogError("damaged", "the tiles do not give the root of the checkpoint", file="tile/", detail="root")
    for name, note in seen:
        try:
            note.verify([log])
            there = Checkpoint.parse(note.text)
        except Refused as refused:
            yield Alert("checkpoint", None, f"{name}: {refused}")
            continue
        if there.size > here.size:
            yield Alert("ahead", None, f"{name}: {there.size} > {here.size}")
        elif there.origin != here.origin or reader.root(there.size) != there.root:
            yield Alert("split-view", None, f"{name}: {there.size}")
