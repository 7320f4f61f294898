"""A container into a file, and out of it again. The developer's signature and every other byte stay what they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from assaymark.mark.container import LARGEST, PAIR_ID
from assaymark.mark.reasons import Reason, Refused
from assaymark.signing.block import add_pair, has_pair, remove_pair
from assaymark.signing.layout import Bytes, mapped


def embed(path: Path, container: bytes, output: Path) -> None:
    """Write the file with this container in place of any that it holds; `output` may be the file itself.

    Raises `Refused` (`container-too-large`) and `SigningError`: `no-block` for a file that only a detached container
    can go with, `block-not-restorable` if `strip` could not give every byte back.
    """
    if len(container) > LARGEST:
        raise Refused(Reason.CONTAINER_TOO_LARGE, f"{len(container)} bytes")
    with mapped(path) as data:
        _write(output, add_pair(data, PAIR_ID, container))


def strip(path: Path, output: Path) -> bool:
    """Write the file without its containers, as it was before `embed`; give whether there was one.

    Raises `SigningError`.
    """
    with mapped(path) as data:
        found = has_pair(data, PAIR_ID)
        _write(output, remove_pair(data, PAIR_ID))
        return found


def _write(output: Path, pieces: Iterable[Bytes]) -> None:
    """Write pieces under another name first: who looks sees the old file or the whole new one."""
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
        draft.chmod(0o644)
        draft.replace(output)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
