"""Signature scheme v4 over a file that bears a certificate: good if made after embedding, not if made before.

Source: source.android.com, "APK signature scheme v4". The file is written here, since apksigner signs again with the
other schemes when it makes one, and takes the certificate out.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from assaymark.mark.container import PAIR_ID
from assaymark.signing.block import add_pair, read_block
from assaymark.signing.content import content_digests, sections
from assaymark.signing.layout import find_layout
from assaymark.testing.archive import STORED, Member
from assaymark.testing.sign import signed_archive, throw_away_key

RSA_PKCS1_SHA256 = 0x0103
PAGE = 4096


def lengthened(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def tree(data: bytes) -> tuple[bytes, bytes]:
    """Give root and tree: pages of 4,096 bytes filled up with zeros, no salt, the top level first."""
    levels = []
    level = data
    while True:
        pages = (level[at : at + PAGE] for at in range(0, len(level), PAGE))
        level = b"".join(hashlib.sha256(page.ljust(PAGE, b"\0")).digest() for page in pages)
        levels.append(level.ljust(-(-len(level) // PAGE) * PAGE, b"\0"))
        if len(level) <= PAGE:
            break
    return hashlib.sha256(levels[-1]).digest(), b"".join(reversed(levels))


def idsig(data: bytes) -> bytes:
    """Give the v4 signature of a file by the test key."""
    key, certificate = throw_away_key()
    layout = find_layout(data)
    block = read_block(data, layout)
    assert block is not None
    digest = content_digests(sections(data, layout, block), ["sha256"])["sha256"]
    root, merkle = tree(data)
    der = certificate.public_bytes(Encoding.DER)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashing = struct.pack("<IB", 1, 12) + lengthened(b"") + lengthened(root)
    body = struct.pack("<Q", len(data)) + hashing + lengthened(digest) + lengthened(der) + lengthened(b"")
    signed = struct.pack("<I", len(body) + 4) + body
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    signing = lengthened(digest) + lengthened(der) + lengthened(b"") + lengthened(public)
    signing += struct.pack("<I", RSA_PKCS1_SHA256) + lengthened(signature)
    return struct.pack("<I", 2) + lengthened(hashing) + lengthened(signing) + lengthened(merkle)


def verify(path: Path, signature: bytes) -> str:
    file = path.with_name(path.name + ".idsig")
    file.write_bytes(signature)
    command = ["apksigner", "verify", "-v", "--min-sdk-version", "24", "--v4-signature-file", str(file), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(shutil.which("apksigner") is None, reason="apksigner is not installed")
def test_v4_after_embedding(tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    members = [Member("AndroidManifest.xml", b"manifest" * 50), Member("classes.dex", bytes(700_000), STORED)]
    data = signed_archive(members, ["v2", "v3"])
    path.write_bytes(data)
    before = idsig(data)
    assert "v4 scheme (APK Signature Scheme v4): true" in verify(path, before)
    marked = b"".join(add_pair(data, PAIR_ID, b"certificate" * 200))
    path.write_bytes(marked)
    assert "v4 scheme (APK Signature Scheme v4): true" in verify(path, idsig(marked))
    assert "v4 scheme (APK Signature Scheme v4): true" not in verify(path, before)
