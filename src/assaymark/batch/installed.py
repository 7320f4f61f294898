"""What decides evidence besides the file, told without importing what makes evidence.

A run that finds everything in the lake has nothing else to do than to digest files; importing the detectors would cost
it more. So the versions are kept beside the program, under a name made of the names, sizes and times of its files, by
which Python knows whether its compiled code is fresh.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from assaymark.extend import plugins_installed

_PROGRAM = Path(__file__).parent.parent
_MATTERS = (".py", ".toml", ".so", ".pyd")


def versions() -> dict[str, Any]:
    """Give what `pipeline.versions` gives."""
    if plugins_installed():  # their versions are theirs to tell
        return _told()
    kept = _PROGRAM / "__pycache__" / f"versions-{_state()}.json"
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    told = _told()
    with suppress(OSError):  # a program that cannot be written beside does without
        kept.parent.mkdir(exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(kept)
        for old in kept.parent.glob("versions-*.json"):
            if old != kept:
                old.unlink(missing_ok=True)
    return told


def _told() -> dict[str, Any]:
    from assaymark import pipeline  # here, for it imports every detector

    return pipeline.versions()


def _state() -> str:
    """Give a digest of the names, sizes and times of the program's files."""
    listing = json.dumps(sorted(_files(str(_PROGRAM))))
    return sha256(listing.encode()).hexdigest()[:16]


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path) if entry.name != "__pycache__" else ()
            elif entry.name.endswith(_MATTERS):
                about = entry.stat()
                yield entry.path, about.st_size, about.st_mtime_ns
