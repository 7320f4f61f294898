"""Signed notes: a text and lines of signatures (https://c2sp.org/signed-note@v1.0.0).

Two types of signature are known: Ed25519 over the text (type 1), and the cosignature of a witness with its time
(type 4, https://c2sp.org/tlog-cosignature@v1.0.1). Lines of other keys are ignored, as the format asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, to_base64

MAX_NOTE = 1 << 20
"""Bytes of a note, unless the caller says otherwise."""

MAX_SIGNATURES = 100
MAX_NAME = 255
_DASH = "— "


class Kind(IntEnum):
    """The type of a signature, as it stands in a verifier key."""

    ED25519 = 1
    COSIGNATURE = 4


class Signature(NamedTuple):
    """A line below a note. `value` is what follows the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Give the line as it stands in a note, with its end."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that may sign notes. `public` is the Ed25519 public key, 32 bytes."""

    name: str
    kind: Kind
    public: bytes

    @property
    def id(self) -> bytes:
        """Give the four bytes that stand before a signature of this key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Give the verifier key as one text: name, id and key."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a verifier key. Raises `Refused` (`key-malformed`), for types other than 1 and 4 too."""
        try:
            name, key_id, rest = text.split("+", 2)
            content = from_base64(rest)
            _check_name(name)
            if len(content) != 33:
                raise ValueError("not a key of 32 bytes")
            key = cls(name, Kind(content[0]), content[1:])
            if key.id.hex() != key_id:
                raise ValueError("the key id is of another key")
        except ValueError as error:
            raise Refused(Reason.KEY_MALFORMED, str(error)) from None
        return key

    def check(self, text: str, value: bytes) -> int | None:
        """Give the time of a cosignature, or None for a plain signature. Raises `Refused` (`signature-wrong`)."""
        try:
            time = None
            signed = text.encode()
            if self.kind is Kind.COSIGNATURE:
                time = int.from_bytes(value[:8], "big")
                if len(value) != 72 or time >= 2**63:
                    raise Refused(Reason.SIGNATURE_WRONG, f"{self.name}: not a cosignature", name=self.name)
                signed, value = _cosigned(text, time), value[8:]
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, signed)
        except (InvalidSignature, ValueError):
            raise Refused(Reason.SIGNATURE_WRONG, self.name, name=self.name) from None
        return time


class Signed(NamedTuple):
    """A verified signature: who, and for a cosignature when (seconds since 1970)."""

    key: Key
    time: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a line break, and its signatures, of which nothing is known until `verify`."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, content: bytes, limit: int = MAX_NOTE) -> Note:
        """Read a note of at most `limit` bytes. Raises `Refused` (`note-malformed`)."""
        try:
            if len(content) > limit:
                raise ValueError(f"longer than {limit} bytes")
            text = content.decode("utf-8")
            body, found, tail = text.rpartition("\n\n")
            if not found or not tail.endswith("\n") or _has_control(text):
                raise ValueError("no text, blank line and signatures")
            lines = tail.split("\n")[:-1]
            if len(lines) > MAX_SIGNATURES:
                raise ValueError("too many signatures")
            return cls(body + "\n", tuple(_signature(line) for line in lines))
        except ValueError as error:
            raise Refused(Reason.NOTE_MALFORMED, _plain(error)) from None

    def verify(self, keys: Iterable[Key]) -> list[Signed]:
        """Give who signed, each known key once, in the order of the lines; lines of unknown keys are ignored.

        Raises `Refused`: `signature-wrong` if a line of a known key does not hold, `signature-missing` without any.
        """
        known = {(key.name, key.id): key for key in keys}
        signed: dict[Key, int | None] = {}
        for one in self.signatures:
            key = known.get((one.name, one.key_id))
            if key is not None:
                signed.setdefault(key, key.check(self.text, one.value))
        if not signed:
            raise Refused(Reason.SIGNATURE_MISSING, "no known key signed")
        return [Signed(*item) for item in signed.items()]

    def to_bytes(self) -> bytes:
        """Give the note as it is stored and sent."""
        return (self.text + "\n" + "".join(one.line() for one in self.signatures)).encode()

    def with_signatures(self, more: Sequence[Signature]) -> Note:
        """Give the note with further signatures below."""
        return Note(self.text, (*self.signatures, *more))


@dataclass(frozen=True, slots=True)
class Signer:
    """A key together with its secret."""

    key: Key
    secret: Ed25519PrivateKey

    @classmethod
    def of(cls, name: str, kind: Kind, secret: Ed25519PrivateKey) -> Signer:
        """Name a secret. Raises `Refused` (`key-malformed`) for a name that no note can carry."""
        try:
            _check_name(name)
        except ValueError as error:
            raise Refused(Reason.KEY_MALFORMED, str(error)) from None
        return cls(Key(name, kind, secret.public_key().public_bytes_raw()), secret)

    def sign(self, text: str, time: int = 0) -> Signature:
        """Sign a text, which must end with a line break. `time` counts for cosignatures only."""
        if self.key.kind is Kind.COSIGNATURE:
            value = time.to_bytes(8, "big") + self.secret.sign(_cosigned(text, time))
        else:
            value = self.secret.sign(text.encode())
        return Signature(self.key.name, self.key.id, value)


def sign(text: str, *signers: Signer, time: int = 0) -> Note:
    """Give a note signed by all `signers`. Raises `ValueError` for a text that no note can carry."""
    if not text.endswith("\n") or _has_control(text):
        raise ValueError("the text of a note ends with a line break and has no control characters")
    return Note(text, tuple(signer.sign(text, time) for signer in signers))


def read_signatures(content: bytes) -> tuple[Signature, ...]:
    """Read signature lines that come without their note, as a witness sends them. Raises `Refused`."""
    return Note.parse(b"-\n\n" + content, MAX_NOTE).signatures


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, space, rest = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise ValueError("a line below the text is no signature")
    _check_name(name)
    content = from_base64(rest)
    if len(content) < 5:
        raise ValueError("a signature is too short")
    return Signature(name, content[:4], content[4:])


def _check_name(name: str) -> None:
    encoded = name.encode()
    if (
        not encoded
        or len(encoded) > MAX_NAME
        or "+" in name
        or any(one.isspace() for one in name)
        or _has_control(name)
    ):
        raise ValueError("not a key name")


def _has_control(text: str) -> bool:
    return any(one < " " and one != "\n" for one in set(text))


def _plain(error: ValueError) -> str:
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error)
