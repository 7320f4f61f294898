"""Keeps what was read from the catalog files, so that a process that starts does not read and check them again.

As Python does with its own source, the outcome lies in `__pycache__` beside the files, under a name made of the digests
of all catalog files and of the code that reads them. It is made again when either changes; a folder that cannot be
written does without. It is as trustworthy as the compiled code beside it, and nothing else is ever read from there.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_FOLDER = Path(__file__).parent


@cache
def _digest() -> str:
    digest = sha256()
    for path in sorted([*_FOLDER.glob("*.toml"), *_FOLDER.glob("*/*.toml"), *_FOLDER.glob("*.py")]):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def kept(make: Callable[[], T]) -> Callable[[], T]:
    """Give a function that makes a value once for each installation, and once for each process loads it."""
    name = f"catalog-{make.__module__.rpartition('.')[2]}-{make.__name__}"

    @cache
    @wraps(make)
    def load() -> T:
        path = _FOLDER / "__pycache__" / f"{name}-{_digest()}.pickle"
        with suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError):
            value: T = pickle.loads(path.read_bytes())  # noqa: S301 - our own, as trusted as the .pyc files beside it
            return value
        value = make()
        with suppress(OSError):
            _keep(path, name, value)
        return value

    return load


def _keep(path: Path, name: str, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    written = path.with_suffix(f".{os.getpid()}")
    written.write_bytes(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    written.replace(path)
    for old in path.parent.glob(f"{name}-*.pickle"):
        if old != path:
            old.unlink(missing_ok=True)
