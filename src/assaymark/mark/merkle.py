"""Merkle trees of RFC 6962, section 2: hashes, proofs and their verification. Hashes are 32 bytes, SHA-256.

Proofs are made from a function `node(level, index)` that gives the hash of the full subtree over the entries
`[index << level, (index + 1) << level)`; a log answers it from its tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH = 32
MAX_PATH = 64
"""Hashes of a path. A tree below 2**63 entries never needs more than 63."""

EMPTY = sha256(b"").digest()
"""The root of a tree without entries."""

Node = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Give the hash of an entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """Give the root that the path leads to, or None if a path of this length cannot belong to `index` of `size`.

    The algorithm is that of RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size or not _hashes(leaf, *path):
        return None
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def is_included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether the entry with hash `leaf` stands at `index` of the tree of `size` entries with this root."""
    return _hashes(root) and root_from_inclusion(index, size, leaf, path) == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether the tree of `old` entries is a beginning of the tree of `new` entries.

    The algorithm is that of RFC 9162, section 2.1.4.2. The empty tree, with its own root, is a beginning of every tree.
    """
    if not 0 <= old <= new or not _hashes(old_root, new_root, *path):
        return False
    if old == new or old == 0:
        return not path and (old_root == new_root if old == new else old_root == EMPTY)
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def tree_root(size: int, node: Node) -> bytes:
    """Give the root of the first `size` entries."""
    return range_hash(0, size, node) if size else EMPTY


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Give the path from entry `index` to the root of `size` entries, leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError("no such entry in a tree of this size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """Give the proof that the first `old` entries are a beginning of the first `new` (RFC 6962, section 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is the smaller one")
    path: list[bytes] = []
    start, end = 0, new
    while old not in (0, end):
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    if start and old:
        path.append(range_hash(start, end, node))
    return path[::-1]


def range_hash(start: int, end: int, node: Node) -> bytes:
    """Give the hash over the entries `[start, end)` of a subtree that begins at `start`."""
    parts: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found


def _split(size: int) -> int:
    """Give the greatest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH for value in values)
