"""A transparency log in numbers: durable entries a second by batch, and proofs in a big tree.

    python benchmarks/log.py                     # a tree of 200,000
    python benchmarks/log.py --leaves 10000000   # a tree of 10 million: some minutes, 330 MB on the disk

The append rates are those of this disk: every batch is brought to it twice (file and folder) before it counts. The big
tree is written as tiles of level 0 and above; its entries are numbers, and not stored: proofs need hashes only.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assaymark.log.appending import create_log, open_log
from assaymark.log.reading import Reader
from assaymark.log.store import LocalStore
from assaymark.log.tiles import WIDTH, Tile, subtree
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.merkle import is_consistent, is_included, leaf_hash
from assaymark.mark.note import Kind, Signer, sign
from assaymark.mark.proof import Proof

ENTRY = 1400
"""Bytes of an entry: a certificate for one package."""


def _signer(name: str, kind: Kind) -> Signer:
    return Signer.of(name, kind, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


LOG = _signer("log.example/2026", Kind.ED25519)
WITNESSES = [_signer(f"witness{at}.example", Kind.COSIGNATURE) for at in (1, 2, 3)]


def append(folder: Path, batch: int, total: int) -> float:
    """Give the durable entries a second, tiles included."""
    store = LocalStore(folder)
    create_log(store, LOG.key)
    entries = [b"%012d" % at + os.urandom(ENTRY - 12) for at in range(total)]
    with open_log(store, folder / ".log" / "leaves.sqlite") as log:
        began = time.perf_counter()
        for first in range(0, total, batch):
            log.add(entries[first : first + batch])
        log.integrate()
        return total / (time.perf_counter() - began)


def plant(folder: Path, leaves: int) -> float:
    """Write the hashes of a tree whose entries are the numbers from 0 on; give the seconds that it took."""
    began = time.perf_counter()
    rows: list[list[bytes]] = [[]]
    counts = [0]
    for number in range(leaves):
        value, level = leaf_hash(b"%d" % number), 0
        while True:
            rows[level].append(value)
            if len(rows[level]) < WIDTH:
                break
            _write(folder, Tile(level, counts[level]), rows[level])
            value = subtree(rows[level])
            rows[level].clear()
            counts[level] += 1
            level += 1
            if level == len(rows):
                rows.append([])
                counts.append(0)
    for level, row in enumerate(rows):
        if row:
            _write(folder, Tile(level, counts[level], len(row)), row)
    return time.perf_counter() - began


def _write(folder: Path, tile: Tile, row: list[bytes]) -> None:
    path = folder / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(row))


def prove(folder: Path, leaves: int) -> Iterator[str]:
    """Give what proofs cost."""
    cold = []
    root = Reader(LocalStore(folder), leaves).root()
    head = Checkpoint(LOG.key.name, leaves, root)
    note = sign(head.text(), LOG, *WITNESSES, time=1_795_000_000)
    sizes, checks = [], []
    for at in range(200):
        index = at * (leaves // 200)
        reader = Reader(LocalStore(folder), leaves)
        began = time.perf_counter()
        path = reader.inclusion(index)
        cold.append(time.perf_counter() - began)
        sizes.append((len(Proof(index, tuple(path), note.to_bytes()).to_bytes()), len(path)))
        began = time.perf_counter()
        assert is_included(index, leaves, leaf_hash(b"%d" % index), path, root)
        checks.append(time.perf_counter() - began)
    reader = Reader(LocalStore(folder), leaves)
    reader.inclusion(0)
    began = time.perf_counter()
    for at in range(200):
        reader.inclusion(at * (leaves // 200))
    warm = (time.perf_counter() - began) / 200
    size, hashes = max(sizes)
    bare = len(Proof(leaves - 1, (bytes(32),) * hashes, sign(head.text(), LOG).to_bytes()).to_bytes())
    began = time.perf_counter()
    step = Reader(LocalStore(folder), leaves).consistency(leaves // 3)
    stepped = time.perf_counter() - began
    assert is_consistent(leaves // 3, leaves, Reader(LocalStore(folder), leaves).root(leaves // 3), root, step)
    yield f"proof with 3 witnesses: {size:,} bytes, {hashes} hashes ({bare:,} bytes without witnesses)"
    yield f"inclusion: {_middle(cold):.2f} ms with nothing in memory, {warm * 1000:.2f} ms with warm tiles"
    yield f"checked in {_middle(checks):.3f} ms; consistency: {len(step)} hashes in {stepped * 1000:.2f} ms"


def _middle(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2] * 1000


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    asked = parser.parse_args()
    base = Path(tempfile.mkdtemp(dir=asked.folder))
    try:
        for batch, total in ((1, 300), (100, 20_000), (1000, 50_000)):
            print(
                f"append, batches of {batch}: {append(base / str(batch), batch, total):,.0f} durable entries a second"
            )
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"memory so far: {most} MB at most, with the {50_000 * ENTRY >> 20} MB of entries that the test holds")
        seconds = plant(base / "big", asked.leaves)
        print(f"tree of {asked.leaves:,}: {seconds:.1f} s, {asked.leaves / seconds:,.0f} leaves a second")
        for line in prove(base / "big", asked.leaves):
            print(line)
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
