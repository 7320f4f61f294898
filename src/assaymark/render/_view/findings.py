"""The findings: verdicts that say *found* or *indicated*, equal ones told once, in the words of public notices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assaymark.model.report import FINDINGS, SEVERITIES, STATUSES, Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.places import Ledger, Place
from assaymark.render._view.words import NAME, Both, Names, both, clean, say

Verdict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause as a finding names it."""

    id: str
    chip: Both
    title: Both
    explain: Both
    remedy: Both
    notice: Both
    named: bool
    """`notice` is a phrase of the public notices; else it holds the title of the clause"""
    static_limit: Both
    claim: Both
    """the sentence of this clause's verdict, the most that may be said"""
    status: str
    severity: str
    accepted: str
    """the reason for which somebody accepts it, or an empty string"""


@dataclass(frozen=True, slots=True)
class Owner:
    """The app, an SDK, or unknown code."""

    id: str
    name: Both


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found or indicated, with every clause that says so over the same evidence."""

    key: str
    status: str
    severity: str
    title: Both
    clauses: tuple[Clause, ...]
    owners: tuple[Owner, ...]
    places: tuple[Place, ...]
    more: int
    """places that are not shown"""
    reference: str
    """the entries for a file of exceptions, without a reason: TOML"""

    @property
    def accepted(self) -> bool:
        """Say whether every clause of it is accepted."""
        return all(clause.accepted for clause in self.clauses)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One problem in the words of the public notices, with what stands behind it."""

    notice: Both
    named: bool
    status: str
    severity: str
    count: int
    chips: tuple[Both, ...]
    owners: tuple[Owner, ...]
    first: str
    """key of the first finding behind it"""
    accepted: bool = False
    """everything behind it is accepted"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the findings can be narrowed by. Tokens stand for ids, which come from the package and may hold anything."""

    owners: tuple[tuple[str, Both], ...]
    clauses: tuple[tuple[str, Both], ...]
    statuses: tuple[tuple[str, Both], ...]
    _owner_ids: Mapping[str, str]
    _clause_ids: Mapping[str, str]

    def owner_tokens(self, finding: Finding) -> str:
        """Give the tokens of a finding's owners, with spaces between."""
        return " ".join(self._owner_ids[owner.id] for owner in finding.owners)

    def clause_tokens(self, finding: Finding) -> str:
        """Give the tokens of a finding's clauses, with spaces between."""
        return " ".join(self._clause_ids[clause.id] for clause in finding.clauses)


def filters(found: Sequence[Finding]) -> Filters:
    """Give the choices that narrow these findings, in the order of the cards."""
    owners = {owner.id: owner.name for one in found for owner in one.owners}
    clauses = {clause.id: clause.chip for one in found for clause in one.clauses}
    owner_ids = {name: f"o{number}" for number, name in enumerate(owners)}
    clause_ids = {name: f"c{number}" for number, name in enumerate(clauses)}
    statuses = {one.status for one in found}
    return Filters(
        owners=tuple((owner_ids[name], shown) for name, shown in owners.items()),
        clauses=tuple((clause_ids[name], shown) for name, shown in clauses.items()),
        statuses=tuple((one, say(f"status.{one}")) for one in STATUSES if one in statuses),
        _owner_ids=owner_ids,
        _clause_ids=clause_ids,
    )


def clause_chip(clause: Mapping[str, Any], name: object) -> Both:
    """Give a clause as people cite it: the pack's own words, else instrument and number."""
    cited = both(clause.get("cite"), "", NAME)
    if cited.en:
        return cited
    instrument = both(clause.get("instrument_name"), clause.get("instrument") or name, NAME)
    number = clean(clause.get("number"), 40)
    return Both(f"{instrument.zh} {number}".strip(), f"{instrument.en} {number}".strip())


