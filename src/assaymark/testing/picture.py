"""Small PNG pictures from text, so that no picture file lies in the repository."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

Color = tuple[int, int, int]


def png(rows: Sequence[str], palette: Mapping[str, Color], *, scale: int = 1) -> bytes:
    """Give a PNG with one square of `scale` pixels for each character; `palette` holds their colors (red, green, blue).

    Raises `KeyError` for a character without a color and `ValueError` for rows of different lengths.
    """
    if len({len(row) for row in rows}) != 1:
        raise ValueError("rows of different lengths")
    lines = (b"\0" + b"".join(bytes(palette[one]) * scale for one in row) for row in rows)
    pixels = b"".join(line * scale for line in lines)
    header = struct.pack(">IIBBBBB", len(rows[0]) * scale, len(rows) * scale, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
