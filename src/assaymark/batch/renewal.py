"""What an earlier inspection leaves to do: of the detectors that did not change the rows still hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assaymark import extend
from assaymark.lake.index import Index
from assaymark.lake.layout import fingerprint
from assaymark.model.tables import GAP


class Renewal:
    """For each app with evidence of other versions: the detectors that need not run again."""

    def __init__(self, index: Index, now: Mapping[str, Any]) -> None:
        """Compare the versions of what the lake holds with those of today."""
        told = {key: versions for commit in index.shards.values() for key, versions in commit.versions.items()}
        # Tables of another shape have another fingerprint than their versions would give today.
        same_shape = {key: versions for key, versions in told.items() if fingerprint(versions) == key}
        self._kept = {key: kept_detectors(versions, now) for key, versions in same_shape.items()}
        self._apps = {app: key for app, key in index.inspected() if self._kept.get(key)}

    def kept(self, app: str) -> tuple[str, ...]:
        """Give the ids of the detectors whose rows of this app still hold, sorted; none for an app to inspect whole."""
        return self._kept[self._apps[app]] if app in self._apps else ()


def kept_detectors(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the ids of the detectors whose rows hold under both versions (`pipeline.versions`), sorted.

    Detectors that fill one table are renewed together, except for gaps, which say who noted them. A change of anything
    but detectors, and a detector that is gone, leave none.
    """
    old, new = before.get("detectors"), now.get("detectors")
    rest = [{key: value for key, value in versions.items() if key != "detectors"} for versions in (before, now)]
    if not isinstance(old, dict) or not isinstance(new, dict) or rest[0] != rest[1] or old.keys() - new.keys():
        return ()
    changed = {one for one, version in new.items() if old.get(one) != version}
    tables = {one.id: set(one.emits) - {GAP} for one in extend.detectors()}
    while more := {
        one
        for one, filled in tables.items()
        if one not in changed and any(filled & tables.get(other, set()) for other in changed)
    }:
        changed |= more
    return tuple(sorted(new.keys() - changed))
