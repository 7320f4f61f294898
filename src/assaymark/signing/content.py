"""Digests over what APK signature schemes sign: everything but the signing block, in chunks of one MiB.

Source: source.android.com, "APK signature scheme v2", section "Integrity-protected contents". The same construction
with SM3 in place of SHA-256 is ours (`docs/reference/mark-format.md`).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Protocol

from assaymark.signing.block import SigningBlock
from assaymark.signing.layout import Bytes, Layout

_CHUNK = 1 << 20

ALGORITHMS = ("sha256", "sha512", "sm3")


class _Hash(Protocol):
    def update(self, data: Bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def new_hash(algorithm: str) -> _Hash:
    """Start a digest: `sha256`, `sha512` or `sm3`."""
    if algorithm == "sha256":
        return hashlib.sha256()
    if algorithm == "sha512":
        return hashlib.sha512()
    if algorithm == "sm3":
        return _Sm3()
    raise ValueError(f"unknown algorithm: {algorithm}")


class _Sm3:
    """SM3 of `cryptography`: that of `hashlib` is missing where Python was built without it."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives import hashes

        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: Bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.finalize()


def sections(data: Bytes, layout: Layout, block: SigningBlock) -> list[Bytes]:
    """Give what is signed: contents, central directory, and the end record as it was before there was a block."""
    return [data[: block.start], data[layout.directory : layout.end], layout.end_record(data, block.start)]


def content_digests(parts: Iterable[Bytes], algorithms: Iterable[str]) -> dict[str, bytes]:
    """Give the digest of the sections by each algorithm.

    Work: one pass over the file; each chunk is read once for all of them.
    """
    names = tuple(algorithms)
    whole = [memoryview(part) for part in parts]
    count = sum(-(-len(part) // _CHUNK) for part in whole)
    tops = {name: new_hash(name) for name in names}
    for top in tops.values():
        top.update(b"\x5a" + struct.pack("<I", count))
    for part in whole:
        for start in range(0, len(part), _CHUNK):
            chunk = part[start : start + _CHUNK]
            head = b"\xa5" + struct.pack("<I", len(chunk))
            for name, top in tops.items():
                digest = new_hash(name)
                digest.update(head)
                digest.update(chunk)
                top.update(digest.digest())
    return {name: top.digest() for name, top in tops.items()}
