"""Puts a certificate's envelope into a log and comes back with its proof: what `mark.issue` asks of a log."""

from __future__ import annotations

from pathlib import Path

from assaymark.log.appending import open_log, read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.places import cache_of, open_store
from assaymark.log.publishing import Cosigner, cosigners, prove, publish
from assaymark.log.store import LocalStore
from assaymark.log.trust import Trust
from assaymark.log.witness import Clock, Witness
from assaymark.mark.issue import Logger
from assaymark.mark.policy import Policy
from assaymark.mark.proof import private_entry


def submitter(address: str, trust: Trust, clock: Clock, salt: bytes | None = None) -> Logger:
    """Give what logs one envelope and proves it, with the log's key and own witnesses from a folder of trust.

    With a salt of 32 bytes the log gets a private entry. The logger raises `LogError` and `Refused`.
    """

    def submit(envelope: bytes) -> bytes:
        policy = trust.current().policy
        with open_log(open_store(address), cache_of(address, None)) as log:
            (index,) = log.add([envelope if salt is None else private_entry(salt, envelope)])
            asked = [*cosigners(policy), *own_cosigners(trust, policy, clock)]
            publish(log, trust.signer(log.state.key), policy, asked)
            published = read_checkpoint(log.store, log.state.key)
            if published is None:
                raise LogError("no-checkpoint", address, folder=address)
            return prove(log.reader(), published[0], index, salt).to_bytes()

    return submit


def own_cosigners(trust: Trust, policy: Policy, clock: Clock) -> list[Cosigner]:
    """Give the witnesses of a policy whose secrets lie in the folder of trust; what they saw lies beside them."""
    found = []
    for name, key in policy.witnesses.items():
        if key in policy.urls:
            continue
        try:
            signer = trust.signer(key)
        except LogError as error:
            if error.reason != "no-such-key":
                raise
            continue
        place = Path(trust.folder) / "witnesses" / name
        place.mkdir(parents=True, exist_ok=True)
        witness = Witness(signer, list(policy.logs.values()), LocalStore(place), clock)
        found.append(Cosigner(key, witness.add_checkpoint))
    return found
