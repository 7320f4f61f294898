"""Timestamps of an outside authority over a certificate: RFC 3161 tokens, in a CMS `SignedData` (RFC 5652).

A token is evidence for a court. It decides nothing here unless it contradicts: one over other bytes is refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import new, sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import Certificate

from assaymark.mark.certificate import Timestamp
from assaymark.mark.reasons import Reason, Refused

LARGEST = 32_768

_SEQUENCE, _SET, _OID, _OCTETS, _INTEGER, _TIME = 0x30, 0x31, 0x06, 0x04, 0x02, 0x18
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SHA256_OID = bytes.fromhex("608648016503040201")
_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    _SHA256_OID: hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class _Item:
    tag: int
    content: bytes
    raw: bytes

    def items(self) -> list[_Item]:
        return list(_items(self.content))


def check_timestamp(token: bytes, envelope: bytes, authorities: Sequence[Certificate] = ()) -> Timestamp:
    """Give the time in a token over these bytes, and which of the known authorities signed it.

    Raises `Refused` (`timestamp-wrong`) if the token cannot be read, is over other bytes, or bears a wrong signature
    of a known authority.
    """
    try:
        if len(token) > LARGEST:
            raise ValueError("too long")
        fields = _signed_data(token)
        info = _info(fields)
        digest, time = _stated(info)
        if digest != sha256(envelope).digest():
            raise ValueError("over other bytes")
        signer = fields[-1].items()[0].items()
        return Timestamp(time, _authority(signer, info, authorities))
    except (ValueError, IndexError, InvalidSignature) as error:
        raise Refused(Reason.TIMESTAMP_WRONG, str(error) or type(error).__name__) from None


def _signed_data(token: bytes) -> list[_Item]:
    (outer,) = _items(token)
    kind, wrapped = outer.items()
    if kind.content != _SIGNED_DATA:
        raise ValueError("no SignedData")
    (data,) = wrapped.items()
    return data.items()


def _info(fields: list[_Item]) -> bytes:
    """Give the bytes of the TSTInfo."""
    kind, wrapped = fields[2].items()
    if kind.content != _TST_INFO:
        raise ValueError("no timestamp inside")
    (octets,) = wrapped.items()
    return octets.content


def _stated(info: bytes) -> tuple[bytes, int]:
    """Give the SHA-256 and the time in a TSTInfo."""
    (outer,) = _items(info)
    _version, _policy, imprint, _serial, time, *_ = outer.items()
    algorithm, digest = imprint.items()
    if algorithm.items()[0].content != _SHA256_OID or time.tag != _TIME:
        raise ValueError("not over a SHA-256 digest")
    text = time.content.decode("ascii").partition(".")[0].rstrip("Z")
    moment = datetime.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=datetime.UTC)
    return digest.content, int(moment.timestamp())


def _authority(signer: list[_Item], info: bytes, authorities: Sequence[Certificate]) -> str | None:
    _version, identity, digest, attributes, _algorithm, signature, *_ = signer
    named = identity.items()
    for one in authorities:
        if identity.tag != _SEQUENCE or named[0].raw != one.issuer.public_bytes():
            continue
        if int.from_bytes(named[1].content, "big", signed=True) != one.serial_number:
            continue
        algorithm = _HASHES.get(digest.items()[0].content)
        if algorithm is None or attributes.tag != 0xA0:
            raise ValueError("a signature of an unknown form")
        _check_attributes(attributes, info, algorithm)
        signed = bytes([_SET]) + attributes.raw[1:]  # RFC 5652, section 5.4: the tag of a set is what is signed
        key = one.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.content, signed, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.content, signed, padding.PKCS1v15(), algorithm)
        else:
            raise ValueError("a key of an unknown kind")
        return one.subject.rfc4514_string()
    return None


def _check_attributes(attributes: _Item, info: bytes, algorithm: hashes.HashAlgorithm) -> None:
    found = {}
    for attribute in attributes.items():
        kind, values = attribute.items()
        found[kind.content] = values.items()[0].content
    if found.get(_CONTENT_TYPE) != _TST_INFO or found.get(_MESSAGE_DIGEST) != new(algorithm.name, info).digest():
        raise ValueError("its signed attributes are of something else")


def _items(data: bytes) -> Iterator[_Item]:
    """Give the DER elements that stand one after the other in `data`. Raises `ValueError`."""
    at = 0
    while at < len(data):
        if len(data) - at < 2:
            raise ValueError("an element is cut off")
        size, start = data[at + 1], at + 2
        if size >= 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4 or start + count > len(data):
                raise ValueError("a length of an unknown form")
            size = int.from_bytes(data[start : start + count], "big")
            start += count
        if size > len(data) - start:
            raise ValueError("an element runs over the end")
        yield _Item(data[at], data[start : start + size], data[at : start + size])
        at = start + size
