"""The signers of each signature scheme of a file, as the engine verifies them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assaymark import _engine
from assaymark.signing.block import V2, V3, V31, SigningBlock
from assaymark.signing.errors import SigningError

SCHEMES = ("v1", "v2", "v3", "v3.1")
"""Signature schemes, oldest first."""

_SHA512_IDS = frozenset((0x0102, 0x0104, 0x0202))
_VERITY_IDS = frozenset((0x0421, 0x0423, 0x0425))


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed.

    * `certificates`: for each scheme present, SHA-256 of each signer's own certificate, in the order of the file.
    * `lineage`: for each scheme with a proof of rotation, the certificates of each signer's lineage, oldest first.
    * `problem`: the stable name of the first thing that keeps a scheme from verifying, or `None`.
    """

    certificates: Mapping[str, tuple[str, ...]]
    lineage: Mapping[str, tuple[tuple[str, ...], ...]]
    problem: str | None


def read_signers(path: Path, digests: Mapping[str, bytes]) -> Signers:
    """Give the signers of a file; schemes v2 and later are verified against these content digests (`sha256`, `sha512`).

    Of v1 only its signature blocks are verified, which says nothing of the entries: with v2 or later the content digest
    covers them; without, ask `verify_signers`. A v1 signature that does not hold counts as none: platforms that know
    the others pass over it. Raises `SigningError`.
    """
    rows = _engine.signers(_open(path), digests.get("sha256"), digests.get("sha512"))[0]
    return _collect(row for row in rows if row["scheme"] != "v1" or row["problem"] is None)


def verify_signers(path: Path) -> Signers:
    """Give the signers of a file, every scheme verified in full.

    Work: every entry is inflated if there is a JAR signature.
    """
    return _collect(_engine.signatures(_open(path))[0])


def _open(path: Path) -> _engine.Package:
    try:
        return _engine.Package.open(path)
    except _engine.EngineError as error:
        raise SigningError("no-archive", str(error.args[-1])) from error


def _collect(rows: Iterable[_engine.SignerRow]) -> Signers:
    certificates: dict[str, tuple[str, ...]] = {}
    lineage: dict[str, tuple[tuple[str, ...], ...]] = {}
    problem: str | None = None
    for row in rows:
        scheme = row["scheme"]
        problem = problem or row["problem"]
        certificates[scheme] = (*certificates.get(scheme, ()), row["certificate_sha256"] or "")
        lineage[scheme] = (*lineage.get(scheme, ()), tuple(row["lineage"]))
    return Signers(certificates, {scheme: nodes for scheme, nodes in lineage.items() if any(nodes)}, problem)


def stated_algorithms(block: SigningBlock) -> frozenset[str]:
    """Give the kinds of content digest that the signers of the block state: `sha256`, `sha512`, `verity`.

    Nothing is verified here.
    """
    found = set()
    for number in (V2, V3, V31):
        for value in block.values(number)[:1]:
            for signer in _signers(value):
                fields = _sequence(signer, 1)
                digests = _sequence(fields[0], 1) if fields else []
                for one in _sequence(digests[0]) if digests else ():
                    kind = int.from_bytes(one[:4], "little")
                    found.add("sha512" if kind in _SHA512_IDS else "verity" if kind in _VERITY_IDS else "sha256")
    return frozenset(found)


def _signers(value: bytes) -> list[bytes]:
    lists = _sequence(value, 1)
    return _sequence(lists[0]) if lists else []


def _sequence(data: bytes, limit: int = 100) -> list[bytes]:
    """Give the items of a sequence of length-prefixed values, up to the first that is cut off."""
    items: list[bytes] = []
    at = 0
    while len(data) - at >= 4 and len(items) < limit:
        (size,) = struct.unpack_from("<I", data, at)
        if size > len(data) - at - 4:
            break
        items.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return items
