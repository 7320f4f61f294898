"""The trust root: who may sign what. A verifier ships with one, and is led from each to the next.

A root is a signed note whose text is one JSON object. Version n+1 is signed by the threshold of root n and by its own;
versions never go back, and a root that has expired is not believed. The way is that of The Update Framework
(https://theupdateframework.github.io/specification/latest/, section 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from assaymark.mark.note import Key, Kind, Note, Signed
from assaymark.mark.policy import Policy
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_json, member

TYPE = "assaymark-root/v1"
MAX_ROOT = 1 << 20
MAX_ISSUERS = 10_000
ROLES = ("developer", "inspector", "store")
LEVELS = (1, 2, 3)

SPKI = {
    "ed25519": (bytes.fromhex("302a300506032b6570032100"), 32),
    "ecdsa-p256": (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 64),
    "sm2": (bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004"), 64),
}
"""How the SubjectPublicKeyInfo of each algorithm begins, and how many bytes follow: a point is not compressed."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key that may sign certificates. `keyid` is the SHA-256 (hex) of `spki`, a DER SubjectPublicKeyInfo.

    Times are seconds since 1970. `cut_off` is None, or gives for each log the last index that counts: what is not
    named there does not count at all, so that a thief cannot turn to the log of another year.
    """

    keyid: str
    name: str
    role: str
    alg: str
    spki: bytes
    max_level: int
    valid_from: int
    valid_to: int
    cut_off: Mapping[str, int] | None

    @property
    def point(self) -> bytes:
        """Give the bare public key: 32 bytes of Ed25519, or x and y of a curve point."""
        return self.spki[len(SPKI[self.alg][0]) :]

    def require(self, *, level: int, issued_at: int, origin: str, index: int) -> None:
        """Raise `Refused` unless this key may issue this level, then, at this place of this log.

        Reasons: `issuer-level`, `issuer-not-valid`, `issuer-cut-off`.
        """
        if level > self.max_level:
            raise Refused(Reason.ISSUER_LEVEL, f"{level} > {self.max_level}", name=self.name, level=level)
        if not self.valid_from <= issued_at <= self.valid_to:
            raise Refused(Reason.ISSUER_NOT_VALID, f"issued at {issued_at}", name=self.name)
        if self.cut_off is not None and index > self.cut_off.get(origin, -1):
            raise Refused(Reason.ISSUER_CUT_OFF, f"entry {index} of {origin}", name=self.name)


@dataclass(frozen=True, slots=True)
class Root:
    """A trust root whose own threshold signed it. `content` is the note, byte for byte."""

    content: bytes
    version: int
    expires: int
    keys: tuple[Key, ...]
    threshold: int
    logs: tuple[Key, ...]
    policy: Policy
    policy_text: str
    issuers: Mapping[str, Issuer]
    status_keys: tuple[Key, ...]
    status_url: str

    @classmethod
    def parse(cls, content: bytes) -> Root:
        """Read a root and check that the threshold of its own keys signed it. Expiry is for `require_fresh`.

        Raises `Refused`: `root-malformed`, `issuer-algorithm`, `root-below-threshold`.
        """
        try:
            note = Note.parse(content, MAX_ROOT)
            root = _root(content, from_json(note.text))
        except ValueError as error:
            raise Refused(Reason.ROOT_MALFORMED, str(error)) from None
        except Refused as refused:
            if refused.reason is Reason.ISSUER_ALGORITHM:
                raise
            raise Refused(Reason.ROOT_MALFORMED, str(refused)) from None
        root.require_threshold(note)
        return root

    def require_threshold(self, note: Note) -> None:
        """Raise `Refused` (`root-below-threshold`) unless enough keys of this root signed the note."""
        try:
            signed: Sequence[Signed] = note.verify(self.keys)
        except Refused as refused:
            raise Refused(Reason.ROOT_BELOW_THRESHOLD, str(refused)) from None
        if len(signed) < self.threshold:
            raise Refused(Reason.ROOT_BELOW_THRESHOLD, f"{len(signed)} of {self.threshold}")

    def require_fresh(self, now: int) -> None:
        """Raise `Refused` (`root-expired`) if this root is not to be believed any more."""
        if now >= self.expires:
            raise Refused(Reason.ROOT_EXPIRED, f"{self.expires}", expires=self.expires)

    def next(self, content: bytes) -> Root:
        """Give the root that follows this one; the very same root gives itself.

        Raises `Refused`: `root-older`, `root-skipped`, and the reasons of `parse`. A chain may lead through roots that
        have expired: only the last one must be fresh.
        """
        if content == self.content:
            return self
        root = Root.parse(content)
        if root.version <= self.version:
            raise Refused(Reason.ROOT_OLDER, f"{root.version} after {self.version}", version=root.version)
        if root.version != self.version + 1:
            raise Refused(Reason.ROOT_SKIPPED, f"{root.version} after {self.version}", version=root.version)
        self.require_threshold(Note.parse(content, MAX_ROOT))
        return root

    def issuer(self, keyid: str) -> Issuer:
        """Give the issuer with this key id. Raises `Refused` (`issuer-unknown`)."""
        found = self.issuers.get(keyid)
        if found is None:
            raise Refused(Reason.ISSUER_UNKNOWN, keyid[:64], keyid=keyid[:64])
        return found


def _root(content: bytes, tree: Any) -> Root:
    if not isinstance(tree, dict) or tree.get("_type") != TYPE:
        raise ValueError(f"not of type {TYPE}")
    keys = _keys(tree, "rootKeys")
    threshold = _natural(tree, "threshold")
    if not 1 <= threshold <= len(keys):
        raise ValueError("the threshold is not between one and the number of keys")
    version = _natural(tree, "version")
    if version < 1:
        raise ValueError("versions begin with one")
    logs = _keys(tree, "logs")
    policy_text = member(tree, "policy", str)
    issuers = member(tree, "issuers", dict)
    if len(issuers) > MAX_ISSUERS:
        raise ValueError("too many issuers")
    return Root(
        content=content,
        version=version,
        expires=_natural(tree, "expires"),
        keys=keys,
        threshold=threshold,
        logs=logs,
        policy=Policy.parse(policy_text, logs),
        policy_text=policy_text,
        issuers={keyid: _issuer(keyid, one) for keyid, one in issuers.items()},
        status_keys=_keys(tree, "statusKeys"),
        status_url=member(tree, "statusUrl", str),
    )


def _issuer(keyid: str, tree: Any) -> Issuer:
    if not isinstance(tree, dict):
        raise ValueError("an issuer is no object")
    spki = from_base64(member(tree, "spki", str))
    alg = member(tree, "alg", str)
    if sha256(spki).hexdigest() != keyid:
        raise ValueError("the id of an issuer is not the digest of its key")
    if alg not in SPKI:
        raise Refused(Reason.ISSUER_ALGORITHM, alg[:40], keyid=keyid)
    head, rest = SPKI[alg]
    if not spki.startswith(head) or len(spki) != len(head) + rest:
        raise Refused(Reason.ISSUER_ALGORITHM, f"{keyid} is no key of {alg}", keyid=keyid)
    role, level = member(tree, "role", str), _natural(tree, "maxLevel")
    if role not in ROLES or level not in LEVELS:
        raise ValueError("an issuer has an unknown role or level")
    return Issuer(
        keyid=keyid,
        name=member(tree, "name", str),
        role=role,
        alg=alg,
        spki=spki,
        max_level=level,
        valid_from=_natural(tree, "validFrom"),
        valid_to=_natural(tree, "validTo"),
        cut_off=_cut_off(tree),
    )


def _cut_off(tree: Mapping[str, Any]) -> Mapping[str, int] | None:
    if "maxLogIndex" not in tree:
        return None
    indexes = member(tree, "maxLogIndex", dict)
    return {origin: _natural(indexes, origin) for origin in indexes}


def _keys(tree: Mapping[str, Any], name: str) -> tuple[Key, ...]:
    texts = member(tree, name, list)
    if not 1 <= len(texts) <= 100 or not all(isinstance(one, str) for one in texts):
        raise ValueError(f"{name} is not a list of 1 to 100 keys")
    keys = tuple(Key.parse(one) for one in texts)
    if len({key.public for key in keys}) < len(keys) or any(key.kind is not Kind.ED25519 for key in keys):
        raise ValueError(f"{name} has a key twice, or one of another type")
    return keys


def _natural(tree: Mapping[str, Any], name: str) -> int:
    number: int = member(tree, name, int)
    if number < 0:
        raise ValueError(f"{name} is below zero")
    return number
