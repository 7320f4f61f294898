"""Where the files of a log are kept. A store on local files; others keep the same promises."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from assaymark.log.errors import LogError
from assaymark.model.disk import locked, sync

MAX_FILE = 1 << 26
"""Bytes of a file that is read whole."""


class Source(Protocol):
    """Files that can be read, by path."""

    def read(self, path: str, limit: int = MAX_FILE) -> bytes:
        """Give a file. Raises `FileNotFoundError`, or `LogError` (`cannot-read`) also beyond `limit` bytes."""


class Store(Source, Protocol):
    """Files by path. What a call that writes has returned from is on the disk, and stays there after a power cut."""

    def write(self, files: Mapping[str, bytes]) -> None:
        """Keep files; what was there under their names is replaced, each file whole or not at all."""

    def create(self, path: str, content: bytes) -> bool:
        """Keep a file unless there is one of this name; say whether it was kept."""

    def swap(self, path: str, old: bytes | None, new: bytes) -> bool:
        """Replace a file if it still is `old` (None: if there is none); say whether it was replaced."""

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files that are there; no promise about a power cut."""

    def names(self, folder: str) -> Iterator[str]:
        """Give the paths of all files below a folder (which ends with `/`), in no order."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write, where a store has such a right. Raises `LogError` (`busy`)."""
        yield


class LocalStore:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder, which need not exist yet."""
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def read(self, path: str, limit: int = MAX_FILE) -> bytes:
        """Give a file. Raises `FileNotFoundError`, `LogError`."""
        try:
            with (self.folder / path).open("rb") as file:
                content = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(path) from None
        except OSError as error:
            raise LogError("cannot-read", f"{path}: {error}", file=path, detail=error.strerror) from None
        if len(content) > limit:
            raise LogError("cannot-read", f"{path}: too long", file=path, detail=f"> {limit}")
        return content

    def write(self, files: Mapping[str, bytes]) -> None:
        """Keep files: contents to the disk first, then their names."""
        with _speaking(self):
            drafts = [(self._draft(path, content), self.folder / path) for path, content in files.items()]
            for draft, target in drafts:
                draft.replace(target)
            for folder in sorted({target.parent for _, target in drafts}):
                sync(folder)

    def create(self, path: str, content: bytes) -> bool:
        """Keep a file unless there is one; say whether it was kept."""
        target = self.folder / path
        with _speaking(self):
            draft = self._draft(path, content)
            try:
                os.link(draft, target)  # fails where rename would replace
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            sync(target.parent)
        return True

    def swap(self, path: str, old: bytes | None, new: bytes) -> bool:
        """Replace a file if it still is `old`. The right to write keeps others from coming between."""
        if old is None:
            return self.create(path, new)
        if self.read(path) != old:
            return False
        self.write({path: new})
        return True

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        with _speaking(self):
            for path in paths:
                target = self.folder / path
                target.unlink(missing_ok=True)
                if target.parent.name.endswith(".p") and not any(target.parent.iterdir()):
                    target.parent.rmdir()

    def names(self, folder: str) -> Iterator[str]:
        """Give the paths of all files below a folder."""
        for found in os.walk(self.folder / folder):
            for name in found[2]:
                yield (Path(found[0]) / name).relative_to(self.folder).as_posix()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write. Raises `LogError` (`busy`) if another process has it."""
        with _speaking(self):
            self._make(self.folder / ".log")
            file = (self.folder / ".log" / "lock").open("w")
        with file:
            if not locked(file.fileno(), fcntl.LOCK_EX):
                raise LogError("busy", f"{self.folder} is being written", folder=str(self.folder))
            yield

    def _draft(self, path: str, content: bytes) -> Path:
        target = self.folder / path
        self._make(target.parent)
        draft = target.with_name(f".{target.name}.draft")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _make(self, folder: Path) -> None:
        """Make a folder, and bring the names of all new folders to the disk."""
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            sync(folder.parent)


@contextmanager
def _speaking(store: LocalStore) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogError("cannot-write", f"{store}: {error}", folder=str(store), detail=reason) from None
