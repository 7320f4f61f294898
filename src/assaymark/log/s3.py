"""A log in a bucket of object storage (S3 and what speaks it), through obstore.

There is no lock: two writers are kept apart by writes that fail if somebody was there before, which the service must
have (`If-None-Match` and `If-Match`). Reads must see the last write, as those of S3 do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from assaymark.log.errors import LogError
from assaymark.log.store import MAX_FILE

SIDE_BY_SIDE = 16
"""Files that are written at the same time."""


class S3Store:
    """Objects below a prefix of a bucket. `options` go to `obstore.store.S3Store`, such as `endpoint`."""

    def __init__(self, bucket: str, prefix: str = "", **options: Any) -> None:
        """Look at a bucket. Keys and region come from the environment (`AWS_…`) unless `options` has them.

        Raises `LogError` (`no-s3`) without obstore.
        """
        try:
            import obstore
            from obstore.store import S3Store as Bucket
        except ImportError:
            raise LogError("no-s3", "obstore is not installed") from None
        self._obstore = obstore
        self._name = f"s3://{bucket}/{prefix}".rstrip("/")
        with self._speaking("cannot-read"):
            self._bucket = Bucket(bucket, prefix=prefix or None, **options)

    def __str__(self) -> str:
        return self._name

    def read(self, path: str, limit: int = MAX_FILE) -> bytes:
        """Give an object. Raises `FileNotFoundError`, `LogError` (`cannot-read`)."""
        return self._get(path, limit)[0]

    def write(self, files: Mapping[str, bytes]) -> None:
        """Keep objects, several at a time."""
        with self._speaking("cannot-write"), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(lambda item: self._obstore.put(self._bucket, *item), files.items()))

    def create(self, path: str, content: bytes) -> bool:
        """Keep an object unless there is one; say whether it was kept."""
        with self._speaking("cannot-write"):
            try:
                self._obstore.put(self._bucket, path, content, mode="create")
            except self._obstore.exceptions.AlreadyExistsError:
                return False
        return True

    def swap(self, path: str, old: bytes | None, new: bytes) -> bool:
        """Replace an object if it still is `old`; say whether it was replaced."""
        if old is None:
            return self.create(path, new)
        content, tag = self._get(path, MAX_FILE)
        if content != old:
            return False
        with self._speaking("cannot-write"):
            try:
                self._obstore.put(self._bucket, path, new, mode={"e_tag": tag})
            except self._obstore.exceptions.PreconditionError:
                return False
        return True

    def remove(self, paths: Sequence[str]) -> None:
        """Remove objects."""
        with self._speaking("cannot-write"):
            for path in paths:
                try:
                    self._obstore.delete(self._bucket, path)
                except FileNotFoundError:
                    continue

    def names(self, folder: str) -> Iterator[str]:
        """Give the paths of all objects below a folder."""
        with self._speaking("cannot-read"):
            for chunk in self._obstore.list(self._bucket, prefix=folder.rstrip("/")):
                yield from (one["path"] for one in chunk)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do nothing: see above."""
        yield

    def _get(self, path: str, limit: int) -> tuple[bytes, str | None]:
        with self._speaking("cannot-read", path):
            found = self._obstore.get(self._bucket, path)
            if found.meta["size"] > limit:
                raise LogError("cannot-read", f"{path}: too long", file=path, detail=f"> {limit}")
            return bytes(found.bytes()), found.meta["e_tag"]

    @contextmanager
    def _speaking(self, reason: str, file: str = "") -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise FileNotFoundError(file) from None
        except (self._obstore.exceptions.BaseError, OSError) as error:
            # The first line names what failed; the rest is for those who build obstore.
            detail = str(error).strip().partition("\n")[0][:300]
            raise LogError(
                reason, f"{self}: {detail}", file=file or str(self), folder=str(self), detail=detail
            ) from None
