"""Where the parts of an archive lie that APK signature schemes sign.

Source: source.android.com, "APK signature scheme v2", section "Verification", and APPNOTE 6.3.10. Stricter than a
reader of archives has to be: a file that two readers could take apart in two ways is refused.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assaymark.signing.errors import SigningError

Bytes = bytes | memoryview
"""Content of a file: whole in memory, or mapped."""

END_SIZE = 22
_END_MAGIC = b"PK\x05\x06"
_LOCATOR_MAGIC = b"PK\x06\x07"  # of a ZIP64 end record
_LOCATOR_SIZE = 20
_LONGEST_COMMENT = 0xFFFF
_DIRECTORY_FIELD = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in one file: the central directory from `directory` to `end`, the end record from there to `size`."""

    directory: int
    end: int
    size: int
    entries: int

    def end_record(self, data: Bytes, directory: int) -> bytes:
        """Give the end record as it would stand if the central directory started at `directory`."""
        record = bytes(data[self.end : self.size])
        return record[:_DIRECTORY_FIELD] + struct.pack("<I", directory) + record[_DIRECTORY_FIELD + 4 :]


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """Map a file for reading. Raises `SigningError` (`unreadable`)."""
    try:
        with path.open("rb") as file:
            # Never closed by hand: a refusal on its way up may still hold a part of it. The last reference unmaps the
            # file.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.seek(0, 2) else b""
    except OSError as error:
        raise SigningError("unreadable", error.strerror or type(error).__name__) from error
    yield memoryview(content)


def find_layout(data: Bytes) -> Layout:
    """Find the central directory and the end record. Raises `SigningError`.

    The end record is the last one whose comment reaches to the end of the file; the central directory ends where it
    starts. ZIP64 is refused: the signature schemes do not know it.
    """
    end = _find_end(data)
    disk, start_disk, here, entries, size, directory = struct.unpack_from("<HHHHII", data, end + 4)
    if end >= _LOCATOR_SIZE and data[end - _LOCATOR_SIZE : end - _LOCATOR_SIZE + 4] == _LOCATOR_MAGIC:
        raise SigningError("zip64", "a ZIP64 end record")
    if 0xFFFFFFFF in (size, directory) or 0xFFFF in (here, entries):
        raise SigningError("zip64", "the end record defers to a ZIP64 record")
    if disk or start_disk or here != entries:
        raise SigningError("directory-misplaced", "an archive of several disks")
    if directory + size != end:
        raise SigningError(
            "directory-misplaced", f"central directory ends at {directory + size}, end record starts at {end}"
        )
    return Layout(directory, end, len(data), entries)


def _find_end(data: Bytes) -> int:
    start = max(0, len(data) - END_SIZE - _LONGEST_COMMENT)
    tail = bytes(data[start:])
    at = tail.rfind(_END_MAGIC, 0, max(0, len(tail) - END_SIZE) + len(_END_MAGIC))
    while at >= 0:
        if len(tail) - at >= END_SIZE and struct.unpack_from("<H", tail, at + 20)[0] == len(tail) - at - END_SIZE:
            return start + at
        at = tail.rfind(_END_MAGIC, 0, at + len(_END_MAGIC) - 1)
    raise SigningError("no-archive", "no end record whose comment ends with the file")
