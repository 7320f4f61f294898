"""Merkle trees against published values, and against the definition of RFC 6962 written out without cleverness."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.merkle import (
    EMPTY,
    MAX_PATH,
    consistency_path,
    inclusion_path,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    tree_root,
)
from logs import STEADY

# Reference entries and roots of Certificate Transparency (github.com/google/certificate-transparency, merkle tests).
ENTRIES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
ENTRIES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# The same source: paths to entries of the tree of eight, and proofs between two sizes.
PATHS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
}
STEPS = {
    (1, 8): PATHS[0, 8],
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


def _mth(entries: list[bytes]) -> bytes:
    """Section 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + _mth(entries[:k]) + _mth(entries[k:])).digest()


def _path(m: int, entries: list[bytes]) -> list[bytes]:
    """Section 2.1.1."""
    if len(entries) <= 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*_path(m, entries[:k]), _mth(entries[k:])]
    return [*_path(m - k, entries[k:]), _mth(entries[:k])]


def _subproof(m: int, entries: list[bytes], complete: bool) -> list[bytes]:
    """Section 2.1.2."""
    if m == len(entries):
        return [] if complete else [_mth(entries)]
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m <= k:
        return [*_subproof(m, entries[:k], complete), _mth(entries[k:])]
    return [*_subproof(m - k, entries[k:], False), _mth(entries[:k])]


def _node(entries: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda level, index: _mth(entries[index << level : (index + 1) << level])


def _hex(values: tuple[str, ...]) -> list[bytes]:
    return [bytes.fromhex(one) for one in values]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert tree_root(size, _node(ENTRIES)).hex() == ROOTS[size - 1]
    assert _mth(ENTRIES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree_root(0, _node([])) == EMPTY == _mth([])


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_paths_are_those_of_the_reference(index: int, size: int) -> None:
    path = _hex(PATHS[index, size])
    assert inclusion_path(index, size, _node(ENTRIES)) == path
    assert is_included(index, size, leaf_hash(ENTRIES[index]), path, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_steps_are_those_of_the_reference(old: int, new: int) -> None:
    path = _hex(STEPS[old, new])
    assert consistency_path(old, new, _node(ENTRIES)) == path
    assert is_consistent(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), path)


SIZES = [*range(1, 34), 63, 64, 65, 100, 127, 128, 129]
MANY = [f"entry {number}".encode() for number in range(max(SIZES))]


@pytest.mark.parametrize("size", SIZES)
def test_every_path_is_as_defined_and_holds(size: int) -> None:
    entries = MANY[:size]
    root = _mth(entries)
    for index in range(size):
        path = _path(index, entries)
        assert inclusion_path(index, size, _node(entries)) == path
        assert is_included(index, size, leaf_hash(entries[index]), path, root)


@pytest.mark.parametrize("new", SIZES)
def test_every_step_is_as_defined_and_holds(new: int) -> None:
    entries = MANY[:new]
    for old in range(1, new + 1):
        path = _subproof(old, entries, True)
        assert consistency_path(old, new, _node(entries)) == path
        assert is_consistent(old, new, _mth(entries[:old]), _mth(entries), path)


def _probes(path: list[bytes], roots: list[bytes]) -> list[list[bytes]]:
    """Give damaged paths in the way of transparency-dev/merkle: changed, cut, and lengthened ones."""
    flipped = [[*path[:at], bytes([one[0] ^ 16, *one[1:]]), *path[at + 1 :]] for at, one in enumerate(path)]
    cut = [path[:-1], path[1:]] if path else []
    longer = [part for extra in (*roots, b"", bytes(32), b"garbage") for part in ([*path, extra], [extra, *path])]
    short = [[*path[:at], one[:-1], *path[at + 1 :]] for at, one in enumerate(path)]
    return [*flipped, *cut, *longer, *short]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13])
