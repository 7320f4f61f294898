"""A whole world of trust in memory: root keys, a log, three witnesses, issuers, a status list and a fixed clock.

    world = World()
    container = world.certify(world.statement(apk))
    verify([path], world.root(), now=NOW)

All keys are made from their names and are worth nothing. The same calls give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import Container
from assaymark.mark.envelope import seal
from assaymark.mark.keys import SecretKey
from assaymark.mark.merkle import inclusion_path, leaf_hash, node_hash, tree_root
from assaymark.mark.note import Kind, Note, Signer, sign
from assaymark.mark.proof import Proof, private_entry
from assaymark.mark.root import Root
from assaymark.mark.statement import INSPECTION, Inspection, Statement, Subject
from assaymark.mark.status import State, StatusList
from assaymark.mark.strict import to_base64
from assaymark.mark.subject import opened

NOW = 1_795_000_000
"""The time in this world: November 2026."""

DAY = 86_400
ORIGIN = "log.example/2026"
SALT = bytes(range(32))

_SM2_SECRET = bytes.fromhex("63d466ca14351d98644fe05371b5f5c7e218eec778c63e943515a19ea1be9d98")
_SM2_POINT = bytes.fromhex(
    "e1326ede8f2f8a75cedb78779f1a837da8c4e577687ab2dd0a7c07003d0d2610"
    "6c78a5913d5d7d840010765cfa7fea47164129066558fb8d055d01c92c57ad10"
)


def secret(name: str) -> Ed25519PrivateKey:
    """Give the Ed25519 key of a name."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def p256(name: str) -> SecretKey:
    """Give the P-256 key of a name."""
    return SecretKey.of(
        ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest()[:31], "big"), ec.SECP256R1())
    )


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of this world: its key, and what the root says of it."""

    key: SecretKey
    name: str
    role: str = "inspector"
    level: int = 2
    valid: tuple[int, int] = (NOW - 400 * DAY, NOW + 400 * DAY)
    cut_off: Mapping[str, int] | None = None
    alg: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the issuer as it stands in a root."""
        tree = {
            "name": self.name,
            "role": self.role,
            "alg": self.alg or self.key.algorithm,
            "spki": to_base64(self.key.spki),
            "maxLevel": self.level,
            "validFrom": self.valid[0],
            "validTo": self.valid[1],
        }
        return tree if self.cut_off is None else tree | {"maxLogIndex": dict(self.cut_off)}


def issuers() -> dict[str, Issuer]:
    """Give the issuers of a new world, by a short name."""
    return {
        "platform": Issuer(SecretKey.of(secret("platform")), "Platform"),
        "p256": Issuer(p256("p256"), "Second platform"),
        "sm2": Issuer(SecretKey("sm2", _SM2_SECRET, _SM2_POINT), "Platform SM2"),
        "lab": Issuer(SecretKey.of(secret("lab")), "Lab", level=3),
        "developer": Issuer(SecretKey.of(secret("developer")), "Developer", role="developer", level=1),
        "store": Issuer(SecretKey.of(secret("store")), "Store", role="store", level=1),
    }


