"""What the children of a batch do: digest files, inspect one, write a shard. Each runs alone in a bounded process.

Modules are imported where they are used: a batch that finds everything in the lake imports none of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path

from assaymark.lake.index import Index
from assaymark.lake.layout import Lake
from assaymark.lake.staged import Staged, table_lines
from assaymark.model.errors import CannotInspect


def digest_files(_path: str, paths: Sequence[Path]) -> bytes:
    """Give SHA-256 and size of each file as JSON; null for one that cannot be read."""
    return json.dumps([_digest(path) for path in paths]).encode()


def _digest(path: Path) -> tuple[str, int] | None:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest(), file.tell()
    except OSError:
        return None


def inspect_file(path: str, kept: tuple[str, ...] = ()) -> bytes:
    """Give the evidence of one file, staged, but for the detectors whose rows are kept. Raises `CannotInspect`."""
    from assaymark import pipeline
    from assaymark.model.tables import TABLES

    program, evidence, _runs = pipeline.collect(path, without=kept)
    tables = {name: table_lines(TABLES[name], rows, program.sha256) for name, rows in evidence.items() if rows}
    return Staged(program.sha256, program.size, "inspected", "", "", tables, kept).to_bytes()


def refusal(app: str, size: int, error: CannotInspect) -> Staged:
    """Give what is staged for a file that was refused."""
    return Staged(app, size, "refused", error.reason, str(error.params.get("detail", "")), {})


def fold(_path: str, lake: Lake, draft: str, staged: Sequence[Path], versions: str, index: Index) -> bytes:
    """Write the drafts of a shard from staged inspections; give the rows of each table."""
    from assaymark.lake import shard

    return shard.to_bytes(shard.write_staged(lake, draft, staged, versions, index))


def merge(_path: str, lake: Lake, draft: str, index: Index, shards: Sequence[str]) -> bytes:
    """Write the drafts of a shard from older ones; give the rows of each table."""
    from assaymark.lake import shard

    return shard.to_bytes(shard.write_merged(lake, draft, index, shards))
