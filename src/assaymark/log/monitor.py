"""Follows a log and tells whether it is still one tree, every entry what it may be, and who certified *my* app.

The monitor hashes every entry itself, from the first on, so that it needs no proof: what it read either gives the root
that the log signed and the witnesses saw, or the log is caught. What it knows is in one file; a kill costs nothing, and
an alert may come twice but never not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from assaymark.log.appending import CHECKPOINT
from assaymark.log.errors import LogError
from assaymark.log.memory import Memory
from assaymark.log.reading import Reader
from assaymark.log.statuses import STATUS, is_status_entry, status_entry
from assaymark.log.store import Source
from assaymark.mark.certificate import counting_issuers, known_signatures
from assaymark.mark.envelope import Envelope
from assaymark.mark.merkle import EMPTY, leaf_hash, node_hash
from assaymark.mark.note import Note
from assaymark.mark.policy import Seen
from assaymark.mark.proof import Logged, is_private_entry
from assaymark.mark.reasons import Refused
from assaymark.mark.root import Issuer, Root
from assaymark.mark.statement import Statement
from assaymark.mark.status import MAX_STATUS, State, StatusList

MAX_CHECKPOINT = 1 << 16
LOGGED_WITHIN = 7200
"""Seconds after which a status list must stand in the log."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should look at. `kind` is a stable name; the sentence is `alert.<kind>`."""

    KINDS: ClassVar[tuple[str, ...]] = (
        "checkpoint",
        "checkpoint-older",
        "not-consistent",
        "entry",
        "second-pass",
        "mine",
        "status",
        "status-unlogged",
        "status-taken-back",
        "split-view",
        "ahead",
    )
    kind: str
    index: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is mine: packages, SHA-256 of signer certificates, key ids of issuers; and the serials that I asked for."""

    packages: frozenset[str] = field(default_factory=frozenset)
    signers: frozenset[str] = field(default_factory=frozenset)
    issuers: frozenset[str] = field(default_factory=frozenset)
    expected: frozenset[str] = field(default_factory=frozenset)

    def concerns(self, said: Statement, issuers: tuple[Issuer, ...]) -> bool:
        """Say whether a certificate is about what is mine and was not asked for."""
        signers = {one for chain in said.signers.values() for one in chain}
        used = {issuer.keyid for issuer in issuers}
        mine = said.package in self.packages or bool(signers & self.signers) or bool(used & self.issuers)
        return mine and said.serial not in self.expected


class Monitor:
    """Follows one log with the trust root and a file of what was seen."""

    def __init__(self, source: Source, root: Root, memory: Memory, watch: Watch | None = None) -> None:
        """Read from `source`; nothing is asked yet."""
        self._source = source
        self._root = root
        self._memory = memory
        self._watch = watch or Watch()

    def run(self, now: int) -> Iterator[Alert]:
        """Read what is new and give alerts; when all are taken, what was read is remembered.

        Raises `LogError` if the log cannot be read; what was remembered before stays.
        """
        try:
            content = self._source.read(CHECKPOINT, MAX_CHECKPOINT)
            seen = self._root.policy.check(Note.parse(content, MAX_CHECKPOINT))
        except FileNotFoundError:
            raise LogError("no-checkpoint", f"{self._source} has no checkpoint", folder=str(self._source)) from None
        except Refused as refused:
            yield Alert("checkpoint", None, str(refused))
            return
        self._memory.require_origin(seen.checkpoint.origin)
        held = self._memory.status(self._root.status_keys)
        with self._memory.writing():
            yield from self._follow(seen, content)
            yield from self._status(seen.checkpoint.origin, held, now)

    def _follow(self, seen: Seen, content: bytes) -> Iterator[Alert]:
        size, frontier = self._memory.size, list(self._memory.frontier)
        head = seen.checkpoint
        if head.size < size:
            yield Alert("checkpoint-older", None, f"{head.size} < {size}")
            return
        for index, entry in Reader(self._source, head.size).entries(size):
            _append(frontier, index, leaf_hash(entry))
            yield from self._entry(entry, index, seen)
        if _root_of(frontier) != head.root:
            # Both checkpoints together prove it to anybody.
            self._memory.keep_evidence(content)
            yield Alert("not-consistent", None, f"{size} -> {head.size}")
            self._memory.forget()
            return
        self._memory.remember(head.size, frontier, content)

    def _entry(self, entry: bytes, index: int, seen: Seen) -> Iterator[Alert]:
        if is_private_entry(entry):
            return
        if is_status_entry(entry):
            self._memory.add_status(entry)
            return
        head = seen.checkpoint
        logged = Logged(head.origin, index, head.size, leaf_hash(entry), seen.time, (), False)
        try:
            envelope = Envelope.parse(entry)
            signed = known_signatures(envelope, self._root)
            said = Statement.parse(envelope.payload)
            issuers = counting_issuers(signed, said, logged)
        except Refused as refused:
            yield Alert("entry", index, str(refused))
            return
        if self._watch.concerns(said, issuers):
            names = ", ".join(issuer.name for issuer in issuers)
            yield Alert("mine", index, f"{said.package} {said.version_code}, {said.serial}, {names}")
        if said.inspection is not None:
            other = self._memory.find_live_pass(said, said.inspection)
            if other is not None and said.inspection.supersedes != other:
                yield Alert("second-pass", index, f"{said.package} {said.version_code}, {other}, {said.serial}")
            self._memory.add_pass(said, said.inspection, index)

    def _status(self, origin: str, held: StatusList | None, now: int) -> Iterator[Alert]:
        try:
            content = self._source.read(STATUS, MAX_STATUS)
            new = StatusList.parse(content, self._root.status_keys)
            new.require_newer(held, now)
        except FileNotFoundError:
            return
        except Refused as refused:
            yield Alert("status", None, str(refused))
            return
        if new.origin != origin:
            yield Alert("status", None, new.origin)
            return
        if not self._memory.has_status(status_entry(content)) and now - new.time > LOGGED_WITHIN:
            yield Alert("status-unlogged", None, str(new.time))
        if held is not None:
            states = new.not_good()
            for index, state in held.not_good().items():
                if state is State.REVOKED and states.get(index) is not state:
                    yield Alert("status-taken-back", index, "revoked")
        self._memory.set_status(content, new)


def _append(frontier: list[bytes], index: int, value: bytes) -> None:
    """Add a leaf to the full subtrees, greatest first, of which a tree of `index` entries consists."""
    while index & 1:
        value = node_hash(frontier.pop(), value)
        index >>= 1
    frontier.append(value)


def _root_of(frontier: list[bytes]) -> bytes:
    if not frontier:
        return EMPTY
    found = frontier[-1]
    for value in reversed(frontier[:-1]):
        found = node_hash(value, found)
    return found
