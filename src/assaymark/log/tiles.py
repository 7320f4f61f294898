"""Where the hashes and entries of a log lie (https://c2sp.org/tlog-tiles): names, widths, forms.

A tile is 256 hashes of one level; level 0 holds leaf hashes, each hash of level n+1 stands for a full tile of level n.
A bundle holds the 256 entries of a tile of level 0. At the right edge both are partial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assaymark.mark.merkle import HASH, node_hash

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 65_535
"""Bytes of an entry: its length stands in two bytes."""

MAX_BUNDLE = WIDTH * (MAX_ENTRY + 2)
ENTRIES = -1
"""The level under which bundles are named here."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile (`level` 0 and above) or a bundle (`level` is `ENTRIES`), with as many hashes or entries as `width`."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Give its name below the log."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{partial}"

    @property
    def full(self) -> Tile:
        """Give the full tile in the same place."""
        return Tile(self.level, self.index)

    @property
    def end(self) -> int:
        """Give the size of the smallest log in which this tile is full."""
        return (self.index + 1) << HEIGHT * (max(self.level, 0) + 1)

    @property
    def partials(self) -> str:
        """Give the folder in which partial forms of this tile lie."""
        return f"{self.full.path}.p/"


def _index_path(index: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])


def tile_of(level: int, index: int, size: int) -> Tile:
    """Give the tile at this place in a log of `size` entries. Raises `ValueError` if there is none."""
    hashes = size if level == ENTRIES else size >> HEIGHT * level
    width = min(WIDTH, hashes - index * WIDTH)
    if width < 1:
        raise ValueError("no such tile")
    return Tile(level, index, width)


def tiles_of(size: int, first: int = 0) -> Iterator[Tile]:
    """Give every tile and bundle of a log of `size` entries that is not in the log of the `first` ones."""
    for level in (ENTRIES, *levels(size)):
        shift = 0 if level == ENTRIES else HEIGHT * level
        for index in range((first >> shift) // WIDTH, -(-(size >> shift) // WIDTH)):
            tile = tile_of(level, index, size)
            if tile.width > (first >> shift) - index * WIDTH:
                yield tile


def edge_tiles(size: int) -> Iterator[Tile]:
    """Give the partial tiles of a log of `size` entries."""
    for level in (ENTRIES, *levels(size)):
        index, width = divmod(size if level == ENTRIES else size >> HEIGHT * level, WIDTH)
        if width:
            yield Tile(level, index, width)


def levels(size: int) -> range:
    """Give the levels on which a log of `size` entries has hashes."""
    return range(-(-size.bit_length() // HEIGHT) if size else 0)


def subtree(hashes: Sequence[bytes]) -> bytes:
    """Give the hash over 1, 2, 4, … 256 hashes that stand side by side."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def split_hashes(content: bytes) -> list[bytes]:
    """Give the hashes of a tile. Raises `ValueError` if its length is no multiple of a hash."""
    if len(content) % HASH:
        raise ValueError("not whole hashes")
    return [content[at : at + HASH] for at in range(0, len(content), HASH)]


def to_bundle(entries: Sequence[bytes]) -> bytes:
    """Give entries one behind another, each after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def from_bundle(content: bytes) -> list[bytes]:
    """Give the entries of a bundle. Raises `ValueError` if it ends within an entry."""
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        at += 2 + length
        if at > len(content):
            raise ValueError("the bundle ends within an entry")
        entries.append(content[at - length : at])
    return entries
