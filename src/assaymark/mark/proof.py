"""Proofs that an entry is in a log, as text that is checked without a network (https://c2sp.org/tlog-proof).

The format was not tagged when this was written; this follows its text of June 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from assaymark.mark.merkle import HASH, MAX_PATH, is_included, leaf_hash
from assaymark.mark.note import Note
from assaymark.mark.policy import Policy
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_decimal, to_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 1 << 16
"""Bytes of a proof."""

SALT = 32
"""Bytes of the salt of a private leaf: the `extra` of its proof."""

_PRIVATE = b"assaymark-private/v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands, the path to the root, and the checkpoint, exactly as the log gave it.

    `extra` is the salt of a private leaf, or None; nothing signs it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, content: bytes) -> Proof:
        """Read a proof. Raises `Refused` (`proof-malformed`); the checkpoint is not looked into."""
        try:
            if len(content) > MAX_PROOF:
                raise ValueError(f"longer than {MAX_PROOF} bytes")
            head, found, checkpoint = content.partition(b"\n\n")
            lines = head.decode("ascii").split("\n")
            if not found or lines.pop(0) != HEADER:
                raise ValueError("not a proof")
            extra = from_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
            if not lines or not lines[0].startswith("index "):
                raise ValueError("no index")
            index = from_decimal(lines.pop(0)[6:])
            if len(lines) > MAX_PATH:
                raise ValueError(f"more than {MAX_PATH} hashes")
            path = tuple(from_base64(line) for line in lines)
            if any(len(one) != HASH for one in path):
                raise ValueError("a hash is not of 32 bytes")
        except ValueError as error:
            raise Refused(Reason.PROOF_MALFORMED, str(error)) from None
        return cls(index, path, checkpoint, extra)

    def to_bytes(self) -> bytes:
        """Give the text."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *(to_base64(one) for one in self.path)]
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint


@dataclass(frozen=True, slots=True)
class Logged:
    """What a proof shows. `time` is when witnesses saw it (seconds since 1970), None if the policy asks for none."""

    origin: str
    index: int
    size: int
    leaf: bytes
    time: int | None
    witnesses: tuple[str, ...]
    private: bool


def check_logged(envelope: bytes, proof: Proof, policy: Policy) -> Logged:
    """Check that exactly these bytes are in a log that the policy trusts, and that enough witnesses saw it.

    With a salt in the proof the entry is a private leaf over the bytes. Raises `Refused`; the reasons are those of
    `Policy.check`, and `proof-malformed`, `not-logged`.
    """
    seen = policy.check(Note.parse(proof.checkpoint, MAX_PROOF))
    leaf = leaf_hash(envelope if proof.extra is None else private_entry(proof.extra, envelope))
    checkpoint = seen.checkpoint
    if not is_included(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root):
        raise Refused(Reason.NOT_LOGGED, f"entry {proof.index} of {checkpoint.origin}")
    witnesses = tuple(one.key.name for one in seen.witnesses)
    private = proof.extra is not None
    return Logged(checkpoint.origin, proof.index, checkpoint.size, leaf, seen.time, witnesses, private)


def private_entry(salt: bytes, envelope: bytes) -> bytes:
    """Give the entry that a log holds in place of an envelope that nobody may read yet.

    Who knows salt and envelope can show that they belong to it; the log alone gives nothing away.
    """
    if len(salt) != SALT:
        raise Refused(Reason.PROOF_MALFORMED, f"the salt is not of {SALT} bytes")
    return _PRIVATE + b"\n" + sha256(_PRIVATE + b"\0" + salt + envelope).digest()


def is_private_entry(entry: bytes) -> bool:
    """Say whether an entry of a log is a private leaf."""
    return entry.startswith(_PRIVATE + b"\n") and len(entry) == len(_PRIVATE) + 1 + HASH
