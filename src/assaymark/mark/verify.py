"""`verify()`: is there a certificate for this file, and does it hold now? No network, nothing of the inspection.

    from assaymark.mark import Root, verify

    verdict = verify(["app.apk"], Root.parse(root), now=1_795_000_000)
    print(verdict.state, verdict.exit_code)

Absence never helps: whatever cannot be read is a refusal, and with several certificates each is judged alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from assaymark.mark.certificate import LEEWAY, Certificate, check_certificate
from assaymark.mark.container import LARGEST, SUFFIX, split
from assaymark.mark.demand import Demand
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import Root
from assaymark.mark.statement import DERIVED, INSPECTION, Statement
from assaymark.mark.status import State, StatusList
from assaymark.mark.subject import File, opened
from assaymark.mark.verdict import STALE, VALID, Mark, Verdict, state_of
from assaymark.signing.errors import SigningError

_NOT_GOOD = {State.SUSPENDED: Reason.SUSPENDED, State.REVOKED: Reason.REVOKED, State.SUPERSEDED: Reason.SUPERSEDED}


def verify(
    paths: Sequence[Path | str],
    root: Root,
    *,
    now: int,
    demand: Demand | None = None,
    statuses: Iterable[StatusList] = (),
    detached: bytes | None = None,
) -> Verdict:
    """Judge the mark of one file, or of all files of one app together (base and splits).

    `now` is seconds since 1970; `statuses` are the newest lists held, already verified; `detached` is a container to
    use instead of the one in the file or beside it. Raises `SigningError` (`unreadable`) if a file cannot be read;
    everything else is in the verdict.
    """
    given = [Path(path) for path in paths]
    try:
        root.require_fresh(now)
    except Refused as refused:
        return Verdict(tuple(path.name for path in given), None, (), refused)
    judge = _Judge(root, now, demand or Demand(), tuple(statuses))
    verdicts = [judge.file(path, detached) for path in given]
    return verdicts[0] if len(verdicts) == 1 else _together(verdicts)


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Give one verdict over files that are installed together: same certificate for each, and the base among them."""
    names = tuple(name for verdict in verdicts for name in verdict.files)
    for verdict in verdicts:
        if verdict.refusal is not None:
            return replace(verdict, files=names)
    entries = {(one.logged.origin, one.logged.index) for verdict in verdicts if (one := verdict.marks[0].certificate)}
    first = verdicts[0].marks[0].certificate
    listed = {verdict.marks[0].subject for verdict in verdicts}
    if len(entries) != 1 or first is None or first.statement.subjects[0].name not in listed:
        return Verdict(names, None, (), Refused(Reason.SET_INCOMPLETE, "base missing, or several certificates"))
    stale = [verdict for verdict in verdicts if verdict.state == STALE]
    return replace((stale or verdicts)[0], files=names)


