"""The signed envelope of a statement: DSSE, the JSON form (https://github.com/secure-systems-lab/dsse, version 1.0)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assaymark.mark.keys import SecretKey
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_json, member, to_base64

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and what signs it, by key id (hex SHA-256 of the key's SubjectPublicKeyInfo); nothing is verified."""

    payload: bytes
    signatures: Mapping[str, bytes]

    @property
    def signed(self) -> bytes:
        """The bytes that are signed: the payload with its type, so that it cannot be taken for something else."""
        return pre_authentication(PAYLOAD_TYPE, self.payload)

    @classmethod
    def parse(cls, content: bytes) -> Envelope:
        """Read an envelope. Members that we do not know are passed over. Raises `Refused` (`envelope-malformed`)."""
        try:
            tree = from_json(content)
            if not isinstance(tree, dict):
                raise ValueError("not an object")
            if member(tree, "payloadType", str) != PAYLOAD_TYPE:
                raise ValueError("a payload of another type")
            listed = member(tree, "signatures", list)
            if not 1 <= len(listed) <= MOST_SIGNATURES or not all(isinstance(one, dict) for one in listed):
                raise ValueError(f"not 1 to {MOST_SIGNATURES} signatures")
            signatures = {member(one, "keyid", str): from_base64(member(one, "sig", str)) for one in listed}
            if len(signatures) != len(listed):
                raise ValueError("two signatures of one key")
            return cls(from_base64(member(tree, "payload", str)), signatures)
        except (ValueError, RecursionError) as error:
            raise Refused(Reason.ENVELOPE_MALFORMED, str(error)) from None


def seal(payload: bytes, keys: Iterable[SecretKey]) -> bytes:
    """Give the envelope of a payload, signed by each key."""
    message = pre_authentication(PAYLOAD_TYPE, payload)
    signatures = [{"keyid": key.keyid, "sig": to_base64(key.sign(message))} for key in keys]
    tree = {"payload": to_base64(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures}
    return json.dumps(tree, separators=(",", ":")).encode()


def pre_authentication(kind: str, body: bytes) -> bytes:
    """Give the pre-authentication encoding of DSSE."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(body), body)
