"""Publishes checkpoints: signs the tree, has witnesses cosign it, and shows it when enough of them did."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from assaymark.log.appending import CHECKPOINT, Log, read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.reading import Reader
from assaymark.log.witness import SIZE_TYPE, Answer, Request
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.note import Key, Note, Signature, Signer, read_signatures, sign
from assaymark.mark.policy import Policy, Seen
from assaymark.mark.proof import Proof
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_decimal

TIMEOUT = 20
"""Seconds that a witness may take for an answer."""

MAX_ANSWER = 1 << 16
_TRIES = 3

Send = Callable[[bytes], Answer]
"""Sends a request to a witness. Raises `OSError` if it cannot be reached."""


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness as the log sees it."""

    key: Key
    send: Send

    def cosign(self, note: Note, old: int, prove: Callable[[int], Sequence[bytes]]) -> Signature:
        """Give the witness' signature. `prove` makes the proof from a size that the witness holds.

        Raises `Refused` (also `not-consistent`: the witness holds what we cannot continue), `OSError`.
        """
        size = Checkpoint.parse(note.text).size
        for _ in range(_TRIES):
            answer = self.send(Request(old, tuple(prove(old)), note).to_bytes())
            if answer.status == 200:
                return self._signature(note, answer.body)
            if answer.status != 409 or answer.kind != SIZE_TYPE:
                raise OSError(f"status {answer.status}")
            try:
                held = from_decimal(answer.body.decode("ascii").removesuffix("\n"))
            except ValueError:
                raise OSError("not a size") from None
            if held > size or held == old:
                raise Refused(Reason.NOT_CONSISTENT, f"{self.key.name} holds {held}", log=self.key.name)
            old = held
        raise OSError("the witness changes while it is asked")

    def _signature(self, note: Note, content: bytes) -> Signature:
        for one in read_signatures(content):
            if (one.name, one.key_id) == (self.key.name, self.key.id):
                self.key.check(note.text, one.value)
                return one
        raise Refused(Reason.SIGNATURE_MISSING, self.key.name)


def over_http(url: str) -> Send:
    """Give the way to a witness at this submission prefix. Raises `ValueError` for what is no address of the web."""
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not an address: {url}")
    address = f"{url.rstrip('/')}/add-checkpoint"

    def send(content: bytes) -> Answer:
        request = urllib.request.Request(address, content, {"Content-Type": "text/plain"}, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                return Answer(answer.status, answer.read(MAX_ANSWER), answer.headers.get("Content-Type", ""))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(MAX_ANSWER), error.headers.get("Content-Type", ""))

    return send


def cosigners(policy: Policy) -> list[Cosigner]:
    """Give the witnesses of a policy that have an address."""
    found = [(key, policy.urls[key]) for key in policy.witnesses.values() if key in policy.urls]
    return [Cosigner(key, over_http(url)) for key, url in found if url.startswith(("https://", "http://"))]


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that is out, and which witnesses did not sign it, with the cause."""

    seen: Seen
    missing: dict[str, str]


def publish(log: Log, signer: Signer, policy: Policy, witnesses: Sequence[Cosigner]) -> Published:
    """Bring all entries into the tree and show a checkpoint over them.

    Raises `LogError`: `wrong-key`, `damaged`, `busy`, or `no-quorum` (nothing is out; the entries stay, try again).
    """
    if signer.key != log.state.key:
        raise LogError("wrong-key", f"the key is not that of {log.state.key.name}", log=log.state.key.name)
    log.integrate()
    reader = log.reader()
    published = read_checkpoint(log.store, log.state.key)
    old = published[1] if published else Checkpoint(log.state.key.name, 0, reader.root(0))
    if reader.root(old.size) != old.root:
        raise LogError("damaged", "the tree does not continue its checkpoint", file=CHECKPOINT, detail=str(old.size))
    note = sign(Checkpoint(log.state.key.name, log.state.size, log.state.root).text(), signer)
    signatures, missing = _ask(witnesses, note, old.size, reader)
    note = note.with_signatures(signatures)
    try:
        seen = policy.check(note)
    except Refused as refused:
        if refused.reason is not Reason.QUORUM_MISSED:
            raise
        detail = "; ".join(f"{name}: {cause}" for name, cause in missing.items())
        raise LogError("no-quorum", detail, count=len(signatures), detail=detail or "-") from None
    if not log.store.swap(CHECKPOINT, published[0].to_bytes() if published else None, note.to_bytes()):
        raise LogError("busy", f"{log.store}: another checkpoint came out meanwhile", folder=str(log.store))
    return Published(seen, missing)


def prove(log: Reader, checkpoint: Note, index: int, salt: bytes | None = None) -> Proof:
    """Give the proof that an entry is under a checkpoint; `log` reads the tree of the checkpoint's size.

    Raises `LogError` (`not-covered`) if the checkpoint does not cover it.
    """
    if not 0 <= index < log.size:
        raise LogError("not-covered", f"entry {index}, size {log.size}", index=index, size=log.size)
    return Proof(index, tuple(log.inclusion(index)), checkpoint.to_bytes(), salt)


def _ask(witnesses: Sequence[Cosigner], note: Note, old: int, reader: Reader) -> tuple[list[Signature], dict[str, str]]:
    """Ask all witnesses at the same time; give the signatures in the order of the witnesses, and who did not sign."""
    one_at_a_time = Lock()

    def consistency(size: int) -> list[bytes]:
        with one_at_a_time:
            return reader.consistency(size)

    def ask(witness: Cosigner) -> Signature | str:
        try:
            return witness.cosign(note, old, consistency)
        except (Refused, OSError) as error:
            return str(error) or type(error).__name__

    if not witnesses:
        return [], {}
    with ThreadPoolExecutor(len(witnesses)) as pool:
        answers = list(zip(witnesses, pool.map(ask, witnesses), strict=True))
    signatures = [answer for _, answer in answers if isinstance(answer, Signature)]
    return signatures, {witness.key.name: answer for witness, answer in answers if isinstance(answer, str)}
