"""Names and widths of tiles, as c2sp.org/tlog-tiles has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.log.tiles import (
    ENTRIES,
    Tile,
    edge_tiles,
    from_bundle,
    levels,
    split_hashes,
    subtree,
    tile_of,
    tiles_of,
    to_bundle,
)
from assaymark.mark.merkle import leaf_hash, node_hash
from logs import STEADY


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),  # the example of the specification
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(2, 5, 17), "tile/2/005.p/17"),
        (Tile(ENTRIES, 1067, 1), "tile/entries/x001/067.p/1"),
        (Tile(1, 1_000_000), "tile/1/x001/x000/000"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    by_level = {level: [one for one in tiles if one.level == level] for level in (ENTRIES, 0, 1, 2)}
    assert [len(by_level[level]) for level in (ENTRIES, 0, 1, 2)] == [274, 274, 2, 1]
    assert [one.path for one in edge_tiles(70_000)] == [
        "tile/entries/273.p/112",
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]


def test_a_tree_of_256_has_a_full_tile_and_one_of_width_one() -> None:
    assert [one.path for one in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == list(edge_tiles(0)) == []


@STEADY
@given(st.integers(0, 200_000), st.integers(0, 3000))
def test_what_is_new_between_two_sizes_is_what_the_first_does_not_have(first: int, more: int) -> None:
    size = first + more
    if size < 3000:
        assert set(tiles_of(size, first)) == set(tiles_of(size)) - set(tiles_of(first))
    assert set(edge_tiles(size)) <= set(tiles_of(size))
    assert {one for one in tiles_of(size, max(0, size - 300)) if one.full != one} <= set(edge_tiles(size))


@STEADY
@given(st.integers(1, 2**40))
def test_tiles_know_when_they_are_full(size: int) -> None:
    for tile in edge_tiles(size):
        assert tile_of(tile.level, tile.index, tile.end) == tile.full
        assert tile_of(tile.level, tile.index, tile.end - 1) != tile.full
        assert tile_of(tile.level, tile.index, size) == tile


def test_there_is_no_tile_beyond_the_tree() -> None:
    with pytest.raises(ValueError, match="no such tile"):
        tile_of(0, 1, 256)
    assert list(levels(0)) == []
    assert [len(levels(size)) for size in (1, 255, 256, 65_535, 65_536)] == [1, 1, 2, 2, 3]


def test_bundles_go_both_ways() -> None:
    entries = [b"", b"a", b"\0" * 65_535]
    assert to_bundle([b"ab", b"c"]) == b"\0\2ab\0\1c"
    assert from_bundle(to_bundle(entries)) == entries


@pytest.mark.parametrize("content", [b"\0", b"\0\2a", b"\0\1ab"])
def test_bundles_that_end_early_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="ends within"):
        from_bundle(content)


def test_hashes_of_a_tile() -> None:
    hashes = [leaf_hash(bytes([one])) for one in range(4)]
    assert split_hashes(b"".join(hashes)) == hashes
    assert subtree(hashes) == node_hash(node_hash(hashes[0], hashes[1]), node_hash(hashes[2], hashes[3]))
    assert subtree(hashes[:1]) == hashes[0]
    with pytest.raises(ValueError, match="whole"):
        split_hashes(b"x" * 33)
