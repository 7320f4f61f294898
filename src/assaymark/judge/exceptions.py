"""Exceptions: findings that somebody has looked at and accepts, each with a reason.

An exception takes nothing away. The verdict and its evidence stay in the report as they are; the report says beside
it that the finding is accepted, and why, and `--fail-on` passes over it. It holds for exactly the evidence it names:
as soon as a finding rests on one row more, it counts again. What no longer fits anything is reported too.

    [[accept]]
    clause = "app-method-4-1"
    subject = "app"
    evidence = ["permission-0123456789ab"]
    reason = "Needed by the scanner that the next release brings; removed if it slips."
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import tomli

from assaymark.model.errors import InvalidExceptions
from assaymark.model.report import Report, accepts

Entry = Mapping[str, Any]
"""One exception: `clause`, `subject`, `evidence` (sorted ids) and `reason`."""

_LIMIT = 1 << 20
"""Bytes of the largest file of exceptions."""


def load_exceptions(path: str | PathLike[str]) -> tuple[Entry, ...]:
    """Read a file of exceptions. Raises `InvalidExceptions` for a file or an entry that cannot be used."""
    file = Path(path)
    try:
        if file.stat().st_size > _LIMIT:
            raise InvalidExceptions(f"{file.name}: larger than {_LIMIT} bytes")
        tree = tomli.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidExceptions(f"{file.name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidExceptions(f"{file.name}: not a text in UTF-8") from None
    except tomli.TOMLDecodeError as error:
        raise InvalidExceptions(f"{file.name}: {error}") from None
    entries = tree.get("accept", [])
    if set(tree) - {"accept"} or not isinstance(entries, list):
        raise InvalidExceptions(f"{file.name}: it holds [[accept]] entries and nothing else")
    return tuple(_entry(f"{file.name}, entry {number}", one) for number, one in enumerate(entries, start=1))


def _entry(place: str, value: object) -> Entry:
    if not isinstance(value, dict) or set(value) != {"clause", "subject", "evidence", "reason"}:
        raise InvalidExceptions(f"{place}: it needs clause, subject, evidence and reason, and nothing else")
    evidence = value["evidence"]
    if not isinstance(evidence, list) or not all(isinstance(one, str) for one in evidence):
        raise InvalidExceptions(f"{place}: evidence is a list of ids")
    for name in ("clause", "subject", "reason"):
        if not isinstance(value[name], str) or not value[name].strip():
            raise InvalidExceptions(f"{place}: {name} is empty")
    return {**value, "evidence": sorted(set(evidence)), "reason": value["reason"].strip()}


def accept(report: Report, exceptions: Sequence[Entry]) -> Report:
    """Give the report with `coverage.exceptions`: every exception in order, and whether it fits a finding (`used`)."""
    listed = [{**one, "used": any(accepts(one, verdict) for verdict in report.verdicts)} for one in exceptions]
    return replace(report, coverage={**report.coverage, "exceptions": listed})
