"""The APK Signing Block: read strictly, and written with a pair added, replaced or removed.

Source: source.android.com, "APK signature scheme v2", section "APK Signing Block". The rule for the padding pair is
what apksigner does, and what a file signed with a Merkle tree (verity) cannot do without: the block stays a multiple
of 4,096 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assaymark.signing.errors import SigningError
from assaymark.signing.layout import Bytes, Layout, find_layout

V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
"""Ids of the signature schemes."""

PADDING = 0x42726577
"""Id of the pair that fills the block up to a multiple of 4,096 bytes."""

MAGIC = b"APK Sig Block 42"
_TRAILER = 8 + len(MAGIC)
_PAGE = 4096
_PAIR_HEAD = 12
_PAIRS = 1000  # real files have fewer than ten
_LARGEST_FILE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of the block: an id that whoever writes it chooses, and its value."""

    id: int
    value: bytes

    @property
    def size(self) -> int:
        """Bytes that the pair takes in the block."""
        return _PAIR_HEAD + len(self.value)


@dataclass(frozen=True, slots=True)
class SigningBlock:
    """The block of one file: offset of its first byte, and its pairs in file order."""

    start: int
    pairs: tuple[Pair, ...]

    def values(self, number: int) -> list[bytes]:
        """Give the values of all pairs of one id."""
        return [pair.value for pair in self.pairs if pair.id == number]

    def to_bytes(self) -> bytes:
        """Give the block as it stands in a file."""
        body = b"".join(struct.pack("<QI", len(one.value) + 4, one.id) + one.value for one in self.pairs)
        size = struct.pack("<Q", len(body) + _TRAILER)
        return size + body + size + MAGIC

    def with_pair(self, number: int, value: bytes) -> SigningBlock:
        """Give the block with this pair instead of all others of its id: last, but before padding.

        A block that fills whole pages goes on doing so, by a padding pair; any other is not padded.
        """
        kept = [*(one for one in self.pairs if one.id not in (number, PADDING)), Pair(number, value)]
        if self.values(PADDING) or len(self.to_bytes()) % _PAGE == 0:
            missing = _missing(kept)
            # A padding pair even where nothing is missing: its presence tells `without` that the block was padded.
            kept.append(_padding(missing if missing >= _PAIR_HEAD else missing + _PAGE))
        return replace(self, pairs=tuple(kept))

    def without(self, number: int) -> SigningBlock:
        """Give the block without the pairs of this id; if it has padding, as signing tools pad what is left."""
        kept = [one for one in self.pairs if one.id not in (number, PADDING)]
        missing = _missing(kept)
        if self.values(PADDING) and missing:
            kept.append(_padding(missing if missing >= _PAIR_HEAD else missing + _PAGE))
        return replace(self, pairs=tuple(kept))


def _missing(pairs: Iterable[Pair]) -> int:
    """Give the bytes that a block of these pairs falls short of whole pages."""
    return -(8 + sum(one.size for one in pairs) + _TRAILER) % _PAGE


def _padding(size: int) -> Pair:
    return Pair(PADDING, bytes(size - _PAIR_HEAD))


def read_block(data: Bytes, layout: Layout) -> SigningBlock | None:
    """Read the block before the central directory; `None` if there is none.

    Raises `SigningError` (`malformed-block`) if its sizes disagree, a pair runs over its end, a signature scheme has
    two pairs, or the block does not begin inside the file.
    """
    end = layout.directory
    if end < 8 + _TRAILER or data[end - len(MAGIC) : end] != MAGIC:
        return None
    (size,) = struct.unpack_from("<Q", data, end - _TRAILER)
    start = end - size - 8
    if size < _TRAILER or start < 0:
        raise SigningError("malformed-block", f"it states {size} bytes")
    (first,) = struct.unpack_from("<Q", data, start)
    if first != size:
        raise SigningError("malformed-block", f"it states {first} bytes at its start and {size} at its end")
    block = SigningBlock(start, tuple(_pairs(data, start + 8, end - _TRAILER)))
    for scheme in (V2, V3, V31):
        if len(block.values(scheme)) > 1:
            raise SigningError("malformed-block", f"two pairs of id {scheme:#010x}")
    return block


def _pairs(data: Bytes, at: int, end: int) -> Iterable[Pair]:
    count = 0
    while at < end:
        count += 1
        if count > _PAIRS:
            raise SigningError("malformed-block", f"more than {_PAIRS} pairs")
        if end - at < _PAIR_HEAD:
            raise SigningError("malformed-block", f"pair {count} is cut off")
        size, number = struct.unpack_from("<QI", data, at)
        if not 4 <= size <= end - at - 8:
            raise SigningError("malformed-block", f"pair {count} runs over the end")
        yield Pair(number, bytes(data[at + _PAIR_HEAD : at + 8 + size]))
        at += 8 + size


def replace_block(data: Bytes, layout: Layout, old: SigningBlock, new: SigningBlock) -> list[Bytes]:
    """Give the file with another block, in pieces to be written one after the other.

    Raises `SigningError` (`too-large`).
    """
    block = new.to_bytes()
    directory = old.start + len(block)
    if directory + (layout.size - layout.directory) > _LARGEST_FILE:
        raise SigningError("too-large", "an archive of more than 4 GiB")
    return [data[: old.start], block, data[layout.directory : layout.end], layout.end_record(data, directory)]


def add_pair(data: Bytes, number: int, value: bytes) -> list[Bytes]:
    """Give the file with this pair in place of all others of its id, in pieces.

    Raises `SigningError`: `no-block`; `block-not-restorable` if taking the pair out again would not give back every
    byte of the file without it, as in a block with two padding pairs.
    """
    layout, block = _block_of(data)
    bare = block.without(number)
    if not block.values(number) and bare != block:
        raise SigningError("block-not-restorable", "its padding is not what signing tools write")
    added = bare.with_pair(number, value)
    if added.without(number) != bare:
        raise SigningError("block-not-restorable", "its padding would not come back")
    return replace_block(data, layout, block, added)


def remove_pair(data: Bytes, number: int) -> list[Bytes]:
    """Give the file without the pairs of this id, in pieces; every other byte as it was before they were added."""
    layout, block = _block_of(data)
    return replace_block(data, layout, block, block.without(number) if block.values(number) else block)


def has_pair(data: Bytes, number: int) -> bool:
    """Say whether the file has a pair of this id. Raises `SigningError`."""
    return bool(_block_of(data)[1].values(number))


def _block_of(data: Bytes) -> tuple[Layout, SigningBlock]:
    layout = find_layout(data)
    block = read_block(data, layout)
    if block is None:
        raise SigningError("no-block")
    return layout, block
