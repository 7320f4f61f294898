"""What a lake holds, by its commit records: live shards, and which apps each of them answers for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shutil import rmtree
from typing import Any

from assaymark.lake.layout import SCHEMA, Lake, move_whole, write_whole
from assaymark.model.disk import sync
from assaymark.model.errors import LakeError


@dataclass(frozen=True, slots=True)
class Commit:
    """The record that makes a shard count.

    `tables` gives the number of rows of each table that has a file; `apps` gives the apps by the fingerprint of the
    versions that made their evidence; `refused` those of them that were refused, with the reason; `versions` spells
    the fingerprints out; `replaces` names shards that this one stands for.
    """

    shard: str
    tables: Mapping[str, int]
    apps: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]
    versions: Mapping[str, Any]
    replaces: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Give the record as text."""
        value = {
            "schema": SCHEMA,
            "shard": self.shard,
            "replaces": list(self.replaces),
            "tables": dict(sorted(self.tables.items())),
            "versions": dict(sorted(self.versions.items())),
            "refused": dict(sorted(self.refused.items())),
            "apps": {key: list(apps) for key, apps in sorted(self.apps.items())},
        }
        return json.dumps(value, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Index:
    """All live shards in the order of their commits, and for each app the shard whose rows count: the last one."""

    shards: Mapping[str, Commit]
    owner: Mapping[str, str]
    replaced: tuple[str, ...]

    def current(self, fingerprint: str) -> dict[str, str]:
        """Give the apps with evidence of these versions, each with the reason it was refused, or an empty text."""
        return {
            app: commit.refused.get(app, "")
            for commit in self.shards.values()
            for app in commit.apps.get(fingerprint, ())
            if self.owner[app] == commit.shard
        }

    def inspected(self) -> Iterator[tuple[str, str]]:
        """Give the apps whose evidence is here, each with the fingerprint of the versions that made it."""
        for name, commit in self.shards.items():
            for key, apps in commit.apps.items():
                yield from ((app, key) for app in apps if self.owner[app] == name and app not in commit.refused)

    def superseded(self, shard: str) -> tuple[str, ...]:
        """Give the apps of a shard whose rows do not count any more."""
        apps = (app for apps in self.shards[shard].apps.values() for app in apps)
        return tuple(app for app in apps if self.owner[app] != shard)

    def live(self, shard: str) -> tuple[str, ...]:
        """Give the apps of a shard whose rows count."""
        apps = (app for apps in self.shards[shard].apps.values() for app in apps)
        return tuple(app for app in apps if self.owner[app] == shard)

    def merged(self, shard: str, rows: Mapping[str, int], shards: Sequence[str]) -> Commit:
        """Give the commit record of a shard that stands for others, with what still counts of them."""
        apps: dict[str, list[str]] = {}
        refused: dict[str, str] = {}
        versions: dict[str, Any] = {}
        for name in shards:
            commit = self.shards[name]
            for key, group in commit.apps.items():
                live = [app for app in group if self.owner[app] == name]
                if live:
                    apps.setdefault(key, []).extend(live)
                    versions[key] = commit.versions[key]
                    refused |= {app: commit.refused[app] for app in live if app in commit.refused}
        ordered = {key: tuple(sorted(group)) for key, group in apps.items()}
        return Commit(shard, rows, ordered, refused, versions, tuple(shards))

    def next_number(self) -> int:
        """Give the number of the next shard."""
        return max((int(shard) for shard in (*self.shards, *self.replaced)), default=0) + 1


def read_index(lake: Lake) -> Index:
    """Read the commit records of a lake. Raises `LakeError` for a folder that is none, or a record that is broken."""
    lake.check()
    commits = {path.stem: _read(lake, path.stem) for path in sorted(lake.commits.glob("*.json"))}
    replaced = {shard for commit in commits.values() for shard in commit.replaces}
    live = {shard: commit for shard, commit in commits.items() if shard not in replaced}
    owner = {app: shard for shard, commit in live.items() for apps in commit.apps.values() for app in apps}
    return Index(live, owner, tuple(sorted(replaced)))


def _read(lake: Lake, shard: str) -> Commit:
    try:
        value = json.loads(lake.commit(shard).read_text(encoding="utf-8"))
        apps = {key: tuple(apps) for key, apps in value["apps"].items()}
        parts = {key: value[key] for key in ("tables", "refused", "versions")}
        return Commit(shard=shard, apps=apps, replaces=tuple(value["replaces"]), **parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        detail = f"commits/{shard}.json"
        raise LakeError("broken", f"{lake.folder}: {detail}", folder=str(lake.folder), detail=detail) from None


def commit_shard(lake: Lake, commit: Commit, drafts: Mapping[str, str]) -> None:
    """Put the files of a shard in their places and let it count; `drafts` gives the draft of each table.

    The files must be on the disk already. Until the last step a reader sees nothing of the shard.
    """
    for table, draft in sorted(drafts.items()):
        place = lake.parquet(table, commit.shard)
        place.parent.mkdir(exist_ok=True)
        move_whole(lake.drafts / draft, place)
    sync(lake.folder)
    write_whole(lake.commit(commit.shard), commit.to_json())


def sweep(lake: Lake, index: Index, *, drafts: bool = True) -> None:
    """Remove what does not count: replaced shards, unless somebody reads; files of shards that were never committed."""
    with lake.sweeping() as alone:
        for path in lake.folder.glob("*/*.parquet"):
            if path.stem not in index.shards and (alone or path.stem not in index.replaced):
                path.unlink(missing_ok=True)
        if alone:
            _forget(lake, index.replaced)
    for leftover in lake.commits.glob("*.draft"):
        leftover.unlink(missing_ok=True)
    for folder in lake.drafts.iterdir() if drafts else ():
        rmtree(folder, ignore_errors=True)  # a child that outlived its batch may still write there


def _forget(lake: Lake, shards: Iterable[str]) -> None:
    for shard in shards:
        lake.commit(shard).unlink(missing_ok=True)
