"""One certificate judged by itself: its form, who signed it, and that it is in the log. No file is looked at here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assaymark.mark import keys
from assaymark.mark.container import Container, read_container
from assaymark.mark.envelope import Envelope
from assaymark.mark.proof import Logged, Proof, check_logged
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import Issuer, Root
from assaymark.mark.statement import ROLES, Statement

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as Authority

LEEWAY = 300
"""Seconds by which the clocks of issuer, witnesses and verifier may differ."""

LAB = 3
"""The level that one issuer cannot give alone."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When an authority saw the envelope (seconds since 1970).

    `authority` is its name if its signature was verified, else None.
    """

    time: int
    authority: str | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate whose signatures and proof hold.

    `issuers` are those whose signatures count; `logged` tells where it stands in which log; `status` is the stapled
    snapshot, unread.
    """

    statement: Statement
    issuers: tuple[Issuer, ...]
    logged: Logged
    status: bytes | None
    timestamps: tuple[Timestamp, ...]


def check_certificate(data: bytes, root: Root, authorities: Sequence[Authority] = ()) -> Certificate:
    """Read one container and check all that needs no file and no clock. Raises `Refused`."""
    container = read_container(data)
    envelope = Envelope.parse(container.envelope)
    signed = known_signatures(envelope, root)
    statement = Statement.parse(envelope.payload)
    logged = check_logged(container.envelope, Proof.parse(container.proof), root.policy)
    if logged.time is not None and statement.issued_at > logged.time + LEEWAY:
        raise Refused(Reason.LOGGED_BEFORE_ISSUED, f"issued at {statement.issued_at}, logged at {logged.time}")
    issuers = counting_issuers(signed, statement, logged)
    timestamps = _timestamps(container, authorities)
    return Certificate(statement, issuers, logged, container.status, timestamps)


def _timestamps(container: Container, authorities: Sequence[Authority]) -> tuple[Timestamp, ...]:
    if not container.timestamps:
        return ()
    from assaymark.mark.timestamp import check_timestamp  # X.509 takes longer to load than all the rest

    return tuple(check_timestamp(one, container.envelope, authorities) for one in container.timestamps)


def known_signatures(envelope: Envelope, root: Root) -> tuple[Issuer, ...]:
    """Give the issuers whose signatures hold.

    One wrong signature of a known issuer spoils all; unknown keys are passed over.
    """
    found = []
    missing: Refused | None = None
    for keyid, signature in envelope.signatures.items():
        issuer = root.issuers.get(keyid)
        if issuer is None:
            continue
        try:
            if not keys.verify(issuer.alg, issuer.point, signature, envelope.signed):
                raise Refused(Reason.STATEMENT_WRONG, keyid, name=issuer.name)
        except Refused as refused:
            if refused.reason is not Reason.ALGORITHM_MISSING:
                raise
            missing = refused
            continue
        found.append(issuer)
    if not found:
        raise missing or Refused(Reason.ISSUER_UNKNOWN, next(iter(envelope.signatures))[:64])
    return tuple(found)


def counting_issuers(signed: Sequence[Issuer], statement: Statement, logged: Logged) -> tuple[Issuer, ...]:
    """Give those issuers that may sign this; one that may not is passed over if others may."""
    counting, refusals = [], []
    for issuer in signed:
        try:
            if issuer.role not in ROLES[statement.kind] or (issuer.role == "developer" and statement.level > 1):
                raise Refused(Reason.ISSUER_ROLE, issuer.role, name=issuer.name)
            # The lab stands for level 3; who signs beside it stands for what it may give alone.
            level = min(statement.level, issuer.max_level) if len(signed) > 1 else statement.level
            issuer.require(level=level, issued_at=statement.issued_at, origin=logged.origin, index=logged.index)
        except Refused as refused:
            refusals.append(refused)
        else:
            counting.append(issuer)
    if not counting:
        raise refusals[0]
    best = max(counting, key=lambda issuer: issuer.max_level)
    if best.max_level < statement.level:
        raise Refused(Reason.ISSUER_LEVEL, f"{statement.level}", name=best.name, level=statement.level)
    if statement.level == LAB and not any(one.name != best.name and one.max_level > 1 for one in counting):
        raise Refused(Reason.COSIGNER_MISSING, best.name, name=best.name)
    return tuple(counting)
