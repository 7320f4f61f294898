"""What a monitor remembers of one log, in one file: how far it read, live passes, status lists, evidence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from assaymark.log.errors import LogError
from assaymark.mark.merkle import HASH
from assaymark.mark.note import Key
from assaymark.mark.reasons import Refused
from assaymark.mark.statement import Inspection, Statement
from assaymark.mark.status import State, StatusList

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (origin TEXT NOT NULL, size INTEGER NOT NULL, frontier BLOB NOT NULL, checkpoint BLOB);
CREATE TABLE IF NOT EXISTS pass (
    app BLOB PRIMARY KEY, serial TEXT NOT NULL, at INTEGER NOT NULL, not_after INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS status (entry BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS list (note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence (digest BLOB PRIMARY KEY, held BLOB, shown BLOB NOT NULL) WITHOUT ROWID;
"""


class Memory:
    """Use `open_memory`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over what is remembered."""
        self._connection = connection
        row = connection.execute("SELECT origin, size, frontier, checkpoint FROM seen").fetchone()
        self._origin: str | None = row[0] if row else None
        self.size: int = row[1] if row else 0
        content: bytes = row[2] if row else b""
        self.frontier: Sequence[bytes] = [content[at : at + HASH] for at in range(0, len(content), HASH)]
        self._checkpoint: bytes | None = row[3] if row else None
        self._list: StatusList | None = None
        self._abandoned = False

    def require_origin(self, origin: str) -> None:
        """Raise `LogError` (`other-log`) if this is the memory of another log."""
        if self._origin not in (None, origin):
            raise LogError("other-log", f"{self._origin}, not {origin}", found=self._origin, log=origin)
        self._origin = origin

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Remember all or nothing of what is noted within; evidence always."""
        self._abandoned = False
        self._connection.execute("BEGIN IMMEDIATE")
        evidence: list[tuple[bytes, bytes | None, bytes]] = []
        self._evidence = evidence
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        if self._abandoned:
            self._connection.rollback()
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", evidence)
        self._connection.commit()

    def forget(self) -> None:
        """Keep nothing of what was noted since `writing` began."""
        self._abandoned = True

    def remember(self, size: int, frontier: Sequence[bytes], checkpoint: bytes) -> None:
        """Note how far the log was read."""
        self._connection.execute("DELETE FROM seen")
        row = (self._origin, size, b"".join(frontier), checkpoint)
        self._connection.execute("INSERT INTO seen VALUES (?, ?, ?, ?)", row)
        self.size, self.frontier, self._checkpoint = size, list(frontier), checkpoint

    def keep_evidence(self, checkpoint: bytes) -> None:
        """Keep a checkpoint that contradicts the one that was seen before."""
        self._evidence.append((sha256(checkpoint).digest(), self._checkpoint, checkpoint))

    def evidence(self) -> list[tuple[bytes | None, bytes]]:
        """Give pairs of checkpoints that contradict each other."""
        return list(self._connection.execute("SELECT held, shown FROM evidence ORDER BY digest"))

    def find_live_pass(self, said: Statement, inspection: Inspection) -> str | None:
        """Give the serial of another certificate that says the same of the same app and still counts."""
        row = self._connection.execute(
            "SELECT serial, at, not_after FROM pass WHERE app = ?", [_app(said, inspection)]
        ).fetchone()
        if row is None or row[2] <= said.issued_at or row[0] == said.serial:
            return None
        state = self._list.find_state(row[1]) if self._list else None
        return row[0] if state in (None, State.GOOD, State.SUSPENDED) else None

    def add_pass(self, said: Statement, inspection: Inspection, index: int) -> None:
        """Note a certificate as the newest for its app."""
        row = (_app(said, inspection), said.serial, index, said.not_after)
        self._connection.execute("INSERT OR REPLACE INTO pass VALUES (?, ?, ?, ?)", row)

    def add_status(self, entry: bytes) -> None:
        """Note the digest of a status list that stands in the log."""
        self._connection.execute("INSERT OR IGNORE INTO status VALUES (?)", [entry])

    def has_status(self, entry: bytes) -> bool:
        """Say whether the digest of a status list stands in the log."""
        return self._connection.execute("SELECT 1 FROM status WHERE entry = ?", [entry]).fetchone() is not None

    def status(self, keys: Iterable[Key]) -> StatusList | None:
        """Give the status list that was seen last."""
        row = self._connection.execute("SELECT note FROM list").fetchone()
        try:
            self._list = StatusList.parse(row[0], keys) if row else None
        except Refused:  # the keys were replaced since: what the old ones signed does not bind any more
            self._list = None
        return self._list

    def set_status(self, note: bytes, parsed: StatusList) -> None:
        """Note the status list that is to be continued."""
        self._connection.execute("DELETE FROM list")
        self._connection.execute("INSERT INTO list VALUES (?)", [note])
        self._list = parsed


@contextmanager
def open_memory(path: Path) -> Iterator[Memory]:
    """Open the memory of a monitor, or make a new one. Raises `LogError` (`memory`) for a file that cannot be one."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(_SCHEMA)
            yield Memory(connection)
    except sqlite3.Error as error:
        raise LogError("memory", f"{path}: {error}", file=str(path), detail=str(error)) from None


def _app(said: Statement, inspection: Inspection) -> bytes:
    """Give what there may be one live pass for: app, version, signers, profile and level."""
    signers = {scheme: list(chain) for scheme, chain in sorted(said.signers.items())}
    key = [said.platform, said.package, said.version_code, signers, inspection.profile, inspection.level]
    return sha256(json.dumps(key).encode()).digest()