def findings(report: Report, names: Names, ledger: Ledger, caps: Caps) -> list[Finding]:
    """Give all findings, most serious first, the places of each within the caps."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in report["verdicts"]:
        if verdict["status"] in FINDINGS:
            groups.setdefault(_sameness(verdict), []).append(verdict)
    ordered = sorted((sorted(group, key=_weight) for group in groups.values()), key=lambda group: _weight(group[0]))
    # Findings that the page leaves out still count among the phrases; nobody looks at their places.
    bare = replace(caps, places=0)
    return [
        _finding(f"f{number}", group, report, names, ledger, caps if number <= caps.cards else bare)
        for number, group in enumerate(ordered, start=1)
    ]


def phrases(found: Iterable[Finding]) -> list[Phrase]:
    """Give what a public notice would say, heaviest and surest first; what is found and what is indicated stay apart.

    A finding speaks with its own title and with each other notice phrase among its clauses.
    """
    by: dict[tuple[Both, str], list[tuple[Finding, Clause]]] = {}
    for finding in found:
        said: set[Both] = set()
        for clause in finding.clauses:
            if clause.notice not in said and (clause.named or clause is finding.clauses[0]):
                said.add(clause.notice)
                by.setdefault((clause.notice, clause.status), []).append((finding, clause))
    made = [
        Phrase(
            notice=notice,
            named=group[0][1].named,
            status=status,
            severity=min((clause.severity for _, clause in group), key=_heavy),
            count=len(group),
            chips=tuple(dict.fromkeys(chip for one, clause in group for chip in _chips(one, clause))),
            owners=tuple(dict.fromkeys(owner for one, _ in group for owner in one.owners)),
            first=group[0][0].key,
            accepted=all(clause.accepted for _, clause in group),
        )
        for (notice, status), group in by.items()
    ]
    return sorted(made, key=lambda one: (one.accepted, _heavy(one.severity), STATUSES.index(one.status), -one.count))


def _chips(finding: Finding, clause: Clause) -> Iterable[Both]:
    """Give the clauses of a finding that say the same as this one, or that no phrase of their own speaks for."""
    return (one.chip for one in finding.clauses if one.notice == clause.notice or not one.named)


def _heavy(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _weight(verdict: Verdict) -> tuple[object, ...]:
    return (
        _heavy(verdict["severity"]),
        STATUSES.index(verdict["status"]),
        verdict["subject"] != "app",
        str(verdict["clause"]),
        str(verdict["subject"]),
    )


def _sameness(verdict: Verdict) -> tuple[object, ...]:
    evidence = frozenset(verdict["evidence"])
    # Without evidence nothing shows that two clauses speak of the same thing.
    return (verdict["subject"], evidence) if evidence else (verdict["subject"], verdict["clause"], verdict["reason"])


def _finding(key: str, group: Sequence[Verdict], report: Report, names: Names, ledger: Ledger, caps: Caps) -> Finding:
    first = group[0]
    rows = ledger.rows(first["evidence"])
    clauses = tuple(_clause(verdict, report) for verdict in group)
    ids = list(dict.fromkeys([str(first["subject"]), *(str(row["owner"]) for _, row in rows if row.get("owner"))]))
    return Finding(
        key=key,
        status=first["status"],
        severity=first["severity"],
        title=clauses[0].notice,
        clauses=clauses,
        owners=tuple(Owner(clean(one), names.owner(one)) for one in ids[: caps.columns]),
        places=tuple(ledger.place(table, row, caps.steps) for table, row in rows[: caps.places]),
        more=max(0, len(rows) - caps.places),
        reference="\n\n".join(_reference(verdict) for verdict in group),
    )


def _clause(verdict: Verdict, report: Report) -> Clause:
    name = verdict["clause"]
    held = report["clauses"].get(name, {})
    title = _headline(both(held.get("title"), name))
    notice = held.get("notice")
    return Clause(
        id=clean(name),
        chip=clause_chip(held, name),
        title=title,
        explain=both(held.get("explain")),
        remedy=both(held.get("remedy")),
        notice=_headline(both(notice)) if notice else say("render.unnamed", title=title),
        named=bool(notice),
        static_limit=both(held.get("static_limit")),
        claim=Both(clean(verdict.get("claim_zh") or verdict["claim"], 900), clean(verdict["claim"], 900)),
        status=verdict["status"],
        severity=verdict["severity"],
        accepted=clean(report.accepted(verdict), 600),
    )


def _headline(words: Both) -> Both:
    """Give words as a heading begins; Chinese has no capitals."""
    return Both(words.zh, words.en[:1].upper() + words.en[1:])


def _reference(verdict: Verdict) -> str:
    ids = ", ".join(json.dumps(clean(one, 80)) for one in verdict["evidence"])
    named = "\n".join(f"{name} = {json.dumps(clean(verdict[name], 80))}" for name in ("clause", "subject"))
    return f'[[accept]]\n{named}\nevidence = [{ids}]\nreason = ""'


def clause_words(report: Report, name: str) -> tuple[Both, Both]:
    """Give chip and title of a clause."""
    held = report["clauses"].get(name, {})
    return clause_chip(held, name), both(held.get("title"), name)
