"""ZIP archives written byte by byte: fixed times, aligned members, nothing that depends on clock or files."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STORED = 0
DEFLATED = 8

_TIME = 0x0000  # 00:00:00
_DATE = 0x0221  # 1981-01-01; the day that Android's own build tools write
_ALIGNMENT_FIELD = 0xD935


@dataclass(frozen=True, slots=True)
class Member:
    """One file to put into an archive. A stored one starts at a multiple of `alignment` bytes."""

    name: str
    data: bytes
    method: int = DEFLATED
    alignment: int = 4

    def entry(self) -> Entry:
        """Give the member as it stands in an archive."""
        packed = self.data if self.method == STORED else deflate(self.data)
        flags = 0 if self.name.isascii() else 0x800
        alignment = self.alignment if self.method == STORED else 1
        return Entry(self.name.encode(), self.method, zlib.crc32(self.data), packed, len(self.data), flags, alignment)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive as its headers describe it; nothing is checked, so that false ones can be written."""

    name: bytes
    method: int
    crc: int
    packed: bytes
    size: int
    flags: int = 0
    alignment: int = 1


@dataclass(frozen=True, slots=True)
class Archive:
    """The three parts of an archive; the second begins in the file where the first ends."""

    entries: bytes
    directory: bytes
    end: bytes

    @property
    def data(self) -> bytes:
        """The archive as one file."""
        return self.entries + self.directory + self.end


def write_archive(members: Iterable[Member], *, comment: bytes = b"") -> Archive:
    """Give an archive of these members in their order; a name may stand in it twice."""
    return write_entries((member.entry() for member in members), comment=comment)


def write_entries(found: Iterable[Entry], *, comment: bytes = b"") -> Archive:
    """Give an archive of packed entries in their order."""
    entries = bytearray()
    directory = bytearray()
    count = 0
    for one in found:
        count += 1
        sizes = struct.pack("<III", one.crc, len(one.packed), one.size)
        common = struct.pack("<HHHHH", 20, one.flags, one.method, _TIME, _DATE) + sizes
        extra = _padding(len(entries) + 30 + len(one.name), one.alignment)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHHHII", len(one.name), 0, 0, 0, 0, 0, len(entries)) + one.name
        entries += b"PK\x03\x04" + common + struct.pack("<HH", len(one.name), len(extra)) + one.name + extra
        entries += one.packed
    return Archive(bytes(entries), bytes(directory), end_record(count, len(directory), len(entries), comment))


def end_record(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    """Give the end-of-central-directory record: members, size and offset of the directory."""
    return (
        b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, size, offset, len(comment))
        + comment
    )


def deflate(data: bytes) -> bytes:
    """Give data as a raw deflate stream. The same zlib gives the same bytes; another version may pack otherwise."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _padding(start: int, alignment: int) -> bytes:
    """Give the extra field that moves the data of a member to its alignment, as `zipalign` writes it."""
    if start % alignment == 0:
        return b""
    filling = -(start + 6) % alignment
    return struct.pack("<HHH", _ALIGNMENT_FIELD, 2 + filling, alignment) + bytes(filling)


def write_apks(parts: Mapping[str, bytes]) -> bytes:
    """Give a split set as `.apks`: packages by their name in it, such as `base.apk` and `split_config.zh.apk`."""
    return write_archive(Member(name, data, STORED) for name, data in parts.items()).data


def write_xapk(parts: Mapping[str, bytes], *, package: str, version_code: int = 1, label: str = "") -> bytes:
    """Give a split set as `.xapk`: the packages and the `manifest.json` that names them; `base.apk` is the base."""
    listing = {
        "xapk_version": 2,
        "package_name": package,
        "name": label or package,
        "version_code": str(version_code),
        "split_apks": [{"file": name, "id": name.removesuffix(".apk")} for name in parts],
        "total_size": sum(len(data) for data in parts.values()),
    }
    text = json.dumps(listing, ensure_ascii=False, indent=1).encode()
    return write_archive([*(Member(n, d, STORED) for n, d in parts.items()), Member("manifest.json", text)]).data