def test_no_damaged_inclusion_holds(size: int) -> None:
    """Cases 28 and 29: damaged path, wrong index."""
    entries = MANY[:size]
    root = _mth(entries)
    for index in range(size):
        leaf, path = leaf_hash(entries[index]), _path(index, entries)
        for bad in _probes(path, [root, leaf]):
            assert not is_included(index, size, leaf, bad, root)
        for wrong in {*range(-1, size + 2), index ^ 2, index * 2, index + 256} - {index}:
            assert not is_included(wrong, size, leaf, path, root)
        assert not is_included(index, size, leaf_hash(b"another"), path, root)
        assert not is_included(index, size, leaf, path, sha256(root).digest())
        assert not is_included(index, size, leaf, path, b"")
        assert not is_included(index, size, b"", path, root)
        for other in {*range(size + 1, size * 2 + 2), 0} - _same_turns(index, size):
            assert not is_included(index, other, leaf, path, root)


def _same_turns(index: int, size: int) -> set[int]:
    """Give the sizes in which this entry has the very same turns on its path: there the size cannot matter."""
    return {other for other in range(index + 1, size * 2 + 2) if _turns(index, other) == _turns(index, size)}


def _turns(index: int, size: int) -> list[bool]:
    turns = []
    while size > 1:
        k = 1
        while k * 2 < size:
            k *= 2
        right = index >= k
        turns.append(right)
        index, size = (index - k, size - k) if right else (index, k)
    return turns[::-1]


@pytest.mark.parametrize(("old", "new"), [(1, 1), (1, 2), (1, 8), (2, 5), (3, 7), (4, 8), (6, 8), (7, 13), (8, 13)])
def test_no_damaged_step_holds(old: int, new: int) -> None:
    entries = MANY[:new]
    first, second, path = _mth(entries[:old]), _mth(entries), _subproof(old, entries, True)
    for bad in _probes(path, [first, second]):
        assert not is_consistent(old, new, first, second, bad)
    wrong = sha256(b"wrong").digest()
    assert not is_consistent(old, new, wrong, second, path)
    assert not is_consistent(old, new, first, wrong, path)
    if old != new:
        assert not is_consistent(old, new, second, first, path)
        assert not is_consistent(new, old, second, first, path)
        for size in (old - 1, old + 1, old ^ 2):
            assert not is_consistent(size, new, first, second, path)
    assert not is_consistent(-1, new, first, second, path)
    assert not is_consistent(old, new, first[:-1], second, path)


def test_from_the_empty_tree_only_its_own_root_and_an_empty_proof_hold() -> None:
    root = _mth(MANY[:5])
    assert is_consistent(0, 5, EMPTY, root, [])
    assert is_consistent(0, 0, EMPTY, EMPTY, [])
    assert not is_consistent(0, 5, root, root, [])
    assert not is_consistent(0, 5, EMPTY, root, [root])
    assert not is_consistent(0, 0, EMPTY, root, [])


def test_a_tree_of_one_has_an_empty_path_and_nothing_else() -> None:
    """Case 57."""
    leaf = leaf_hash(b"only")
    assert is_included(0, 1, leaf, [], leaf)
    assert not is_included(0, 1, leaf, [leaf], node_hash(leaf, leaf))


def test_a_path_of_63_hashes_is_the_longest_that_a_tree_can_need() -> None:
    """Case 57."""
    path = [bytes([one]) * 32 for one in range(63)]
    root = leaf = leaf_hash(b"deep")
    for one in path:
        root = node_hash(root, one)
    assert is_included(0, 2**63, leaf, path, root)
    assert not is_included(0, 2**62, leaf, path, root)
    assert not is_included(0, 2**63, leaf, [*path, root], root)
    assert len(path) < MAX_PATH


def test_there_is_no_path_beyond_the_tree() -> None:
    with pytest.raises(ValueError, match="no such entry"):
        inclusion_path(5, 5, _node(MANY))
    with pytest.raises(ValueError, match="smaller"):
        consistency_path(6, 5, _node(MANY))


@STEADY
@given(st.integers(-5, 2**65), st.integers(-5, 2**65), st.lists(st.binary(min_size=30, max_size=33), max_size=70))
def test_arbitrary_proofs_are_refused_and_never_crash(one: int, other: int, path: list[bytes]) -> None:
    assert not is_included(one, other, bytes(32), path, sha256(b"no preimage of this").digest())
    if (one, other) != (0, 0) and one != other and one != 0:
        assert not is_consistent(one, other, bytes(32), sha256(b"no preimage of this").digest(), path)
