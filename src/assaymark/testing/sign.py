"""Package signatures v1, v2 and v3 with the throw-away test key.

Source: the "APK Signature Scheme v2" and "v3" pages of the Android Open Source Project, and the JAR file specification.
This stays apart from `assaymark.signing` on purpose: a reader tested only on files of its own writer shares its faults.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from assaymark.testing.archive import Archive, Member, write_archive

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

SCHEMES = ("v1", "v2", "v3")

_V2_BLOCK, _V3_BLOCK = 0x7109871A, 0xF05368C0
_RSA_PKCS1_SHA256 = 0x0103
_STRIPPING_PROTECTION = 0xBEEFF00D  # a v2 attribute: "v3 was here too"
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


def signed_archive(members: Sequence[Member], schemes: Iterable[str]) -> bytes:
    """Give the archive of these members, signed with the schemes named (of `SCHEMES`; none: unsigned)."""
    wanted = set(schemes)
    if unknown := wanted - set(SCHEMES):
        raise ValueError(f"unknown signature scheme: {', '.join(sorted(unknown))}")
    if "v1" in wanted:
        members = [*members, *_jar_signature(members, sorted(wanted - {"v1"}))]
    archive = write_archive(members)
    return _with_block(archive, wanted - {"v1"}) if wanted - {"v1"} else archive.data


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


def _with_block(archive: Archive, schemes: set[str]) -> bytes:
    digest = _content_digest((archive.entries, archive.directory, archive.end))
    pairs = b""
    if "v2" in schemes:
        pairs += _pair(_V2_BLOCK, _signer_v2(digest, "v3" in schemes))
    if "v3" in schemes:
        pairs += _pair(_V3_BLOCK, _signer_v3(digest))
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


def _signed_parts(digest: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = throw_away_key()[1].public_bytes(Encoding.DER)
    digests = _prefixed(_prefixed(struct.pack("<I", _RSA_PKCS1_SHA256), _prefixed(digest)))
    return digests + _prefixed(_prefixed(certificate))


def _signature(data: bytes) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key, _ = throw_away_key()
    signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _prefixed(_prefixed(struct.pack("<I", _RSA_PKCS1_SHA256), _prefixed(signature))), _prefixed(public)


def _signer_v2(digest: bytes, with_v3: bool) -> bytes:
    attributes = _prefixed(struct.pack("<II", _STRIPPING_PROTECTION, 3)) if with_v3 else b""
    data = _signed_parts(digest) + _prefixed(attributes)
    return _prefixed(_prefixed(_prefixed(data), *_signature(data)))


def _signer_v3(digest: bytes) -> bytes:
    levels = struct.pack("<II", 28, 0x7FFFFFFF)  # API levels for which this signer stands
    data = _signed_parts(digest) + levels + _prefixed(b"")
    return _prefixed(_prefixed(_prefixed(data), levels, *_signature(data)))
