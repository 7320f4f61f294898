"""The small encodings of the DEX format: LEB128 numbers, MUTF-8 text, padding."""

from __future__ import annotations


def uleb128(value: int) -> bytes:
    """Give an unsigned number as LEB128. Raises `ValueError` for a negative one."""
    if value < 0:
        raise ValueError("negative number in an unsigned field")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def uleb128p1(value: int) -> bytes:
    """Give `value + 1` as LEB128, so that -1 (no index) takes one byte."""
    return uleb128(value + 1)


def sleb128(value: int) -> bytes:
    """Give a signed number as LEB128."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def utf16_units(text: str) -> tuple[int, ...]:
    """Give the UTF-16 code units of a text, lone surrogates included; DEX orders strings by them."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return tuple(raw[i] | raw[i + 1] << 8 for i in range(0, len(raw), 2))


def mutf8(text: str) -> bytes:
    """Give a text as MUTF-8 without the final zero: code units one by one, NUL as two bytes."""
    if text.isascii() and "\0" not in text:
        return text.encode()
    out = bytearray()
    for unit in utf16_units(text):
        if 0 < unit < 0x80:
            out.append(unit)
        elif unit < 0x800:
            out += bytes((0xC0 | unit >> 6, 0x80 | unit & 0x3F))
        else:
            out += bytes((0xE0 | unit >> 12, 0x80 | unit >> 6 & 0x3F, 0x80 | unit & 0x3F))
    return bytes(out)


def align(out: bytearray, size: int = 4) -> int:
    """Pad with zeros to a multiple of `size`; give the new length."""
    out += bytes(-len(out) % size)
    return len(out)
