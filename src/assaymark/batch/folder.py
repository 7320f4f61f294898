"""Which files of a folder tree are packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = frozenset({".apk", ".apks", ".xapk", ".apkm", ""})
"""Endings of packages; stores of samples often name a file by its digest alone. What a file really is, is found out
when it is opened."""


def packages(folder: Path, without: Path) -> Iterator[Path]:
    """Yield the regular files that may be packages, in the order of their paths; `without` (the lake) is left out.

    Links to folders are not followed, so a ring of them does no harm; links to files are.
    """
    left_out = without.resolve()
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != left_out)
        for name in sorted(names):
            path = here / name
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path
