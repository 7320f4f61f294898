"""A witness: cosigns a checkpoint only if it continues the one that it cosigned before (https://c2sp.org/tlog-witness).

It keeps one checkpoint for each log, on the disk before it answers. What a log signed and cannot prove is kept as
evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Protocol

from assaymark.log.store import Store
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.merkle import EMPTY, HASH, is_consistent
from assaymark.mark.note import Key, Note, Signer
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_decimal, to_base64

MAX_REQUEST = 1 << 16
"""Bytes of a request."""

MAX_PROOF_LINES = 63
MAX_EVIDENCE = 100
"""Contradictions that are kept; a log that does it more often needs no more evidence."""

SIZE_TYPE = "text/x.tlog.size"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers: an HTTP status, a body, and its type."""

    status: int
    body: bytes = b""
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint, and the proof that it continues the tree of `old` entries."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @classmethod
    def parse(cls, content: bytes) -> Request:
        """Read a request. Raises `Refused` (`note-malformed`, `proof-malformed`)."""
        head, _, note = content.partition(b"\n\n")
        try:
            if len(content) > MAX_REQUEST:
                raise ValueError("too long")
            first, *lines = head.decode("ascii").split("\n")
            if not first.startswith("old ") or len(lines) > MAX_PROOF_LINES:
                raise ValueError("no old size, or too many hashes")
            proof = tuple(from_base64(line) for line in lines)
            if any(len(one) != HASH for one in proof):
                raise ValueError("a hash is not of 32 bytes")
            old = from_decimal(first[4:])
        except ValueError as error:
            raise Refused(Reason.PROOF_MALFORMED, str(error)) from None
        return cls(old, proof, Note.parse(note, MAX_REQUEST))

    def to_bytes(self) -> bytes:
        """Give the request as it is sent."""
        lines = [f"old {self.old}", *map(to_base64, self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note.to_bytes()


class Clock(Protocol):
    """Says what time it is."""

    def __call__(self) -> float:
        """Give seconds since 1970."""


class Witness:
    """Watches the logs with these keys. Nobody else may write to its store."""

    def __init__(self, signer: Signer, logs: Sequence[Key], store: Store, clock: Clock) -> None:
        """Keep state in `store`; hold its right to write while the witness is in use."""
        self.signer = signer
        self._logs: Mapping[str, Key] = {key.name: key for key in logs}
        self._store = store
        self._clock = clock
        self._lock = Lock()

    def add_checkpoint(self, content: bytes) -> Answer:
        """Answer a request; the statuses are those of the specification. Raises `LogError` if the store fails."""
        try:
            request = Request.parse(content)
            checkpoint = Checkpoint.parse(request.note.text)
        except Refused as refused:
            return Answer(400, f"{refused}\n".encode())
        log = self._logs.get(checkpoint.origin)
        if log is None:
            return Answer(404, b"unknown log\n")
        try:
            request.note.verify([log])
        except Refused:
            return Answer(403, b"not signed by the log\n")
        if request.old > checkpoint.size:
            return Answer(400, b"the old size is greater than the checkpoint\n")
        with self._lock:
            return self._continue(request, checkpoint, log)

    def held(self, log: Key) -> Checkpoint | None:
        """Give the checkpoint that was cosigned last. Raises `Refused` if what is kept was changed."""
        content = self._held(log)
        return Checkpoint.parse(Note.parse(content).text) if content is not None else None

    def _continue(self, request: Request, checkpoint: Checkpoint, log: Key) -> Answer:
        content = self._held(log)
        held = Checkpoint.parse(Note.parse(content).text) if content is not None else None
        size, root = (held.size, held.root) if held else (0, EMPTY)
        if request.old != size:
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        if checkpoint.size == size and checkpoint.root != root:
            self._keep_evidence(content, request)
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        if not is_consistent(size, checkpoint.size, root, checkpoint.root, request.proof):
            self._keep_evidence(content, request)
            return Answer(422, b"the proof does not hold\n")
        only_log = Note(request.note.text, tuple(one for one in request.note.signatures if one.key_id == log.id))
        self._store.write({self._place(log): only_log.to_bytes()})
        return Answer(200, self.signer.sign(request.note.text, int(self._clock())).line().encode())

    def _held(self, log: Key) -> bytes | None:
        try:
            content = self._store.read(self._place(log), MAX_REQUEST)
        except FileNotFoundError:
            return None
        Note.parse(content).verify([log])
        return content

    def _place(self, log: Key) -> str:
        return f"logs/{sha256(log.name.encode()).hexdigest()}"

    def _keep_evidence(self, held: bytes | None, request: Request) -> None:
        if sum(1 for _ in self._store.names("evidence/")) < MAX_EVIDENCE:
            content = (held or b"") + b"\n" + request.to_bytes()
            self._store.write({f"evidence/{sha256(content).hexdigest()}": content})
