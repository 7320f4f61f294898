"""Certificates from reports.

Only for a file that is the inspected one, whose report passes a profile, and whose own signature holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assaymark.mark.certificate import Certificate, check_certificate
from assaymark.mark.container import Container
from assaymark.mark.envelope import seal
from assaymark.mark.keys import SecretKey
from assaymark.mark.profile import Profile, ProfileError
from assaymark.mark.root import Root
from assaymark.mark.statement import (
    DERIVED,
    DISTRIBUTION,
    INSPECTION,
    LONGEST,
    Derivation,
    Inspection,
    Statement,
    Subject,
)
from assaymark.mark.subject import File, opened
from assaymark.model.report import Report
from assaymark.signing.signers import Signers, read_signers, verify_signers

Logger = Callable[[bytes], bytes]
"""Puts an envelope into a log and gives its proof (`mark.proof`), the checkpoint cosigned."""

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Terms:
    """What a certificate says beyond the report.

    When it is issued (seconds since 1970), for how many days, under which serial number, in place of which one.
    """

    issued_at: int
    days: int = 365
    serial: str | None = None
    supersedes: str | None = None

    @property
    def not_after(self) -> int:
        """When the certificate runs out."""
        return self.issued_at + min(self.days * DAY, LONGEST)


def inspection_statement(
    report: Report, paths: Sequence[Path], profile: Profile, level: int, terms: Terms, *, sm3: bool = False
) -> Statement:
    """Give the statement that these files, the base first, passed the profile at this level.

    Raises `ProfileError`: `not-passed` (the clauses are named), `other-file` for a file that the report is not about,
    `not-signed-well` if a developer's signature does not hold, `several-signers` if the files of one app do not have
    the same signers; `no-level`, `no-verdicts`.
    """
    if level not in profile.levels:
        raise ProfileError("no-level", f"no level {level}", profile=profile.id, level=level)
    if not any(verdict["pack"] == profile.pack for verdict in report.verdicts):
        raise ProfileError("no-verdicts", f"no verdict of {profile.pack}", pack=profile.pack)
    if clauses := profile.shortcomings(report, level):
        detail = ", ".join(clauses)
        raise ProfileError("not-passed", detail, level=level, profile=profile.id, clauses=detail)
    known = {row["sha256"] for row in report.evidence["artifact"]} | {report.subject["key"]}
    subjects, signers = _subjects(paths, sm3=sm3)
    for path, (_, sha256) in zip(paths, subjects, strict=True):
        if sha256 not in known:
            raise ProfileError("other-file", path.name, file=path.name)
    open_ = {verdict["clause"]: None for verdict in report.verdicts if verdict["status"] == "not-assessed"}
    rules = next(one["sha256"] for one in report.engine["packs"] if one["id"] == profile.pack)
    inspection = Inspection(
        level=level,
        profile=profile.id,
        rules_sha256=rules,
        engine=report.engine["version"],
        report_sha256=hashlib.sha256(report.to_json().encode()).hexdigest(),
        not_assessed=tuple(open_),
        supersedes=terms.supersedes,
    )
    return _statement(INSPECTION, report, [one for one, _ in subjects], signers, terms, inspection=inspection)


def distribution_statement(report: Report, paths: Sequence[Path], terms: Terms) -> Statement:
    """Give a store's statement that it distributes these files.

    Raises `ProfileError` as `inspection_statement` does.
    """
    subjects, signers = _subjects(paths)
    return _statement(DISTRIBUTION, report, [one for one, _ in subjects], signers, terms)


def derived_statement(
    parent: Statement, original: Mapping[str, str], paths: Sequence[Path], changes: Sequence[str], terms: Terms
) -> Statement:
    """Give a store's statement that it made these files from a certified one (its digests), with these changes only."""
    subjects, signers = _subjects(paths)
    derivation = Derivation(original, tuple(changes))
    return Statement(
        kind=DERIVED,
        subjects=tuple(one for one, _ in subjects),
        serial=terms.serial or _serial(subjects[0][1], terms.issued_at),
        platform=parent.platform,
        package=parent.package,
        version_code=parent.version_code,
        signers=signers.certificates,
        lineage=signers.lineage,
        issued_at=terms.issued_at,
        not_after=terms.not_after,
        derivation=derivation,
    )


def issue(statement: Statement, keys: Sequence[SecretKey], log: Logger, root: Root) -> tuple[bytes, Certificate]:
    """Sign a statement, have it logged, and give its container, checked as any verifier will check it.

    Raises `Refused` if a verifier with this root would refuse it: the entry is in the log then, and the container is
    not handed out.
    """
    envelope = seal(statement.to_bytes(), keys)
    container = Container(envelope, log(envelope)).to_bytes()
    return container, check_certificate(container, root)


def _statement(
    kind: str,
    report: Report,
    subjects: Sequence[Subject],
    signers: Signers,
    terms: Terms,
    inspection: Inspection | None = None,
) -> Statement:
    return Statement(
        kind=kind,
        subjects=tuple(subjects),
        serial=terms.serial or _serial(report.subject["key"], terms.issued_at),
        platform="android",
        package=report.subject["package"] or "?",
        version_code=report.subject["version_code"] or 0,
        signers=signers.certificates,
        lineage=signers.lineage,
        issued_at=terms.issued_at,
        not_after=terms.not_after,
        inspection=inspection,
    )


def _subjects(paths: Sequence[Path], *, sm3: bool = False) -> tuple[list[tuple[Subject, str]], Signers]:
    """Give each file as a subject with its SHA-256, and the one set of signers that all of them have."""
    found: list[tuple[Subject, str]] = []
    signers: Signers | None = None
    for path in paths:
        with opened(path) as file:
            found.append((Subject(path.name, _digests(file, sm3)), file.sha256))
            shown = _sound_signers(file)
        if signers is not None and (shown.certificates, shown.lineage) != (signers.certificates, signers.lineage):
            raise ProfileError("several-signers", path.name, file=path.name)
        signers = shown
    if signers is None:
        raise ValueError("no file")
    return found, signers


def _digests(file: File, sm3: bool) -> dict[str, str]:
    if file.signed_by_block:
        return file.content({"sha256", "sha512", *(["sm3"] if sm3 else [])})
    digests = {"sha256": file.sha256}
    if file.layout is not None:
        digests["zipEntriesSha256"] = file.entries_sha256
    return digests


def _sound_signers(file: File) -> Signers:
    """Give the signers of a file whose every scheme holds, and whose quick reading is what verifiers will see."""
    if file.layout is None:
        return Signers({}, {}, None)
    shown = verify_signers(file.path)
    if file.signed_by_block and shown.problem is None:
        quick = read_signers(file.path, {})
        if quick != shown:
            raise ProfileError("not-signed-well", "signers that not all entries have", file=file.path.name, detail="v1")
    if shown.problem is not None:
        raise ProfileError("not-signed-well", shown.problem, file=file.path.name, detail=shown.problem)
    return shown


def _serial(digest: str, issued_at: int) -> str:
    """Make a serial number from what the certificate is about: same file and time, same number."""
    return f"AM-{hashlib.sha256(f'{digest} {issued_at}'.encode()).hexdigest()[:16].upper()}"
