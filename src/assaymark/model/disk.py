"""What must outlive a power cut or a killed process: bringing files to the disk, holding the right to write."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Bring a file, or the names of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def locked(file: int, kind: int) -> bool:
    """Say whether a lock of an open file (`fcntl.LOCK_EX`, say) could be had at once; it ends with the file."""
    # Record locks, not `flock`: children do not inherit them, so a killed parent frees it at once.
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