class _Judge:
    """What all files of one call share."""

    def __init__(self, root: Root, now: int, demand: Demand, statuses: tuple[StatusList, ...]) -> None:
        self.root = root
        self.now = now
        self.demand = demand
        self.statuses = statuses

    def file(self, path: Path, detached: bytes | None) -> Verdict:
        """Give the verdict on one file."""
        place: str | None = None
        try:
            with opened(path) as file:
                place, data = _find_container(file, detached)
                marks = self.marks(file, split(data))
        except Refused as refused:
            return Verdict((path.name,), place, (), refused)
        except SigningError as error:
            if error.reason == "unreadable":
                raise
            return Verdict((path.name,), place, (), Refused(Reason.FILE_MALFORMED, str(error), file=path.name))
        marks.sort(key=_rank)
        return Verdict((path.name,), place, tuple(marks), None if marks[0].stands else marks[0].refusal)

    def marks(self, file: File, containers: Iterable[bytes]) -> list[Mark]:
        """Judge each certificate: first by itself, then against the file, those that it is derived from at hand."""
        checked: list[Certificate | Refused] = []
        for data in containers:
            try:
                checked.append(check_certificate(data, self.root, self.demand.authorities))
            except Refused as refused:
                checked.append(refused)
        sound = [one for one in checked if isinstance(one, Certificate)]
        marks = [self.mark(file, one, sound) for one in checked]
        used = [mark for mark in marks if mark.derived]
        # The certificate of the file that this one was derived from has done its part, and is for another file.
        parents = {id(mark.certificate) for mark in used}
        kept = [
            mark
            for mark, one in zip(marks, checked, strict=True)
            if mark.derived or id(one) not in parents or mark.stands
        ]
        return kept or marks

    def mark(self, file: File, one: Certificate | Refused, others: Sequence[Certificate]) -> Mark:
        """Judge one certificate against the file, the clock, the status lists and what the caller asks for."""
        if isinstance(one, Refused):
            return Mark(state_of(one), one)
        try:
            subject, exact = match(file, one.statement)
            derived = one.statement.kind == DERIVED
            age = self.current(one)
            decides = one
            if derived:
                decides = _parent(one, others)
                age = _older(age, self.current(decides))
            self.demanded(decides, exact)
        except Refused as refused:
            return Mark(state_of(refused), refused, one)
        stale = age is None or age > self.demand.fresh
        if stale and self.demand.require_status:
            reason = Reason.STATUS_MISSING if age is None else Reason.STATUS_STALE
            old = Refused(reason, days=(age or 0) // 86_400)
            return Mark(state_of(old), old, one)
        return Mark(STALE if stale else VALID, None, decides, subject, exact, age, derived)

    def current(self, one: Certificate) -> int | None:
        """Give the age of the newest news of a certificate; raise `Refused` if it does not stand now."""
        said = one.statement
        if self.now + LEEWAY < said.issued_at:
            raise Refused(Reason.NOT_YET_VALID, f"{said.issued_at}", time=said.issued_at)
        if self.now > said.not_after:
            raise Refused(Reason.EXPIRED, f"{said.not_after}", time=said.not_after)
        lists = [held for held in self.statuses if held.origin == one.logged.origin]
        if one.status is not None:
            stapled = StatusList.parse(one.status, self.root.status_keys)
            stapled.require_newer(None, self.now)
            if stapled.origin == one.logged.origin:
                lists.append(stapled)
        known = [(held.time, standing) for held in lists if (standing := held.standing(one.logged.index, self.now))]
        if not known:
            return None
        newest = max(known, key=lambda item: item[0])[1]
        if newest.state in _NOT_GOOD:
            raise Refused(_NOT_GOOD[newest.state], f"entry {one.logged.index}", serial=said.serial)
        return newest.age

    def demanded(self, one: Certificate, exact: bool) -> None:
        """Raise `Refused` unless the certificate is what the caller asks for."""
        said, wanted = one.statement, self.demand
        if said.kind != INSPECTION:
            raise Refused(Reason.NOT_INSPECTED, said.kind)
        if said.level < wanted.min_level:
            raise Refused(Reason.LEVEL_TOO_LOW, f"{said.level}", level=said.level, wanted=wanted.min_level)
        if wanted.package is not None and said.package != wanted.package:
            raise Refused(Reason.OTHER_PACKAGE, said.package, package=said.package, wanted=wanted.package)
        if wanted.version_code is not None and said.version_code != wanted.version_code:
            raise Refused(
                Reason.OTHER_VERSION, f"{said.version_code}", version=said.version_code, wanted=wanted.version_code
            )
        for algorithm in wanted.algorithms:
            if all(issuer.alg != algorithm for issuer in one.issuers):
                raise Refused(Reason.ALGORITHM_ABSENT, algorithm, algorithm=algorithm)
        if wanted.exact and not exact:
            raise Refused(Reason.CONTENTS_ONLY, said.serial)


def match(file: File, statement: Statement) -> tuple[str, bool]:
    """Give the name under which the statement lists this file, and whether it is the very file.

    Raises `Refused` if the statement is not for it.

    The file must show exactly the signers that were certified, in each scheme, and the developer's own signature must
    hold.
    """
    found = file.find_subject(statement)
    if found is None:
        changed = file.signed_by_block and file.signers.problem == "content-digest-mismatch"
        raise Refused(Reason.FILE_CHANGED if changed else Reason.OTHER_FILE, file.path.name, file=file.path.name)
    subject, exact = found
    signers = file.signers
    if signers.certificates.keys() != statement.signers.keys():
        shown = ", ".join(signers.certificates) or "-"
        raise Refused(Reason.SCHEMES_DIFFER, shown, found=shown, certified=", ".join(statement.signers) or "-")
    if dict(signers.certificates) != dict(statement.signers) or dict(signers.lineage) != dict(statement.lineage):
        raise Refused(Reason.SIGNER_DIFFERS, file.path.name, file=file.path.name)
    if signers.problem is not None:
        raise Refused(Reason.DEVELOPER_SIGNATURE, signers.problem, file=file.path.name)
    return subject.name, exact


def _parent(one: Certificate, others: Sequence[Certificate]) -> Certificate:
    """Give the inspection of the file that a store derived this one from."""
    said = one.statement
    wanted = set(said.derivation.digest.items()) if said.derivation else set()
    for other in others:
        parent = other.statement
        same_app = (parent.package, parent.version_code) == (said.package, said.version_code)
        if (
            parent.kind == INSPECTION
            and same_app
            and any(wanted <= subject.digest.items() for subject in parent.subjects)
        ):
            return other
    raise Refused(Reason.PARENT_MISSING, said.serial, serial=said.serial)


def _older(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _find_container(file: File, detached: bytes | None) -> tuple[str, bytes]:
    """Give the container and where it was: the one given, the one in the file, or the one beside it."""
    if detached is not None:
        return "detached", detached
    if len(file.marks) > 1:
        raise Refused(Reason.TWO_MARKS, f"{len(file.marks)} pairs", count=len(file.marks))
    if file.marks:
        return "embedded", file.marks[0]
    beside = file.path.with_name(file.path.name + SUFFIX)
    try:
        with beside.open("rb") as opened_file:
            return "detached", opened_file.read(LARGEST + 1)
    except FileNotFoundError:
        reason = Reason.STRIPPED if file.expects_mark else Reason.NONE
        raise Refused(reason, file.path.name, file=file.path.name) from None
    except OSError as error:
        raise SigningError("unreadable", f"{beside.name}: {error.strerror}") from error


def _rank(mark: Mark) -> tuple[bool, bool, bool, int, bool]:
    """Order marks: those that stand, those for this file, those with fresh news, then the highest level first."""
    level = mark.certificate.statement.level if mark.certificate else 0
    elsewhere = mark.refusal is not None and mark.refusal.reason is Reason.OTHER_FILE
    inspected = bool(mark.certificate and mark.certificate.statement.kind == INSPECTION)
    return (not mark.stands, elsewhere, mark.state == STALE, -level, not inspected)
