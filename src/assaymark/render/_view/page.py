"""Everything that a report shows, in the order in which it shows it."""

from __future__ import annotations

from dataclasses import dataclass

from assaymark.model.report import STATUSES, Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.coverage import Coverage, coverage
from assaymark.render._view.datamap import DataMap, data_map
from assaymark.render._view.findings import Filters, Finding, Phrase, filters, findings, phrases
from assaymark.render._view.identity import Identity, Origin, identity, origin
from assaymark.render._view.lanes import Timeline, timeline
from assaymark.render._view.places import Ledger
from assaymark.render._view.tables import Sheet, clause_sheet, detector_sheet, exception_sheet, sheets
from assaymark.render._view.words import Both, Names, say


@dataclass(frozen=True, slots=True)
class Page:
    """The view of one report."""

    identity: Identity
    phrases: list[Phrase]
    findings: list[Finding]
    hidden_findings: int
    filters: Filters
    map: DataMap
    coverage: Coverage
    timeline: Timeline
    sheets: list[Sheet]
    exceptions: Sheet | None
    """what was accepted, where a list of exceptions was given"""

    excepted: tuple[int, int]
    """how many exceptions hold, and how many fit nothing"""

    clauses: Sheet
    detectors: Sheet
    origin: Origin
    statuses: tuple[tuple[str, int], ...]
    """how many verdicts have each status"""

    judged: int
    """clauses that were met as far as seen"""
    open: int
    """clauses that were not assessed"""

    @property
    def silence(self) -> Both:
        """The sentence for a report without findings: it differs by whether any clause was judged at all."""
        if not any(count for _, count in self.statuses):
            return say("render.answer-no-clauses")
        if not self.judged:
            return say("render.answer-nothing-judged")
        return say("render.answer-none", judged=self.judged, open=self.open)


def page(report: Report, caps: Caps) -> Page:
    """Give the view of a report within the caps."""
    names = Names(report)
    ledger = Ledger(report, names)
    found = findings(report, names, ledger, caps)
    counts = dict.fromkeys(STATUSES, 0)
    for verdict in report["verdicts"]:
        counts[verdict["status"]] = counts.get(verdict["status"], 0) + 1
    return Page(
        identity=identity(report),
        phrases=phrases(found),
        findings=found[: caps.cards],
        filters=filters(found[: caps.cards]),
        hidden_findings=max(0, len(found) - caps.cards),
        map=data_map(report, names, ledger, caps),
        coverage=coverage(report),
        timeline=timeline(report, names, caps),
        sheets=sheets(report, names, caps),
        exceptions=exception_sheet(report, names, caps),
        excepted=_excepted(report),
        clauses=clause_sheet(report, names, caps),
        detectors=detector_sheet(report, caps),
        origin=origin(report),
        statuses=tuple((status, counts[status]) for status in STATUSES),
        judged=len(_clauses(report, "satisfied")),
        open=len(_clauses(report, "not-assessed")),
    )


def _excepted(report: Report) -> tuple[int, int]:
    used = [bool(one["used"]) for one in report["coverage"].get("exceptions") or ()]
    return sum(used), len(used) - sum(used)


def _clauses(report: Report, status: str) -> set[str]:
    return {verdict["clause"] for verdict in report["verdicts"] if verdict["status"] == status}
