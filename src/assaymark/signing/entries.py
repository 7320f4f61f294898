"""One digest over the entries of an archive, for formats that have no signing block.

Order and compression do not count.

Format: `docs/reference/mark-format.md`, section "Digest over entries". Stricter than any reader of archives: what two
readers could take in two ways is refused, since a digest over one reading says nothing about the other.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from assaymark.signing.block import read_block
from assaymark.signing.errors import SigningError
from assaymark.signing.layout import Bytes, Layout, find_layout

LARGEST_TOTAL = 8 << 30
"""Bytes of all entries together that are inflated."""

_PIECE = 1 << 20
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DESCRIPTOR = 0x8
_ZIP64_FIELD = 0x0001
_SIGNATURE_FILE = re.compile(rb"META-INF/(MANIFEST\.MF|[^/]+\.(SF|RSA|DSA|EC))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def entries_digest(data: Bytes) -> bytes:
    """Give the SHA-256 over the sorted entries, directories and JAR signature files left out. Raises `SigningError`.

    Work: every entry is inflated once, `LARGEST_TOTAL` bytes at most; memory: one MiB at a time, and the central
    directory.
    """
    layout = find_layout(data)
    found = list(_directory(data, layout))
    if len(found) != layout.entries:
        raise SigningError("directory-misplaced", f"{layout.entries} entries stated, {len(found)} there")
    names = {one.name for one in found}
    if len(names) != len(found):
        raise SigningError("duplicate-entry", "two entries of one name")
    block = read_block(data, layout)
    places = _places(data, found, layout.directory if block is None else block.start)
    if sum(one.size for one in found) > LARGEST_TOTAL:
        raise SigningError("too-large", "the entries together")
    whole = hashlib.sha256(b"assaymark-zip/v1\n")
    for one in sorted(found, key=lambda one: one.name):
        content = _digest(data, one, places[one.name])
        if not one.name.endswith(b"/") and not _SIGNATURE_FILE.fullmatch(one.name):
            whole.update(b"%s  %d  %s\n" % (content.encode(), len(one.name), one.name))
    return whole.digest()


def directory_names(data: Bytes, layout: Layout) -> Iterator[bytes]:
    """Give the name of each record of the central directory, up to the first that cannot be read."""
    at = layout.directory
    while layout.end - at >= 46 and data[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        yield bytes(data[at + 46 : at + 46 + name])
        at += 46 + name + extra + comment


def _directory(data: Bytes, layout: Layout) -> Iterator[_Entry]:
    at = layout.directory
    while at < layout.end:
        if layout.end - at < 46 or data[at : at + 4] != b"PK\x01\x02":
            raise SigningError("directory-misplaced", f"no record of the central directory at {at}")
        flags, method = struct.unpack_from("<HH", data, at + 8)
        crc, packed, size, name, extra, comment, disk = struct.unpack_from("<IIIHHHH", data, at + 16)
        (offset,) = struct.unpack_from("<I", data, at + 42)
        after = at + 46 + name + extra + comment
        if after > layout.end:
            raise SigningError("directory-misplaced", f"the record at {at} runs over the end")
        raw = bytes(data[at + 46 : at + 46 + name])
        if 0xFFFFFFFF in (packed, size, offset) or _has_zip64(bytes(data[at + 46 + name : at + 46 + name + extra])):
            raise SigningError("zip64", _shown(raw))
        if disk:
            raise SigningError("directory-misplaced", "an archive of several disks")
        if not raw or b"\0" in raw:
            raise SigningError("bad-name", _shown(raw))
        if flags & _ENCRYPTED:
            raise SigningError("encrypted", _shown(raw))
        if method not in (_STORED, _DEFLATED) or (raw.endswith(b"/") and size):
            raise SigningError("bad-entry", _shown(raw))
        yield _Entry(raw, flags, method, crc, packed, size, offset)
        at = after


def _has_zip64(extra: bytes) -> bool:
    at = 0
    while len(extra) - at >= 4:
        field, size = struct.unpack_from("<HH", extra, at)
        if field == _ZIP64_FIELD:
            return True
        at += 4 + size
    return False


def _places(data: Bytes, found: list[_Entry], limit: int) -> dict[bytes, int]:
    """Give where the content of each entry starts. The first lies at the start of the file, and no two share bytes."""
    places: dict[bytes, int] = {}
    before = 0
    for one in sorted(found, key=lambda one: one.offset):
        if one.offset and not places:
            raise SigningError("prefix", f"the first entry starts at {one.offset}")
        if one.offset < before:
            raise SigningError("header-mismatch", f"{_shown(one.name)} shares bytes with another entry")
        places[one.name], before = _local(data, one, limit)
    return places


def _local(data: Bytes, one: _Entry, limit: int) -> tuple[int, int]:
    """Compare the local header with the central directory; give start of the content, and where the entry ends."""
    at = one.offset
    if limit - at < 30 or data[at : at + 4] != b"PK\x03\x04":
        raise SigningError("header-mismatch", f"{_shown(one.name)} has no local header")
    flags, method = struct.unpack_from("<HH", data, at + 6)
    crc, packed, size, name, extra = struct.unpack_from("<IIIHH", data, at + 14)
    start = at + 30 + name + extra
    end = start + one.packed
    if end > limit:
        raise SigningError("header-mismatch", f"{_shown(one.name)} runs over the end of the contents")
    stated, wanted = (crc, packed, size), (one.crc, one.packed, one.size)
    streamed = bool(flags & _DESCRIPTOR)
    same = stated == wanted or (streamed and stated == (0, 0, 0))
    if bytes(data[at + 30 : at + 30 + name]) != one.name or (flags, method) != (one.flags, one.method) or not same:
        raise SigningError("header-mismatch", f"{_shown(one.name)}: local header and central directory disagree")
    if _has_zip64(bytes(data[at + 30 + name : start])):
        raise SigningError("zip64", _shown(one.name))
    if streamed:
        end += _descriptor(data, end, limit, wanted, one)
    return start, end


def _descriptor(data: Bytes, at: int, limit: int, wanted: tuple[int, int, int], one: _Entry) -> int:
    """Give the size of the data descriptor behind the content, which has to repeat what the central directory says."""
    for head in (b"PK\x07\x08", b""):
        record = head + struct.pack("<III", *wanted)
        if at + len(record) <= limit and data[at : at + len(record)] == record:
            return len(record)
    raise SigningError("header-mismatch", f"{_shown(one.name)}: data descriptor and central directory disagree")


def _digest(data: Bytes, one: _Entry, start: int) -> str:
    digest, crc, size = hashlib.sha256(), 0, 0
    try:
        for piece in _inflated(data[start : start + one.packed], one.method):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            if size > one.size:
                break
    except zlib.error as error:
        raise SigningError("bad-entry", f"{_shown(one.name)}: {error}") from error
    if (size, crc) != (one.size, one.crc):
        raise SigningError("bad-entry", f"{_shown(one.name)}: its content is not what its headers state")
    return digest.hexdigest()


def _inflated(packed: Bytes, method: int) -> Iterator[bytes]:
    if method == _STORED:
        for at in range(0, len(packed), _PIECE):
            yield bytes(packed[at : at + _PIECE])
        return
    inflater = zlib.decompressobj(-15)
    rest: Bytes = packed
    for at in range(0, len(packed), _PIECE):
        rest = packed[at : at + _PIECE]
        while len(rest) and not inflater.eof:
            yield inflater.decompress(rest, _PIECE)
            rest = inflater.unconsumed_tail
    yield inflater.flush()
    if not inflater.eof or inflater.unused_data or len(rest):
        raise zlib.error("compressed data ends early or late")


def _shown(name: bytes) -> str:
    return name[:200].decode("utf-8", "backslashreplace")
