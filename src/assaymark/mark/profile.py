"""Profiles: which verdicts a report must not have for a mark of each level.

Data in `profiles/*.toml`, or a file of the caller's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from assaymark.model.errors import UsageError
from assaymark.model.report import STATUSES, Report

BUILT_IN = Path(__file__).parent / "profiles"
DEFAULT = "cn-app-rules-1"
LEVELS = (1, 2, 3)


class ProfileError(UsageError):
    """A profile that cannot be used, or a report that does not pass one.

    `reason` names the sentence `certify.<reason>`. Exit code 2 or 1.
    """

    key = "certify"

    def __init__(self, reason: str, message: str, **params: object) -> None:
        """Keep the reason beside message and parameters."""
        super().__init__(message, **params)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bar:
    """What keeps a report from a level: these statuses, and clauses not assessed for these reasons (`*`: any)."""

    statuses: frozenset[str]
    unassessed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of demands on the verdicts of one rule pack."""

    id: str
    pack: str
    title: Mapping[str, str]
    levels: Mapping[int, Bar]

    def shortcomings(self, report: Report, level: int) -> list[str]:
        """Give the clauses that keep the report from this level, in the order of the report; none if it passes."""
        bar = self.levels[level]
        found: dict[str, None] = {}
        for verdict in report.verdicts:
            status, reason = verdict["status"], verdict["reason"]
            open_ = status == "not-assessed" and (reason in bar.unassessed or "*" in bar.unassessed)
            if verdict["pack"] == self.pack and (status in bar.statuses or open_):
                found[verdict["clause"]] = None
        return list(found)


def load_profile(name: str) -> Profile:
    """Load a built-in profile by its id, or one from a file. Raises `ProfileError`."""
    path = BUILT_IN / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    try:
        tree = tomli.loads(path.read_text(encoding="utf-8"))
        return _profile(tree)
    except OSError:
        known = ", ".join(sorted(one.stem for one in BUILT_IN.glob("*.toml")))
        raise ProfileError("unknown-profile", f"no profile {name}", profile=name, known=known) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ProfileError("invalid-profile", f"{path.name}: {error}", profile=name, detail=str(error)) from None


def _profile(tree: Mapping[str, Any]) -> Profile:
    levels = {
        int(level): Bar(frozenset(bar["statuses"]), frozenset(bar["unassessed"]))
        for level, bar in tree["levels"].items()
    }
    if not levels.keys() <= set(LEVELS) or any(not bar.statuses <= set(STATUSES) for bar in levels.values()):
        raise ValueError("levels are 1, 2 and 3, statuses those of a report")
    # Silence is not a pass: every level has to refuse at least what was found.
    if any("violated" not in bar.statuses for bar in levels.values()):
        raise ValueError("each level must refuse what was found")
    return Profile(
        str(tree["id"]), str(tree["pack"]), {lang: str(tree["title"][lang]) for lang in ("zh", "en")}, levels
    )