@dataclass
class World:
    """State of the world. `entries` are the log; change `issuers` before asking for a `root`."""

    issuers: dict[str, Issuer] = field(default_factory=issuers)
    entries: list[bytes] = field(default_factory=lambda: [f"other entry {number}".encode() for number in range(5)])
    origin: str = ORIGIN

    @property
    def log_key(self) -> Signer:
        """The key of the log."""
        return Signer.of(self.origin, Kind.ED25519, secret(f"log {self.origin}"))

    @property
    def witnesses(self) -> list[Signer]:
        """The keys of the witnesses."""
        return [Signer.of(f"witness{n}.example", Kind.COSIGNATURE, secret(f"witness {n}")) for n in (1, 2, 3)]

    @property
    def root_keys(self) -> list[Signer]:
        """The keys that sign roots, two of three."""
        return [Signer.of(f"root{n}.example", Kind.ED25519, secret(f"root {n}")) for n in (1, 2, 3)]

    @property
    def status_key(self) -> Signer:
        """The key that signs status lists."""
        return Signer.of("status.example", Kind.ED25519, secret("status"))

    def policy(self) -> str:
        """Give the policy text: two of three witnesses."""
        names = [f"w{number}" for number, _ in enumerate(self.witnesses, 1)]
        lines = [f"witness {name} {one.key}" for name, one in zip(names, self.witnesses, strict=True)]
        return "\n".join([*lines, f"group quorum-of-two 2 {' '.join(names)}", "quorum quorum-of-two", ""])

    def root_tree(self, **changes: Any) -> dict[str, Any]:
        """Give the trust root as a tree; keyword arguments replace members."""
        return {
            "_type": "assaymark-root/v1",
            "version": 1,
            "expires": NOW + 100 * DAY,
            "rootKeys": [str(one.key) for one in self.root_keys],
            "threshold": 2,
            "logs": [str(self.log_key.key)],
            "policy": self.policy(),
            "issuers": {one.key.keyid: one.to_json() for one in self.issuers.values()},
            "statusKeys": [str(self.status_key.key)],
            "statusUrl": "https://log.example/status",
        } | changes

    def root_note(self, *, signers: int = 2, **changes: Any) -> bytes:
        """Give the signed trust root."""
        text = json.dumps(self.root_tree(**changes), indent=1) + "\n"
        return sign(text, *self.root_keys[:signers]).to_bytes()

    def root(self, **changes: Any) -> Root:
        """Give the trust root."""
        return Root.parse(self.root_note(**changes))

    def statement(self, path: Path, **changes: Any) -> Statement:
        """Give a statement that this file passed at level 2; keyword arguments replace members."""
        return self.statement_of([path], **changes)

    def statement_of(self, paths: Sequence[Path], **changes: Any) -> Statement:
        """Give a statement on several files, the base first."""
        subjects = []
        with opened(paths[0]) as file:
            signers = file.signers
        for path in paths:
            with opened(path) as file:
                if file.signed_by_block:
                    digests = file.content({"sha256", "sha512"})
                else:
                    digests = {"sha256": file.sha256}
                    if file.layout is not None:
                        digests["zipEntriesSha256"] = file.entries_sha256
            subjects.append(Subject(path.name, digests))
        inspection = Inspection(
            level=2,
            profile="cn-app-rules-1",
            rules_sha256=sha256(b"rules").hexdigest(),
            engine="0.1.0",
            report_sha256=sha256(b"report").hexdigest(),
            not_assessed=("app-method-2-1", "app-method-3-3"),
            supersedes=None,
        )
        inner = {name: changes.pop(name) for name in tuple(changes) if name in Inspection.__dataclass_fields__}
        statement = Statement(
            kind=INSPECTION,
            subjects=tuple(subjects),
            serial="AM-2026-00000001",
            platform="android",
            package="com.example.app",
            version_code=7,
            signers=signers.certificates,
            lineage=signers.lineage,
            issued_at=NOW - 10 * DAY,
            not_after=NOW + 300 * DAY,
            inspection=replace(inspection, **inner),
        )
        return replace(statement, **changes)

    def seal(self, statement: Statement | bytes, by: Sequence[str] = ("platform",)) -> bytes:
        """Give the envelope of a statement, signed by these issuers."""
        payload = statement if isinstance(statement, bytes) else statement.to_bytes()
        return seal(payload, [self.issuers[name].key for name in by])

    def log(self, entry: bytes) -> int:
        """Append an entry; give its index."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def node(self, level: int, index: int) -> bytes:
        """Give the hash of a full subtree of the log."""
        if level == 0:
            return leaf_hash(self.entries[index])
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def checkpoint(
        self, *, time: int = NOW - 9 * DAY, witnesses: int = 3, logs: Iterable[Signer] | None = None
    ) -> bytes:
        """Give a checkpoint over the log as it is, cosigned by so many witnesses."""
        head = Checkpoint(self.origin, len(self.entries), tree_root(len(self.entries), self.node))
        note: Note = sign(head.text(), *((self.log_key,) if logs is None else logs))
        cosigned = [one.sign(note.text, time) for one in self.witnesses[:witnesses]]
        return note.with_signatures(cosigned).to_bytes()

    def proof(self, index: int, checkpoint: bytes | None = None, salt: bytes | None = None) -> Proof:
        """Give the proof of an entry."""
        path = inclusion_path(index, len(self.entries), self.node)
        return Proof(index, tuple(path), checkpoint or self.checkpoint(), salt)

    def certify(self, statement: Statement | bytes, by: Sequence[str] = ("platform",), **more: Any) -> bytes:
        """Give a container: sealed by these issuers, logged, proven. `more` are further members of `Container`."""
        return self.contain(self.seal(statement, by), **more)

    def contain(self, envelope: bytes, *, private: bool = False, **more: Any) -> bytes:
        """Log an envelope and give its container."""
        salt = SALT if private else None
        index = self.log(private_entry(SALT, envelope) if private else envelope)
        return Container(envelope, self.proof(index, salt=salt).to_bytes(), **more).to_bytes()

    def status_note(self, states: Mapping[int, State] | None = None, *, time: int = NOW - DAY) -> bytes:
        """Give a signed status list over the log as it is."""
        return self.sign_status(StatusList.of(self.origin, time, len(self.entries), states or {}))

    def sign_status(self, held: StatusList) -> bytes:
        """Give a status list as a signed note."""
        return sign(held.text(), self.status_key).to_bytes()

    def status(self, states: Mapping[int, State] | None = None, *, time: int = NOW - DAY) -> StatusList:
        """Give a status list over the log as it is."""
        return StatusList.parse(self.status_note(states, time=time), [self.status_key.key])
