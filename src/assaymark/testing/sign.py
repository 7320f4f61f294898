"""Package signatures v1, v2 and v3 with the throw-away test key.

Source: the "APK Signature Scheme v2" and "v3" pages of the Android Open Source Project, and the JAR file specification.
This stays apart from `assaymark.signing` on purpose: a reader tested only on files of its own writer shares its faults.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from assaymark.testing.archive import Archive, Member, write_archive

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

SCHEMES = ("v1", "v2", "v3", "v3.1")

Identity = tuple["RSAPrivateKey | EllipticCurvePrivateKey", "Certificate"]
"""A key and its certificate."""

_V2_BLOCK, _V3_BLOCK, _V31_BLOCK = 0x7109871A, 0xF05368C0, 0x1B93AD61
_RSA_PKCS1_SHA256, _ECDSA_SHA256 = 0x0103, 0x0201
_STRIPPING_PROTECTION = 0xBEEFF00D  # a v2 attribute: "v3 was here too"
_PROOF_OF_ROTATION = 0x3BA06F8C  # a v3 attribute: the certificates that led to this one
_ROTATION_SDK = 33  # the platform from which on v3.1 decides
_LAST_SDK = 0x7FFFFFFF
_CHUNK = 1 << 20


@cache
def throw_away_key() -> tuple[RSAPrivateKey, Certificate]:
    """Give the test key (RSA, 2048 bits, public in this repository, worth nothing) and its self-signed certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    pem = (files("assaymark.testing") / "throw_away_test_key.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the test key is an RSA key")
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "assaymark test key"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Not for release"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x41535341594D41524B)
        .not_valid_before(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2054, 1, 1, tzinfo=datetime.UTC))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@cache
