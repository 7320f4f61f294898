"""The container of a certificate: the value of the mark's pair in the signing block, or a `.assaymark` file.

Format: `docs/reference/mark-format.md`, section "Container".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assaymark.mark.reasons import Reason, Refused

PAIR_ID = 0x6B6D7941
"""Id of the pair of the APK Signing Block that holds a container: the bytes `Aymk`."""

SUFFIX = ".assaymark"
"""What is appended to the name of a file to name its detached container."""

MAGIC = b"AYM1"
LARGEST = 65_536
"""Bytes of a container, wrapper included."""

MOST = 16
"""Certificates in one wrapper; timestamps in one certificate."""

ENVELOPE, PROOF, STATUS, TIMESTAMP, NESTED = 1, 2, 3, 4, 5
_KNOWN = frozenset((ENVELOPE, PROOF, STATUS, TIMESTAMP, NESTED))
_CRITICAL = 1 << 31


@dataclass(frozen=True, slots=True)
class Container:
    """One certificate: the signed envelope, its proof of being logged, and what may come with it."""

    envelope: bytes
    proof: bytes
    status: bytes | None = None
    timestamps: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """Give the container as it is stored. Raises `Refused` (`container-too-large`)."""
        records = [(ENVELOPE, self.envelope), (PROOF, self.proof)]
        records += [(STATUS, self.status)] if self.status is not None else []
        return _write([*records, *((TIMESTAMP, token) for token in self.timestamps)])


def wrap(containers: Iterable[bytes]) -> bytes:
    """Give containers of several issuers as one. Raises `Refused` (`container-too-large`)."""
    return _write((NESTED, one) for one in containers)


def read_containers(data: bytes) -> tuple[Container, ...]:
    """Give the certificate in a container, or those in a wrapper. What a container says is not checked here.

    Raises `Refused`: `container-too-large`, `container-malformed`, `record-unknown` (one that must be understood and
    is not).
    """
    return tuple(read_container(one) for one in split(data))


def split(data: bytes) -> tuple[bytes, ...]:
    """Give the containers in a wrapper, or the one that it is.

    Each is to be judged alone. Raises as `read_containers` does.
    """
    records = _read(data)
    nested = tuple(value for kind, value in records if kind == NESTED)
    if not nested:
        return (data,)
    if len(nested) != len(records) or len(nested) > MOST:
        raise _malformed("a wrapper holds certificates only, at most 16")
    return nested


def read_container(data: bytes) -> Container:
    """Read one container that is no wrapper. Raises as `read_containers` does."""
    found: dict[int, list[bytes]] = {kind: [] for kind in _KNOWN}
    for kind, value in _read(data):
        found[kind].append(value)
    if found[NESTED]:
        raise _malformed("a wrapper within a wrapper")
    if len(found[ENVELOPE]) != 1 or len(found[PROOF]) != 1 or len(found[STATUS]) > 1 or len(found[TIMESTAMP]) > MOST:
        raise _malformed("not one envelope, one proof, and at most one status")
    status = found[STATUS][0] if found[STATUS] else None
    return Container(found[ENVELOPE][0], found[PROOF][0], status, tuple(found[TIMESTAMP]))


def _write(records: Iterable[tuple[int, bytes]]) -> bytes:
    data = MAGIC + b"".join(struct.pack("<II", kind, len(value)) + value for kind, value in records)
    if len(data) > LARGEST:
        raise Refused(Reason.CONTAINER_TOO_LARGE, f"{len(data)} bytes")
    return data


def _read(data: bytes) -> list[tuple[int, bytes]]:
    """Give the known records; unknown ones that need not be understood are left out."""
    if len(data) > LARGEST:
        raise Refused(Reason.CONTAINER_TOO_LARGE, f"{len(data)} bytes")
    if not data.startswith(MAGIC):
        raise _malformed("it does not begin with AYM1")
    records = []
    for number, value in _records(data):
        kind = number & ~_CRITICAL
        if kind in _KNOWN:
            records.append((kind, value))
        elif number & _CRITICAL:
            raise Refused(Reason.RECORD_UNKNOWN, f"type {kind}", type=kind)
    return records


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = len(MAGIC)
    while at < len(data):
        if len(data) - at < 8:
            raise _malformed("a record is cut off")
        kind, size = struct.unpack_from("<II", data, at)
        at += 8
        if size > len(data) - at:
            raise _malformed("a record runs over the end")
        yield kind, data[at : at + size]
        at += size


def _malformed(detail: str) -> Refused:
    return Refused(Reason.CONTAINER_MALFORMED, detail)
