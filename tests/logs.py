"""Logs for tests: keys of names, entries of numbers, a store that dies on the n-th step, an object store of ours."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings

from assaymark.log.appending import Log, create_log, open_log
from assaymark.log.publishing import Cosigner
from assaymark.log.s3 import S3Store
from assaymark.log.store import LocalStore, Store
from assaymark.log.witness import Witness
from assaymark.mark.note import Kind, Signer
from assaymark.mark.policy import Policy
from assaymark.testing.trust import NOW, ORIGIN, secret

STEADY = settings(deadline=None, derandomize=True)
"""For properties: the same examples each time, and no clock, since machines may be busy."""

LOG = Signer.of(ORIGIN, Kind.ED25519, secret(f"log {ORIGIN}"))
WITNESSES = [Signer.of(f"witness{n}.example", Kind.COSIGNATURE, secret(f"witness {n}")) for n in (1, 2, 3)]


def entries(first: int, end: int) -> list[bytes]:
    """Give entries that differ from each other, some short and some long."""
    return [b"entry %d " % at + b"x" * (at % 7 * 50) for at in range(first, end)]


def new_store(folder: Path) -> LocalStore:
    """Give the store of a new log."""
    store = LocalStore(folder / "log")
    create_log(store, LOG.key)
    return store


@contextmanager
def opened(store: Store, folder: Path) -> Iterator[Log]:
    """Open a log; its look-up lies in `folder`."""
    with open_log(store, folder / "leaves.sqlite") as log:
        yield log


def policy(quorum: int = 2) -> Policy:
    """Give a policy that knows the log and asks for so many of the three witnesses."""
    lines = [f"log {LOG.key}", *(f"witness w{at} {one.key}" for at, one in enumerate(WITNESSES))]
    return Policy.parse("\n".join([*lines, *(["quorum none"] if not quorum else _group(quorum))]))


def _group(quorum: int) -> list[str]:
    return [f"group g {quorum} w0 w1 w2", "quorum g"]


def witnesses(folder: Path) -> list[Witness]:
    """Give three witnesses that know the log."""
    places = [LocalStore(folder / f"witness{at}") for at in range(3)]
    return [Witness(one, [LOG.key], place, lambda: NOW) for one, place in zip(WITNESSES, places, strict=True)]


def cosigners(folder: Path) -> list[Cosigner]:
    """Give three witnesses as the log sees them, without a network between."""
    return [Cosigner(one.signer.key, one.add_checkpoint) for one in witnesses(folder)]


class Died(Exception):
    """What a `DyingStore` raises: the process is gone."""


class DyingStore:
    """A store that takes so many steps and then never another one; each file is a step of its own."""

    def __init__(self, inner: Store, steps: int) -> None:
        self.inner = inner
        self.steps = steps

    def _step(self) -> None:
        if self.steps == 0:
            raise Died
        self.steps -= 1

    def read(self, path: str, limit: int = 1 << 26) -> bytes:
        return self.inner.read(path, limit)

    def write(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            self._step()
            self.inner.write({path: content})

    def create(self, path: str, content: bytes) -> bool:
        self._step()
        return self.inner.create(path, content)

    def swap(self, path: str, old: bytes | None, new: bytes) -> bool:
        self._step()
        return self.inner.swap(path, old, new)

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._step()
            self.inner.remove([path])

    def names(self, folder: str) -> Iterator[str]:
        return self.inner.names(folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.inner.writing():
            yield


@contextmanager
def object_store() -> Iterator[str]:
    """Give the address of an S3 service on this machine, with a bucket named `bucket`."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        request = urllib.request.Request(f"{address}/bucket", method="PUT")
        with urllib.request.urlopen(request):
            yield address
    finally:
        server.stop()


def bucket(address: str, prefix: str) -> S3Store:
    """Give a store below a prefix of the bucket."""
    return S3Store(
        "bucket",
        prefix,
        endpoint=address,
        access_key_id="key",
        secret_access_key="secret",
        region="us-east-1",
        client_options={"allow_http": True},
        virtual_hosted_style_request=False,
    )
