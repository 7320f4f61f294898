"""The right edge of a log: the partial tiles and the partial bundle, which is all that appending needs."""

from __future__ import annotations

from collections.abc import Iterable

from assaymark.log.errors import LogError
from assaymark.log.reading import Reader
from assaymark.log.tiles import ENTRIES, HEIGHT, WIDTH, Tile, levels, subtree, to_bundle
from assaymark.mark.merkle import leaf_hash, tree_root


class Edge:
    """The edge of a log of `size` entries. At most 255 hashes for each level and 255 entries in memory."""

    def __init__(self) -> None:
        """Begin with the empty log."""
        self.size = 0
        self._rows: list[list[bytes]] = []
        self._entries: list[bytes] = []

    @classmethod
    def load(cls, reader: Reader, root: bytes) -> Edge:
        """Read the edge of a log and check it against the root. Raises `LogError` (`damaged`)."""
        edge = cls()
        edge.size = size = reader.size
        for level in levels(size):
            count = size >> HEIGHT * level
            edge._rows.append(list(reader.hashes(level, count // WIDTH)) if count % WIDTH else [])
        edge._entries = list(reader.bundle(size // WIDTH)) if size % WIDTH else []
        leaves = edge._rows[0] if edge._rows else []
        if edge.root() != root or [leaf_hash(entry) for entry in edge._entries] != leaves:
            raise LogError("damaged", "the tiles do not give the root of the log", file="tile/", detail="root")
        return edge

    def extended(self, entries: Iterable[bytes]) -> tuple[Edge, dict[str, bytes]]:
        """Give the edge after further entries, and every tile and bundle that is new, by path. This one stays."""
        edge = Edge()
        edge.size = self.size
        edge._rows = [list(row) for row in self._rows]
        edge._entries = list(self._entries)
        files: dict[str, bytes] = {}
        for entry in entries:
            edge._entries.append(entry)
            edge.size += 1
            if len(edge._entries) == WIDTH:
                files[Tile(ENTRIES, edge.size // WIDTH - 1).path] = to_bundle(edge._entries)
                edge._entries.clear()
            edge._push(leaf_hash(entry), files)
        edge._add_partials(files)
        return edge, files

    def root(self) -> bytes:
        """Give the root of the log."""
        return tree_root(self.size, self._node)

    def _push(self, value: bytes, files: dict[str, bytes]) -> None:
        for level in range(len(self._rows) + 1):
            if level == len(self._rows):
                self._rows.append([])
            row = self._rows[level]
            row.append(value)
            if len(row) < WIDTH:
                return
            files[Tile(level, (self.size >> HEIGHT * level) // WIDTH - 1).path] = b"".join(row)
            value = subtree(row)
            row.clear()

    def _add_partials(self, files: dict[str, bytes]) -> None:
        if self._entries:
            files[Tile(ENTRIES, self.size // WIDTH, len(self._entries)).path] = to_bundle(self._entries)
        for level, row in enumerate(self._rows):
            if row:
                files[Tile(level, (self.size >> HEIGHT * level) // WIDTH, len(row)).path] = b"".join(row)

    def _node(self, level: int, index: int) -> bytes:
        tile, inside = divmod(level, HEIGHT)
        at = (index << inside) % WIDTH
        return subtree(self._rows[tile][at : at + (1 << inside)])
