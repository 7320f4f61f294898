"""Finds the index of an entry that is in the log already. A cache: all of it can be read from the tiles again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from assaymark.log.errors import LogError
from assaymark.log.reading import Reader
from assaymark.log.tiles import WIDTH

_SCHEMA = """
CREATE TABLE IF NOT EXISTS leaf (hash BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (size INTEGER NOT NULL, root BLOB NOT NULL);
"""
_CACHE = 32_768
"""Kilobytes of pages in memory."""

_CHUNK = 500
"""Parameters of one statement; SQLite allows at least 999."""


class Lookup:
    """Leaf hashes with their index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use an open cache."""
        self._connection = connection

    def find(self, leaves: Sequence[bytes]) -> dict[bytes, int]:
        """Give the index of each leaf hash that is in the log."""
        found: dict[bytes, int] = {}
        with _speaking():
            for at in range(0, len(leaves), _CHUNK):
                chunk = leaves[at : at + _CHUNK]
                marks = ",".join("?" * len(chunk))
                found.update(self._connection.execute(f"SELECT hash, at FROM leaf WHERE hash IN ({marks})", chunk))  # noqa: S608
        return found

    def add(self, leaves: Iterable[tuple[bytes, int]], size: int, root: bytes) -> None:
        """Note leaf hashes; the cache then knows the log of this size and root."""
        with _speaking(), self._connection:
            # The first index counts: an older writer may have let a leaf in twice.
            self._connection.executemany("INSERT OR IGNORE INTO leaf VALUES (?, ?)", leaves)
            self._connection.execute("DELETE FROM known")
            self._connection.execute("INSERT INTO known VALUES (?, ?)", (size, root))

    def catch_up(self, reader: Reader, root: bytes) -> None:
        """Bring the cache to the log that the reader shows: after a kill, or when the cache was lost."""
        with _speaking():
            row = self._connection.execute("SELECT size, root FROM known").fetchone()
        known = 0
        if row is not None and row[0] <= reader.size and reader.root(row[0]) == row[1]:
            known = row[0]
        else:
            with _speaking(), self._connection:
                self._connection.execute("DELETE FROM leaf")
        if known < reader.size:
            self.add(_leaves(reader, known), reader.size, root)


@contextmanager
def open_lookup(path: Path) -> Iterator[Lookup]:
    """Open the cache, or make it anew if it is broken. Raises `LogError` (`cannot-write`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _connect(path)
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        try:
            connection = _connect(path)
        except sqlite3.Error as error:
            raise LogError("cannot-write", str(error), folder=str(path.parent), detail=str(error)) from None
    with closing(connection):
        yield Lookup(connection)


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LogError("damaged", f"look-up: {error}", file="leaves.sqlite", detail=str(error)) from None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # what a power cut takes is read from the tiles again
        connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _leaves(reader: Reader, first: int) -> Iterator[tuple[bytes, int]]:
    for index in range(first // WIDTH, -(-reader.size // WIDTH)):
        for at, leaf in enumerate(reader.hashes(0, index), index * WIDTH):
            if at >= first:
                yield leaf, at
