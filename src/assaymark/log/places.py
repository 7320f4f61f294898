"""Stores by their address: a folder, `s3://bucket/prefix`, or `https://…` for those who only read."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from assaymark.log.errors import LogError
from assaymark.log.store import MAX_FILE, LocalStore, Source, Store

TIMEOUT = 30
"""Seconds that a server may take for an answer."""


class WebStore:
    """A log as its server shows it to everyone: to be read, and to be checked."""

    def __init__(self, url: str) -> None:
        """Look at an address; nothing is asked yet."""
        self.url = url.rstrip("/")

    def __str__(self) -> str:
        return self.url

    def read(self, path: str, limit: int = MAX_FILE) -> bytes:
        """Fetch a file. Raises `FileNotFoundError`, `LogError` (`cannot-read`)."""
        try:
            # Only http and https get here, see `open_source`.
            with urllib.request.urlopen(f"{self.url}/{path}", timeout=TIMEOUT) as answer:  # noqa: S310
                content: bytes = answer.read(limit + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise FileNotFoundError(path) from None
            raise LogError("cannot-read", f"{path}: {error.code}", file=path, detail=f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            raise LogError("cannot-read", f"{path}: {error}", file=path, detail=str(error)) from None
        if len(content) > limit:
            raise LogError("cannot-read", f"{path}: too long", file=path, detail=f"> {limit}")
        return content


def open_source(address: str) -> Source:
    """Give what can be read at an address. Raises `LogError` (`no-s3`)."""
    return WebStore(address) if _is_web(address) else open_store(address)


def open_store(address: str) -> Store:
    """Give the store at an address. Raises `LogError`: `no-s3`, or `read-only` for a web server."""
    if _is_web(address):
        raise LogError("read-only", f"{address} can only be read", folder=address)
    if address.startswith("s3://"):
        from assaymark.log.s3 import S3Store

        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return S3Store(bucket, prefix.strip("/"))
    return LocalStore(Path(address))


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://"))


def cache_of(address: str, cache: Path | None) -> Path:
    """Give the file for the look-up by leaf hash: beside a log on local files, else below `cache`."""
    if cache is not None:
        return cache
    if address.startswith("s3://"):
        name = "".join(one if one.isalnum() else "-" for one in address.removeprefix("s3://"))
        return Path.home() / ".cache" / "assaymark" / f"{name}.sqlite"
    return Path(address) / ".log" / "leaves.sqlite"
