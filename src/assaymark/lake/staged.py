"""Finished inspections that are in no shard yet: one JSON file each, named by the digest of the package.

They are the cache of an interrupted batch: what lies here is not inspected again, it only waits to be folded into a
shard. The rows are newline-delimited JSON already, so that folding is joining texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assaymark.lake.layout import OUTCOME, Lake
from assaymark.model.schemas import APP, sql_cell
from assaymark.model.tables import Row, Table


@dataclass(frozen=True, slots=True)
class Staged:
    """What one inspection gave. `tables` holds the rows of each evidence table as lines of JSON.

    `kept` names the detectors that were not run: their rows are those that the lake holds of this app.
    """

    app: str
    size: int
    status: str
    reason: str
    detail: str
    tables: Mapping[str, str]
    kept: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Give it as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Staged:
        """Read it back. Raises `ValueError` for what is broken, as after a power cut."""
        try:
            value = json.loads(content)
            return cls(**{**value, "kept": tuple(value["kept"])})
        except (TypeError, KeyError) as error:
            raise ValueError("not a staged inspection") from error

    def lines(self, name: str, versions: str) -> dict[str, str]:
        """Give the lines of every table; `name` is where the file was seen, `versions` the fingerprint."""
        outcome: dict[str, Any] = {"app": self.app, "size": self.size, "name": _cell(name), "status": self.status}
        outcome |= {"reason": self.reason, "detail": _cell(self.detail), "versions": versions}
        return {OUTCOME.name: json.dumps(outcome) + "\n", **self.tables}


def table_lines(table: Table, rows: Sequence[Row], app: str) -> str:
    """Give rows as lines of JSON, `app` in front; cells without a value are left out."""
    names = [column.name for column in table.columns]
    return "".join(
        json.dumps({APP: app} | {name: _cell(cell) for name, cell in zip(names, row, strict=True) if cell is not None})
        + "\n"
        for row in rows
    )


def _cell(value: Any) -> Any:
    cell = sql_cell(value)
    # Names in DEX files, and of files, may hold halves of surrogate pairs, which no Parquet text can.
    return cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell


def place(lake: Lake, fingerprint: str, app: str) -> Path:
    """Give the place of a staged inspection."""
    return lake.staging / fingerprint[:16] / f"{app}.json"


def stage(lake: Lake, fingerprint: str, staged: Staged, name: str) -> None:
    """Keep a finished inspection. It is there whole or not at all for whoever comes after a kill."""
    path = place(lake, fingerprint, staged.app)
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(json.dumps({"name": name}).encode() + b"\n" + staged.to_bytes())
    draft.replace(path)  # not brought to the disk: after a power cut `leftovers` finds it broken, and it is done again


def read_staged(path: Path) -> tuple[str, Staged]:
    """Give the name under which the file was seen, and what its inspection gave. Raises `ValueError`, `OSError`."""
    head, _, rest = path.read_bytes().partition(b"\n")
    try:
        return str(json.loads(head)["name"]), Staged.from_bytes(rest)
    except (KeyError, TypeError) as error:
        raise ValueError("not a staged inspection") from error


def leftovers(lake: Lake, fingerprint: str, committed: Mapping[str, str]) -> dict[str, str]:
    """Give the staged apps of these versions, each with its reason of refusal or an empty text.

    Everything else in the folder is removed: what is in a shard by now, what is broken, what other versions left.
    """
    found: dict[str, str] = {}
    for path in sorted(lake.staging.rglob("*")):
        if path.is_dir():
            continue
        if path.suffix == ".json" and path.parent.name == fingerprint[:16] and path.stem not in committed:
            try:
                found[path.stem] = read_staged(path)[1].reason
                continue
            except (ValueError, OSError):
                pass
        path.unlink(missing_ok=True)
    return found
