"""Find and load rule packs.

A pack is a folder: `pack.toml`, and one `.sql` file for each clause. Loading it checks everything (see `head` and
`check`) and runs every example; that takes a part of a second. Of a pack that comes with the program the outcome is
kept in `__pycache__` beside it, as Python does with its own source, under a name made of the digests of the pack and
of the judge: it is made again when either changes, and a folder that cannot be written does without. Packs of others
are checked every time, for what lies in their `__pycache__` may be theirs too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any

from assaymark.judge.clause import Clause, Instrument, Pack
from assaymark.model.errors import InvalidRulePack, UnknownPack
from assaymark.model.text import LANGUAGES

_HEAD = "pack.toml"


def _shipped() -> Path:
    return Path(__file__).parent.parent / "rulepacks"


def available_packs() -> tuple[str, ...]:
    """Give the ids of the packs that come with the program."""
    return tuple(sorted(folder.parent.name for folder in _shipped().glob(f"*/{_HEAD}")))


def load_pack(name: str | PathLike[str]) -> Pack:
    """Give a pack by the id of a shipped one or the path of its folder: checked whole, clauses without their examples.

    Raises `UnknownPack` if there is no such pack, `InvalidRulePack` that names the file and the fault if it is not
    valid.
    """
    folder = _find(name)
    contents = _read(folder)
    digest = _digest(contents)
    if folder.parent != _shipped():
        return _bare(_parse(contents, digest))
    kept = folder / "__pycache__" / f"{digest[:16]}-{_judge_digest()[:16]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return _from_kept(json.loads(kept.read_text(encoding="utf-8")))
    pack = _bare(_parse(contents, digest))
    with suppress(OSError):
        _keep(kept, pack)
    return pack


def _bare(pack: Pack) -> Pack:
    return replace(pack, clauses=tuple(replace(clause, examples=()) for clause in pack.clauses))


def _find(name: str | PathLike[str]) -> Path:
    shipped = _shipped() / name if isinstance(name, str) and re.fullmatch(r"[a-z0-9-]+", name) else None
    for folder in (shipped, Path(name)):
        if folder is not None and (folder / _HEAD).is_file():
            return folder
    raise UnknownPack(f"no such rule pack: {name}", pack=str(name), available=", ".join(available_packs()))


def check_pack(name: str | PathLike[str]) -> Pack:
    """Read and check a pack whatever was kept of it; its clauses have their examples. Raises as `load_pack` does."""
    contents = _read(_find(name))
    return _parse(contents, _digest(contents))


def _read(folder: Path) -> dict[str, bytes]:
    contents = {path.name: path.read_bytes() for path in (folder / _HEAD, *folder.glob("*.sql")) if path.is_file()}
    return dict(sorted(contents.items()))


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return digest.hexdigest()


@cache
def _judge_digest() -> str:
    """Digest of everything that decides what a pack's text becomes: the judge itself and the evidence tables."""
    package = Path(__file__).parent.parent
    sources = [*(package / "judge").glob("*.py"), package / "model" / "tables.py", package / "model" / "schemas.py"]
    sources.append(package / "judge" / "reasons.toml")
    return _digest({path.name: path.read_bytes() for path in sources})


def _parse(contents: Mapping[str, bytes], digest: str) -> Pack:
    # Here, because a shipped pack that was kept needs neither.
    from assaymark.judge.check import check_clause, check_unique
    from assaymark.judge.head import Fields, parse_clause, parse_instrument, parse_toml

    texts = {name: _decode(name, content) for name, content in contents.items()}
    fields = Fields(_HEAD, parse_toml(_HEAD, texts[_HEAD]))
    instruments = [parse_instrument(_HEAD, tree) for tree in fields.tables("instruments")]
    pack = Pack(
        id=fields.text("id"),
        version=fields.text("version"),
        title=fields.texts("title"),
        in_force=fields.text("in_force"),
        languages=fields.names("languages"),
        instruments={instrument.id: instrument for instrument in instruments},
        clauses=(),
        sha256=digest,
    )
    fields.done()
    if not set(LANGUAGES) <= set(pack.languages):
        raise fields.fault(f"`languages` must name {' and '.join(LANGUAGES)}")
    clauses = [parse_clause(name, text) for name, text in texts.items() if name != _HEAD]
    check_unique(clauses)
    order = list(pack.instruments)
    checked = [check_clause(pack, clause) for clause in clauses]
    checked.sort(key=lambda clause: (order.index(clause.instrument), _natural(clause.id)))
    return replace(pack, clauses=tuple(checked))


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRulePack(f"{name}: not UTF-8: {error.reason}", file=name, fault="not UTF-8") from error


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _keep(path: Path, pack: Pack) -> None:
    """Write the pack whole or not at all, in place of what was kept of it before."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(asdict(pack), ensure_ascii=False), encoding="utf-8")
    for old in path.parent.glob("*.json"):
        old.unlink(missing_ok=True)
    draft.replace(path)


def _from_kept(tree: dict[str, Any]) -> Pack:
    clauses = (
        Clause(
            **{
                **clause,
                "needs": tuple(clause["needs"]),
                "manifest": tuple(clause["manifest"]),
                "reads": {table: tuple(columns) for table, columns in clause["reads"].items()},
                "examples": (),
            }
        )
        for clause in tree["clauses"]
    )
    instruments = {key: Instrument(**value) for key, value in tree["instruments"].items()}
    parts = {"clauses": tuple(clauses), "instruments": instruments, "languages": tuple(tree["languages"])}
    return Pack(**{**tree, **parts})
