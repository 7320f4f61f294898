"""Checks a log from the ground: entries against hashes, tiles against those below, the root, the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from assaymark.log.appending import State, read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.reading import Reader
from assaymark.log.store import Source
from assaymark.log.tiles import ENTRIES, WIDTH, Tile, edge_tiles, from_bundle, levels, split_hashes, subtree, tile_of
from assaymark.mark.merkle import leaf_hash, tree_root
from assaymark.mark.note import Key
from assaymark.mark.reasons import Refused


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. `kind` is a stable name; the sentence is `fsck.<kind>`.

    A `left` finding is harmless: a file that nothing needs any more, as a kill leaves it behind.
    """

    KINDS: ClassVar[tuple[str, ...]] = (
        "missing",
        "unreadable",
        "entry-differs",
        "tile-differs",
        "root-differs",
        "checkpoint",
        "left",
    )
    kind: str
    path: str
    detail: str = ""


def check_log(source: Source, key: Key, state: State | None = None) -> Iterator[Finding]:
    """Give what is wrong with a log; nothing if all is well. Reads every tile at most twice and keeps few in memory.

    With the `state` of a log that is written here, the tree is checked up to there, and the checkpoint against it.
    """
    checkpoint = None
    try:
        published = read_checkpoint(source, key)
        checkpoint = published[1] if published else None
        if checkpoint is None and state is None:
            yield Finding("missing", "checkpoint")
    except (Refused, LogError) as error:
        yield Finding("checkpoint", "checkpoint", str(error))
    size = state.size if state else checkpoint.size if checkpoint else 0
    if checkpoint and checkpoint.size > size:
        yield Finding("checkpoint", "checkpoint", f"{checkpoint.size} > {size}")
        checkpoint = None
    yield from _Check(source, size).run()
    reader = Reader(source, size)
    for at, root, path in (
        (size, state.root if state else None, ".log/state.json"),
        (checkpoint.size if checkpoint else 0, checkpoint.root if checkpoint else None, "checkpoint"),
    ):
        try:
            if root is not None and tree_root(at, reader.node) != root:
                yield Finding("root-differs", path, str(at))
        except LogError:
            continue  # the tile was named before


def stray_files(names: Iterable[str], size: int) -> Iterator[Finding]:
    """Give the files that a log of this size has no use for. `names` are all below `tile/`.

    A partial tile has its use until the tile is full: a checkpoint of its size may have been published.
    """
    growing = {tile.full: tile.width for tile in edge_tiles(size)}
    for name in sorted(names):
        tile = _tile(name)
        if tile is None or (tile.end > size if tile.full == tile else tile.width > growing.get(tile.full, 0)):
            yield Finding("left", name)


class _Check:
    """Goes over bundles and tiles side by side; on each level the hashes of full tiles wait for the level above."""

    def __init__(self, source: Source, size: int) -> None:
        self._reader = Reader(source, size)
        self._size = size

    def run(self) -> Iterator[Finding]:
        for level in levels(self._size):
            hashes = self._size >> 8 * level
            for index in range(-(-hashes // WIDTH)):
                tile = tile_of(level, index, self._size)
                found = self._content(tile)
                if isinstance(found, Finding):
                    yield found
                    continue
                try:
                    row = split_hashes(found)[: tile.width]
                except ValueError as error:
                    yield Finding("unreadable", tile.path, str(error))
                    continue
                if len(row) < tile.width:
                    yield Finding("unreadable", tile.path, f"{len(row)} < {tile.width}")
                    continue
                yield from self._below(tile, row)

    def _below(self, tile: Tile, row: list[bytes]) -> Iterator[Finding]:
        """Compare a tile with what it stands for: the entries, or the tiles of the level below."""
        if tile.level == 0:
            yield from self._entries(Tile(ENTRIES, tile.index, tile.width), row)
            return
        for at, value in enumerate(row, tile.index * WIDTH):
            below = Tile(tile.level - 1, at)
            found = self._content(below)
            if isinstance(found, bytes) and len(found) == WIDTH * 32 and subtree(split_hashes(found)) != value:
                yield Finding("tile-differs", below.path, tile.path)

    def _entries(self, bundle: Tile, row: list[bytes]) -> Iterator[Finding]:
        found = self._content(bundle)
        if isinstance(found, Finding):
            yield found
            return
        try:
            entries = from_bundle(found)
        except ValueError as error:
            yield Finding("unreadable", bundle.path, str(error))
            return
        if len(entries) < bundle.width:
            yield Finding("unreadable", bundle.path, f"{len(entries)} < {bundle.width}")
        for at, (entry, value) in enumerate(zip(entries, row, strict=False), bundle.index * WIDTH):
            if leaf_hash(entry) != value:
                yield Finding("entry-differs", bundle.path, str(at))

    def _content(self, tile: Tile) -> bytes | Finding:
        try:
            return self._reader.content(tile)
        except LogError as error:
            kind = "missing" if error.params.get("detail") == "missing" else "unreadable"
            return Finding(kind, tile.path, str(error.params.get("detail", "")))


def _tile(name: str) -> Tile | None:
    """Give the tile or bundle of this name, or None if it is the name of none."""
    level, _, path = name.removeprefix("tile/").partition("/")
    place, _, width = path.partition(".p/")
    digits = place.replace("x", "").replace("/", "")
    numbers = (digits, width or str(WIDTH), "0" if level == "entries" else level)
    if not all(one.isascii() and one.isdecimal() and len(one) < 16 for one in numbers):
        return None
    tile = Tile(ENTRIES if level == "entries" else int(level), int(digits), int(numbers[1]))
    return tile if tile.path == name and tile.level < 8 else None
