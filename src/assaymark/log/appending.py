"""Appends to a log so that nothing acknowledged is ever lost and the tree never forks.

An entry is acknowledged when its batch lies in the journal: a file named by the index of its first entry, which can be
made only once. So the order of the entries is fixed before any hash is written, and everything after that can be
repeated by whoever comes next: tiles and bundles are written, then the state (size and root) is replaced, then the
journal and partial tiles that nobody needs are removed. A kill between any two steps costs nothing.
Reasons and what we gave up: docs/decisions/0006-log.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assaymark.log.edge import Edge
from assaymark.log.errors import LogError
from assaymark.log.lookup import Lookup, open_lookup
from assaymark.log.reading import Reader
from assaymark.log.store import Source, Store
from assaymark.log.tiles import MAX_ENTRY, WIDTH, edge_tiles, from_bundle, to_bundle
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.merkle import EMPTY, HASH, leaf_hash
from assaymark.mark.note import Key, Note
from assaymark.mark.reasons import Refused
from assaymark.mark.strict import from_base64, from_json, member, to_base64

TYPE = "assaymark-log/1"
STATE = ".log/state.json"
JOURNAL = ".log/journal/"
CHECKPOINT = "checkpoint"
MAX_BATCH = 1 << 23
"""Bytes of entries in one file of the journal, unless a single entry is longer."""

MAX_PENDING, MAX_PENDING_BYTES = 4096, 1 << 24
"""Entries and bytes in the journal before they are brought into tiles."""


@dataclass(frozen=True, slots=True)
class State:
    """What is in tiles: the log's key, and the size and root of its tree."""

    key: Key
    size: int
    root: bytes

    def to_bytes(self) -> bytes:
        """Give the file."""
        tree = {"_type": TYPE, "key": str(self.key), "size": self.size, "root": to_base64(self.root)}
        return json.dumps(tree, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> State:
        """Read the file. Raises `ValueError`."""
        tree = from_json(content)
        if not isinstance(tree, dict) or tree.get("_type") != TYPE:
            raise ValueError(f"not of type {TYPE}")
        try:
            key = Key.parse(member(tree, "key", str))
        except Refused as refused:
            raise ValueError(str(refused)) from None
        root = from_base64(member(tree, "root", str))
        if len(root) != HASH:
            raise ValueError("not a root")
        return cls(key, member(tree, "size", int), root)


def create_log(store: Store, key: Key) -> None:
    """Make an empty log whose checkpoints will be signed by this key; its name is the origin.

    Raises `LogError` (`not-empty`) if there is a log.
    """
    with store.writing():
        if not store.swap(STATE, None, State(key, 0, EMPTY).to_bytes()):
            raise LogError("not-empty", f"{store} is a log", folder=str(store))


def read_state(store: Store) -> State:
    """Give the state of a log. Raises `LogError` (`no-log`, `damaged`)."""
    return _parse_state(_read_state(store), store)


def read_checkpoint(store: Source, key: Key) -> tuple[Note, Checkpoint] | None:
    """Give the published checkpoint, signed by the key, or None before the first. Raises `LogError`, `Refused`."""
    try:
        note = Note.parse(store.read(CHECKPOINT, 1 << 16))
    except FileNotFoundError:
        return None
    note.verify([key])
    return note, Checkpoint.parse(note.text)


class Log:
    """A log that is open for writing. Use `open_log`."""

    def __init__(self, store: Store, state: bytes, lookup: Lookup) -> None:
        """Take over where the last writer stopped."""
        self.store = store
        self._written = state
        self.state = _parse_state(state, store)
        self._lookup = lookup
        reader = self.reader()
        self._edge = Edge.load(reader, self.state.root)
        self._require_published(reader)
        lookup.catch_up(reader, self.state.root)
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._leaves: dict[bytes, int] = {}
        self._journal: list[str] = []
        self._read_journal()

    @property
    def size(self) -> int:
        """Give the number of entries, those in the journal included."""
        return self.state.size + len(self._pending)

    def reader(self) -> Reader:
        """Give a reader of what is in tiles."""
        return Reader(self.store, self.state.size)

    def add(self, entries: Sequence[bytes]) -> list[int]:
        """Append entries and give the index of each, once they are durable; what is in the log keeps its index.

        Raises `LogError`: `entry-too-large` (none was added), `busy` or `cannot-write` (open the log again).
        """
        if any(len(entry) > MAX_ENTRY for entry in entries):
            raise LogError("entry-too-large", f"more than {MAX_ENTRY} bytes", limit=MAX_ENTRY)
        leaves = [leaf_hash(entry) for entry in entries]
        known = self._lookup.find(leaves)
        known |= {leaf: self._leaves[leaf] for leaf in leaves if leaf in self._leaves}
        fresh = {leaf: entry for leaf, entry in zip(leaves, entries, strict=True) if leaf not in known}
        for batch in _batches(list(fresh.values())):
            self._append(batch)
        known |= {leaf: self._leaves[leaf] for leaf in fresh}
        if len(self._pending) >= MAX_PENDING or self._pending_bytes >= MAX_PENDING_BYTES:
            self.integrate()
        return [known[leaf] for leaf in leaves]

    def integrate(self) -> None:
        """Bring what is in the journal into tiles. Raises `LogError`; then open the log again."""
        if not self._pending:
            return
        edge, files = self._edge.extended(self._pending)
        self.store.write(files)
        before, state = self.state, State(self.state.key, edge.size, edge.root())
        if not self.store.swap(STATE, self._written, state.to_bytes()):
            raise _busy(self.store)
        self.state, self._written, self._edge = state, state.to_bytes(), edge
        self._lookup.add(self._leaves.items(), state.size, state.root)
        self.store.remove([*self._journal, *self._needless(before)])
        self._pending, self._pending_bytes, self._leaves, self._journal = [], 0, {}, []

    def _append(self, batch: list[bytes]) -> None:
        body = to_bundle(batch)
        path = f"{JOURNAL}{self.size:020d}"
        if not self.store.create(path, sha256(body).digest() + body):
            raise _busy(self.store)
        # Where two may write, the other may have brought this index into tiles and removed its journal in between.
        if _read_state(self.store) != self._written:
            self.store.remove([path])
            raise _busy(self.store)
        self._take(path, batch)

    def _take(self, path: str, batch: list[bytes]) -> None:
        for index, entry in enumerate(batch, self.size):
            self._leaves.setdefault(leaf_hash(entry), index)
        self._journal.append(path)
        self._pending += batch
        self._pending_bytes += sum(map(len, batch))

    def _read_journal(self) -> None:
        while True:
            path = f"{JOURNAL}{self.size:020d}"
            try:
                content = self.store.read(path)
            except FileNotFoundError:
                break
            digest, body = content[:HASH], content[HASH:]
            if sha256(body).digest() != digest:
                raise LogError("damaged", f"{path}: digest", file=path, detail="digest")
            self._take(path, from_bundle(body))
            if self._pending_bytes >= MAX_PENDING_BYTES:
                self.integrate()
        # What a kill kept from being removed: of the journal, and of tiles that became full.
        left = [one for one in self.store.names(JOURNAL) if _is_left(one, self.state.size)]
        for tile in edge_tiles(max(0, self.state.size - WIDTH)):
            if self.state.size >= tile.end:
                left += self.store.names(tile.partials)
        self.store.remove(left)

    def _needless(self, before: State) -> list[str]:
        """Give the partial tiles of the size before that no checkpoint needs, and all of tiles that are full now."""
        published = read_checkpoint(self.store, self.state.key)
        needed = {*edge_tiles(published[1].size if published else 0), *edge_tiles(self.state.size)}
        paths: list[str] = []
        for tile in edge_tiles(before.size):
            if self.state.size >= tile.end:
                paths += self.store.names(tile.partials)
            elif tile not in needed:
                paths.append(tile.path)
        return paths

    def _require_published(self, reader: Reader) -> None:
        """Refuse to go on from a state that is older than what was published: that would fork the tree."""
        published = read_checkpoint(self.store, self.state.key)
        if published is None:
            return
        checkpoint = published[1]
        if checkpoint.size > reader.size or reader.root(checkpoint.size) != checkpoint.root:
            detail = f"{checkpoint.size} > {reader.size}"
            raise LogError("damaged", f"the checkpoint is of another tree: {detail}", file=CHECKPOINT, detail=detail)


@contextmanager
def open_log(store: Store, cache: Path) -> Iterator[Log]:
    """Open a log for writing; `cache` is the file of the look-up by leaf hash, which is made again if it is lost.

    Raises `LogError`: `no-log`, `busy`, `damaged`.
    """
    read_state(store)  # before anything is made in a folder that is no log
    with store.writing(), open_lookup(cache) as lookup:
        yield Log(store, _read_state(store), lookup)


def _read_state(store: Store) -> bytes:
    try:
        return store.read(STATE, 1 << 16)
    except FileNotFoundError:
        raise LogError("no-log", f"{store} is no log", folder=str(store)) from None


def _parse_state(content: bytes, store: Store) -> State:
    try:
        return State.from_bytes(content)
    except ValueError as error:
        raise LogError("damaged", f"{store}: {error}", file=STATE, detail=str(error)) from None


def _busy(store: Store) -> LogError:
    return LogError("busy", f"{store} is being written", folder=str(store))


def _batches(entries: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for entry in entries:
        if batch and (size + len(entry) > MAX_BATCH or len(batch) == MAX_PENDING):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry)
    if batch:
        yield batch


def _is_left(path: str, size: int) -> bool:
    name = path.removeprefix(JOURNAL)
    return not name.isdecimal() or int(name) < size
