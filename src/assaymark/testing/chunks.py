"""What binary XML and resource tables have in common: chunks, string pools, typed values.

Source: `ResourceTypes.h` of the Android Open Source Project.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from assaymark.testing.dex.binary import align

TYPE_REFERENCE = 0x01
TYPE_ATTRIBUTE = 0x02
TYPE_STRING = 0x03
TYPE_FLOAT = 0x04
TYPE_DIMENSION = 0x05
TYPE_FRACTION = 0x06
TYPE_INTEGER = 0x10
TYPE_HEX = 0x11
TYPE_BOOLEAN = 0x12
TYPE_COLOR = 0x1C  # ARGB8; the types after it say that fewer digits were written
NO_STRING = 0xFFFFFFFF

_UNITS = {"px": 0, "dp": 1, "dip": 1, "sp": 2, "pt": 3, "in": 4, "mm": 5}
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d+)\Z")
_DIMENSION = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(px|dp|dip|sp|pt|in|mm)\Z")
_FRACTION = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(%p?)\Z")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z")


def chunk(kind: int, header: bytes, body: bytes) -> bytes:
    """Give a chunk: kind, length of its header, length of all, then both parts."""
    return struct.pack("<HHI", kind, 8 + len(header), 8 + len(header) + len(body)) + header + body


def string_pool(strings: Sequence[str], *, utf8: bool) -> bytes:
    """Give a string pool chunk in UTF-8 or UTF-16."""
    offsets: list[int] = []
    body = bytearray()
    for text in strings:
        offsets.append(len(body))
        wide = text.encode("utf-16-le", "surrogatepass")
        if utf8:
            narrow = text.encode("utf-8", "surrogatepass")
            body += _length8(len(wide) // 2) + _length8(len(narrow)) + narrow + b"\0"
        else:
            body += _length16(len(wide) // 2) + wide + b"\0\0"
    align(body)
    start = 28 + 4 * len(strings)
    header = struct.pack("<5I", len(strings), 0, 0x100 if utf8 else 0, start if strings else 0, 0)
    return chunk(0x0001, header, struct.pack(f"<{len(offsets)}I", *offsets) + bytes(body))


def _length8(length: int) -> bytes:
    return bytes((length,)) if length < 0x80 else bytes((length >> 8 | 0x80, length & 0xFF))


def _length16(length: int) -> bytes:
    return struct.pack("<H", length) if length < 0x8000 else struct.pack("<HH", length >> 16 | 0x8000, length & 0xFFFF)


def integer(text: str) -> tuple[int, int] | None:
    """Give type and data of a whole number, or `None`."""
    if not _INTEGER.match(text):
        return None
    base = 16 if "x" in text.lower() else 10
    return (TYPE_HEX if base == 16 else TYPE_INTEGER), int(text, base) & 0xFFFFFFFF


def boolean(text: str) -> tuple[int, int] | None:
    """Give type and data of `true` or `false`, or `None`."""
    return (TYPE_BOOLEAN, 0xFFFFFFFF if text == "true" else 0) if text in ("true", "false") else None


def number(text: str) -> tuple[int, int] | None:
    """Give type and data of a floating-point number, or `None`."""
    if not _FLOAT.match(text):
        return None
    return TYPE_FLOAT, int.from_bytes(struct.pack("<f", float(text)), "little")


def dimension(text: str) -> tuple[int, int] | None:
    """Give type and data of a length such as `16dp` or `1.5sp`, or `None`."""
    match = _DIMENSION.match(text)
    return (TYPE_DIMENSION, _complex(float(match[1])) | _UNITS[match[2]]) if match else None


def fraction(text: str) -> tuple[int, int] | None:
    """Give type and data of a share such as `50%` or `50%p`, or `None`."""
    match = _FRACTION.match(text)
    return (TYPE_FRACTION, _complex(float(match[1]) / 100) | len(match[2]) - 1) if match else None


def _complex(value: float) -> int:
    """Give 24 bits of mantissa and two bits that say how many of them stand behind the point: 0, 7, 15 or 23."""
    bits = int(abs(value) * (1 << 23) + 0.5)
    if bits & 0x7FFFFF == 0:
        radix, shift = 0, 23
    elif bits < 1 << 23:
        radix, shift = 3, 0
    elif bits < 1 << 31:
        radix, shift = 2, 8
    elif bits < 1 << 39:
        radix, shift = 1, 16
    else:
        radix, shift = 0, 23
    mantissa = bits >> shift if value >= 0 else -(bits >> shift)
    return (mantissa & 0xFFFFFF) << 8 | radix << 4


def color(text: str) -> tuple[int, int] | None:
    """Give type and data of a color such as `#rgb` or `#aarrggbb`, or `None`."""
    if not _COLOR.match(text):
        return None
    digits = text[1:]
    kind = {8: 0x1C, 6: 0x1D, 4: 0x1E, 3: 0x1F}[len(digits)]
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    return kind, int(digits if len(digits) == 8 else "ff" + digits, 16)
