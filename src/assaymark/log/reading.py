"""Reads a log by its tiles: hashes of subtrees, entries, proofs. Works on any store, and keeps few tiles in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from assaymark.log.errors import LogError
from assaymark.log.store import Source
from assaymark.log.tiles import ENTRIES, HEIGHT, MAX_BUNDLE, WIDTH, Tile, from_bundle, split_hashes, subtree, tile_of
from assaymark.mark.merkle import HASH, consistency_path, inclusion_path, tree_root

KEPT = 256
"""Tiles kept in memory: 2 MB of hashes."""


class Reader:
    """A log of `size` entries, as its store shows it; what it gives is to be checked against a root."""

    def __init__(self, store: Source, size: int) -> None:
        """Read from a store."""
        self.store = store
        self.size = size
        self._kept: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first `size` entries, by default of all."""
        return tree_root(self.size if size is None else size, self.node)

    def inclusion(self, index: int) -> list[bytes]:
        """Give the path from an entry to the root. Raises `ValueError` for an index beyond the size."""
        return inclusion_path(index, self.size, self.node)

    def consistency(self, old: int) -> list[bytes]:
        """Give the proof that the first `old` entries are a beginning of this log."""
        return consistency_path(old, self.size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """Give the hash of the full subtree over the entries `[index << level, (index + 1) << level)`."""
        tile, inside = divmod(level, HEIGHT)
        at = index << inside
        hashes = self.hashes(tile, at // WIDTH)
        return subtree(hashes[at % WIDTH : at % WIDTH + (1 << inside)])

    def hashes(self, level: int, index: int) -> list[bytes]:
        """Give the hashes of a tile. Raises `LogError` (`damaged`)."""
        kept = self._kept.get((level, index))
        if kept is None:
            tile = tile_of(level, index, self.size)
            try:
                kept = split_hashes(self.content(tile))[: tile.width]
            except ValueError as error:
                raise _damaged(tile, str(error)) from None
            if len(kept) < tile.width:
                raise _damaged(tile, "too short")
            self._kept[level, index] = kept
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end((level, index))
        return kept

    def bundle(self, index: int) -> list[bytes]:
        """Give the entries of a bundle. Raises `LogError` (`damaged`)."""
        tile = tile_of(ENTRIES, index, self.size)
        try:
            entries = from_bundle(self.content(tile))[: tile.width]
        except ValueError as error:
            raise _damaged(tile, str(error)) from None
        if len(entries) < tile.width:
            raise _damaged(tile, "too short")
        return entries

    def entry(self, index: int) -> bytes:
        """Give one entry. Raises `ValueError` for an index beyond the size."""
        return self.bundle(index // WIDTH)[index % WIDTH] if 0 <= index < self.size else _beyond(index)

    def entries(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """Give every entry from `first` on, with its index."""
        for index in range(first // WIDTH, -(-self.size // WIDTH)):
            for at, entry in enumerate(self.bundle(index), index * WIDTH):
                if at >= first:
                    yield at, entry

    def content(self, tile: Tile) -> bytes:
        """Give the bytes of a tile; of a partial one that is gone, those of the full one. Raises `LogError`."""
        limit = MAX_BUNDLE if tile.level == ENTRIES else WIDTH * HASH
        for one in dict.fromkeys((tile, tile.full)):
            try:
                return self.store.read(one.path, limit)
            except FileNotFoundError:
                continue
        raise _damaged(tile, "missing")


def _damaged(tile: Tile, detail: str) -> LogError:
    return LogError("damaged", f"{tile.path}: {detail}", file=tile.path, detail=detail)


def _beyond(index: int) -> bytes:
    raise ValueError(f"no entry {index}")