def other_identity(number: int = 1) -> tuple[EllipticCurvePrivateKey, Certificate]:
    """Give another key (P-256, made from its number, worth nothing) and its certificate: always the same."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.derive_private_key(0x41535341 + number, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"assaymark other key {number}")])
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(number).not_valid_before(start).not_valid_after(start.replace(year=2054))
    return key, builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def signed_archive(
    members: Sequence[Member],
    schemes: Iterable[str],
    *,
    identities: Mapping[str, Identity] | None = None,
    lineage: Sequence[Identity] = (),
    pairs: Iterable[tuple[int, bytes]] = (),
    comment: bytes = b"",
) -> bytes:
    """Give the archive of these members, signed with the schemes named (of `SCHEMES`; none: unsigned).

    `identities`: who signs a scheme of the signing block in place of the test key. `lineage`: identities, oldest
    first, that led to the signer of the newest scheme. `pairs`: further pairs of the signing block, after the
    signatures. `comment`: of the end record.
    """
    wanted = set(schemes)
    if unknown := wanted - set(SCHEMES):
        raise ValueError(f"unknown signature scheme: {', '.join(sorted(unknown))}")
    if "v1" in wanted:
        members = [*members, *_jar_signature(members, sorted(wanted & {"v2", "v3"}))]
    archive = write_archive(members, comment=comment)
    if not wanted - {"v1"}:
        return archive.data
    return _with_block(archive, wanted - {"v1"}, identities or {}, lineage, pairs)


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _jar_line(text: str) -> bytes:
    # A line holds 72 bytes with its line break; the rest goes on after a blank.
    raw = text.encode()
    out = raw[:70]
    for start in range(70, len(raw), 69):
        out += b"\r\n " + raw[start : start + 69]
    return out + b"\r\n"


def _section(lines: Iterable[str]) -> bytes:
    return b"".join(map(_jar_line, lines)) + b"\r\n"


def _jar_signature(members: Iterable[Member], newer: Sequence[str]) -> list[Member]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    key, certificate = throw_away_key()
    head = _section(["Manifest-Version: 1.0", "Created-By: assaymark.testing"])
    sections = {one.name: _section([f"Name: {one.name}", f"SHA-256-Digest: {_digest(one.data)}"]) for one in members}
    manifest = head + b"".join(sections.values())
    first = ["Signature-Version: 1.0", "Created-By: assaymark.testing", f"SHA-256-Digest-Manifest: {_digest(manifest)}"]
    if newer:
        first.append("X-Android-APK-Signed: " + ", ".join(scheme[1:] for scheme in newer))
    listing = _section(first) + b"".join(
        _section([f"Name: {name}", f"SHA-256-Digest: {_digest(section)}"]) for name, section in sections.items()
    )
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoAttributes, pkcs7.PKCS7Options.Binary]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(listing).add_signer(certificate, key, hashes.SHA256())
    return [
        Member("META-INF/MANIFEST.MF", manifest),
        Member("META-INF/CERT.SF", listing),
        Member("META-INF/CERT.RSA", builder.sign(Encoding.DER, options)),
    ]


def _with_block(
    archive: Archive,
    schemes: set[str],
    identities: Mapping[str, Identity],
    lineage: Sequence[Identity],
    more: Iterable[tuple[int, bytes]],
) -> bytes:
    digest = _content_digest((archive.entries, archive.directory, archive.end))
    who = {scheme: identities.get(scheme) or throw_away_key() for scheme in schemes}
    pairs = b""
    if "v2" in schemes:
        pairs += _pair(_V2_BLOCK, _signer_v2(digest, "v3" in schemes, who["v2"]))
    if "v3" in schemes:
        rotated = "v3.1" in schemes
        last, nodes = (_ROTATION_SDK - 1, ()) if rotated else (_LAST_SDK, lineage)
        pairs += _pair(_V3_BLOCK, _signer_v3(digest, (28, last), who["v3"], nodes))
    if "v3.1" in schemes:
        pairs += _pair(_V31_BLOCK, _signer_v3(digest, (_ROTATION_SDK, _LAST_SDK), who["v3.1"], lineage))
    for number, value in more:
        pairs += _pair(number, value)
    size = struct.pack("<Q", len(pairs) + 24)
    block = size + pairs + size + b"APK Sig Block 42"
    offset = struct.pack("<I", len(archive.entries) + len(block))
    return archive.entries + block + archive.directory + archive.end[:16] + offset + archive.end[20:]


def _content_digest(parts: Iterable[bytes]) -> bytes:
    digests = [
        hashlib.sha256(b"\xa5" + struct.pack("<I", len(piece)) + piece).digest()
        for part in parts
        for piece in (part[start : start + _CHUNK] for start in range(0, len(part), _CHUNK))
    ]
    return hashlib.sha256(b"\x5a" + struct.pack("<I", len(digests)) + b"".join(digests)).digest()


def _pair(block: int, value: bytes) -> bytes:
    return struct.pack("<QI", len(value) + 4, block) + value


def _prefixed(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("<I", len(body)) + body


def _algorithm(identity: Identity) -> int:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    return _RSA_PKCS1_SHA256 if isinstance(identity[0], RSAPrivateKey) else _ECDSA_SHA256


def _sign(identity: Identity, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = identity[0]
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def _certificate(identity: Identity) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return identity[1].public_bytes(Encoding.DER)


def _signed_parts(digest: bytes, identity: Identity) -> bytes:
    digests = _prefixed(_prefixed(struct.pack("<I", _algorithm(identity)), _prefixed(digest)))
    return digests + _prefixed(_prefixed(_certificate(identity)))


def _signature(data: bytes, identity: Identity) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = identity[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = struct.pack("<I", _algorithm(identity)) + _prefixed(_sign(identity, data))
    return _prefixed(_prefixed(signature)), _prefixed(public)


def _signer_v2(digest: bytes, with_v3: bool, identity: Identity) -> bytes:
    attributes = _prefixed(struct.pack("<II", _STRIPPING_PROTECTION, 3)) if with_v3 else b""
    data = _signed_parts(digest, identity) + _prefixed(attributes)
    return _prefixed(_prefixed(_prefixed(data), *_signature(data, identity)))


def _signer_v3(digest: bytes, levels: tuple[int, int], identity: Identity, lineage: Sequence[Identity]) -> bytes:
    packed = struct.pack("<II", *levels)  # API levels for which this signer stands
    attributes = b""
    if lineage:
        attributes = _prefixed(struct.pack("<I", _PROOF_OF_ROTATION) + _lineage([*lineage, identity]))
    data = _signed_parts(digest, identity) + packed + _prefixed(attributes)
    return _prefixed(_prefixed(_prefixed(data), packed, *_signature(data, identity)))


def _lineage(identities: Sequence[Identity]) -> bytes:
    """Give a proof of rotation: each certificate is signed by the one before, the first by nobody."""
    nodes = b""
    for number, identity in enumerate(identities):
        before = identities[number - 1] if number else None
        data = _prefixed(_certificate(identity)) + struct.pack("<I", _algorithm(before) if before else 0)
        signature = _prefixed(_sign(before, data)) if before else _prefixed(b"")
        nodes += _prefixed(_prefixed(data), struct.pack("<II", 0x17, _algorithm(identity)), signature)
    return struct.pack("<I", 1) + nodes
