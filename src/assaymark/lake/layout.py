"""Where things lie in a lake, who may write, and how a file gets to its place whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assaymark.model.disk import locked, sync
from assaymark.model.errors import LakeError
from assaymark.model.tables import TABLES, Column, Table, Type

SCHEMA = "assaymark-lake/1"

OUTCOME = Table(
    "outcome",
    "One row for each file: inspected, or refused with the reason.",
    (
        Column("size", Type.INTEGER, "size of the file in bytes"),
        Column("name", Type.TEXT, "path below the folder that was given, of the first file with this content"),
        Column("status", Type.TEXT, "what became of it", ("inspected", "refused")),
        Column("reason", Type.TEXT, "why it was refused, a stable name such as `broken-archive`"),
        Column("detail", Type.TEXT, "the particulars of the reason"),
        Column("versions", Type.TEXT, "digest of all that decided the evidence besides the file; see the commit"),
    ),
    ("name",),
)
"""The table that only lakes have. Its `app` is the SHA-256 of the file, in every table."""

_OWN = frozenset({"commits", "drafts", "staging", "lake.draft", "lake.json", "readers.lock", "writer.lock"})
"""What a lake has in it from the start; a kill while it was made may have left some of them."""

LAKE_TABLES: Mapping[str, Table] = {OUTCOME.name: OUTCOME, **TABLES}


def fingerprint(versions: Mapping[str, Any]) -> str:
    """Give the digest (hex) of versions and of the shape of the tables: the cache key of evidence, beside the file."""
    shape = {
        table.name: [f"{column.name}:{column.type.value}" for column in table.columns] for table in TABLES.values()
    }
    return sha256(json.dumps([versions, shape], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Lake:
    """The folder of a lake, and the places in it."""

    folder: Path

    @property
    def header(self) -> Path:
        """The file that says that this folder is a lake."""
        return self.folder / "lake.json"

    @property
    def commits(self) -> Path:
        """Folder of the commit records."""
        return self.folder / "commits"

    @property
    def staging(self) -> Path:
        """Folder of finished inspections that are in no shard yet."""
        return self.folder / "staging"

    @property
    def drafts(self) -> Path:
        """Folder of what is being written. Nothing in it counts."""
        return self.folder / "drafts"

    def commit(self, shard: str) -> Path:
        """Give the place of a shard's commit record."""
        return self.commits / f"{shard}.json"

    def parquet(self, table: str, shard: str) -> Path:
        """Give the place of a table's file of a shard."""
        return self.folder / table / f"{shard}.parquet"

    def check(self) -> None:
        """Raise `LakeError` if this folder is no lake, or one of another schema."""
        try:
            schema = json.loads(self.header.read_text(encoding="utf-8"))["schema"]
        except (OSError, ValueError, KeyError, TypeError):
            raise LakeError("no-lake", f"{self.folder} is no lake", folder=str(self.folder)) from None
        if schema != SCHEMA:
            raise LakeError("other-schema", f"{self.folder}: {schema}", folder=str(self.folder), schema=schema)

    def create(self) -> None:
        """Make the folder a lake, if it is not one. Raises `LakeError` for a folder that holds something else."""
        if self.header.exists():
            self.check()
        elif self.folder.is_dir() and any(path.name not in _OWN for path in self.folder.iterdir()):
            raise LakeError("not-empty", f"{self.folder} is not empty", folder=str(self.folder))
        try:
            for folder in (self.folder, self.commits, self.staging, self.drafts):
                folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "readers.lock").touch()
            if not self.header.exists():
                write_whole(self.header, json.dumps({"schema": SCHEMA}) + "\n")
        except OSError as error:
            raise LakeError("cannot-write", str(error), folder=str(self.folder), detail=error.strerror) from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write. Raises `LakeError` if another process has it."""
        with (self.folder / "writer.lock").open("w") as file:
            if not locked(file.fileno(), fcntl.LOCK_EX):
                raise LakeError("busy", f"{self.folder} is being written", folder=str(self.folder))
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep replaced shards from being removed."""
        try:
            file = (self.folder / "readers.lock").open("r")
        except OSError:  # a copy without it, which nobody writes to
            yield
            return
        with file:
            fcntl.lockf(file.fileno(), fcntl.LOCK_SH)
            yield

    @contextmanager
    def sweeping(self) -> Iterator[bool]:
        """Say whether nobody reads; while this is held, nobody begins to."""
        with (self.folder / "readers.lock").open("r+") as file:
            yield locked(file.fileno(), fcntl.LOCK_EX)


def draft_files(draft: str, tables: Iterable[str]) -> dict[str, str]:
    """Give the draft file of each table of a shard."""
    return {table: f"{draft}/{table}.parquet" for table in tables}


def write_whole(path: Path, content: str) -> None:
    """Write a file that is there whole, and on the disk, or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    move_whole(draft, path)


def move_whole(draft: Path, path: Path) -> None:
    """Put a file that is on the disk in its place, and its name on the disk too."""
    draft.replace(path)
    sync(path.parent)
