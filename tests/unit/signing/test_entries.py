"""The digest over entries: what it counts, what it passes over, what it refuses."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from assaymark.signing.entries import entries_digest
from assaymark.signing.errors import SigningError
from assaymark.testing.archive import DEFLATED, STORED, Member, write_archive

MEMBERS = [Member("b", b"second" * 99), Member("a/文", b"first", STORED), Member("META-INF/services/x", b"kept")]


def by_definition(contents: dict[str, bytes]) -> bytes:
    lines = [
        f"{hashlib.sha256(data).hexdigest()}  {len(name)}  ".encode() + name + b"\n"
        for name, data in sorted((name.encode(), data) for name, data in contents.items())
    ]
    return hashlib.sha256(b"assaymark-zip/v1\n" + b"".join(lines)).digest()


WANTED = by_definition({one.name: one.data for one in MEMBERS})


def streamed() -> bytes:
    """Give an archive whose sizes stand behind the contents."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: bytes) -> int:  # type: ignore[override]
            self.data += piece
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in MEMBERS:
            archive.writestr(one.name, one.data)
    assert pipe.data[6] & 8
    return bytes(pipe.data)


@pytest.mark.parametrize(
    "data",
    [
        write_archive(MEMBERS).data,
        write_archive(reversed(MEMBERS)).data,
        write_archive([Member(one.name, one.data, DEFLATED) for one in MEMBERS]).data,
        write_archive([*MEMBERS, Member("folder/", b"", STORED)]).data,
        write_archive(MEMBERS, comment=b"anything").data,
        streamed(),
        write_archive(
            [
                *MEMBERS,
                *(Member(f"META-INF/{name}", b"x") for name in ("manifest.mf", "CERT.SF", "A.rsa", "b.Ec", "c.DSA")),
            ]
        ).data,
    ],
)
def test_order_compression_and_signature_files_do_not_count(data: bytes) -> None:
    assert entries_digest(data) == WANTED


@pytest.mark.parametrize(
    "name", ["META-INF/below/CERT.SF", "META-INF/CERT.SFX", "META-INF/x", "CERT.RSA", "META-INF/.mf"]
)
def test_everything_else_counts(name: str) -> None:
    assert entries_digest(write_archive([*MEMBERS, Member(name, b"x")]).data) != WANTED


def central(data: bytes) -> int:
    return data.index(b"PK\x01\x02")


def patched(*changes: tuple[Callable[[bytes], int], int, bytes]) -> bytes:
    """Give the archive with bytes changed, each at an offset from some place."""
    data = bytearray(write_archive(MEMBERS).data)
    for place, offset, value in changes:
        at = place(bytes(data)) + offset
        data[at : at + len(value)] = value
    return bytes(data)


def local(data: bytes) -> int:
    return 0


def content(data: bytes) -> int:
    return 31


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (write_archive([*MEMBERS, MEMBERS[0]]).data, "duplicate-entry"),
        (write_archive([Member("a\0b", b"")]).data, "bad-name"),
        (write_archive([Member("folder/", b"content")]).data, "bad-entry"),
        (patched((central, 8, b"\1\0"), (local, 6, b"\1\0")), "encrypted"),
        (patched((central, 8, b"\0\x08")), "header-mismatch"),
        (patched((central, 10, b"\x0c\0"), (local, 8, b"\x0c\0")), "bad-entry"),
        (patched((local, 14, b"\1\2\3\4")), "header-mismatch"),
        (patched((local, 14, b"\1\2\3\4"), (central, 16, b"\1\2\3\4")), "bad-entry"),
        (patched((content, 0, b"\xff\xff")), "bad-entry"),
        (patched((central, 42, struct.pack("<I", 3))), "prefix"),
        (patched((central, 20, b"\xff\xff\xff\xff")), "zip64"),
        (patched((lambda data: data.index(b"PK\x05\x06"), 8, b"\4\0\4\0")), "directory-misplaced"),
        (write_archive(MEMBERS).data[:-1], "no-archive"),
        (b"", "no-archive"),
        (b"PK", "no-archive"),
    ],
)
def test_what_two_readers_could_take_in_two_ways_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(SigningError) as refused:
        entries_digest(data)
    assert refused.value.reason == reason
