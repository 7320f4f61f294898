"""What a certificate says: an in-toto statement (https://in-toto.io/Statement/v1), read strictly.

Format: `docs/reference/mark-format.md`, section "Statement".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_json, member

TYPE = "https://in-toto.io/Statement/v1"
INSPECTION = "urn:x-assaymark:inspection:v1"
"""A report of an inspection that passed a profile: the mark itself."""
DERIVED = "urn:x-assaymark:derived:v1"
"""A store's word that it made these files from a certified one, with named changes only."""
DISTRIBUTION = "urn:x-assaymark:distribution:v1"
"""A store's word that it distributes these files."""

ROLES = {INSPECTION: ("developer", "inspector"), DERIVED: ("store",), DISTRIBUTION: ("store",)}
"""Which roles may sign which kind of statement."""

DIGESTS = {"apkContentSha256": 64, "apkContentSha512": 128, "apkContentSm3": 64, "sha256": 64, "zipEntriesSha256": 64}
"""Digests of a subject that are known, and their hexadecimal digits."""

SCHEMES = ("v1", "v2", "v3", "v3.1")
LONGEST = 366 * 86_400
"""Seconds between issue and expiry, at most."""

_MOST_SUBJECTS = 500
_MOST_SIGNERS = 10
_MOST_TEXTS = 1000
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Subject:
    """One file: its name when it was inspected, and its known digests in hexadecimal."""

    name: str
    digest: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection says beyond what every statement says; `not_assessed` names clauses."""

    level: int
    profile: str
    rules_sha256: str
    engine: str
    report_sha256: str
    not_assessed: tuple[str, ...]
    supersedes: str | None


@dataclass(frozen=True, slots=True)
class Derivation:
    """From what a store made its files: digests of the certified file, and the changes, in words."""

    digest: Mapping[str, str]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose form is sound. Times are seconds since 1970.

    `signers`: for each signature scheme, SHA-256 of each signer's certificate; `lineage`: for each scheme with a proof
    of rotation, the certificates of each signer's lineage. Exactly one of `inspection` and `derivation` is set, or
    none (a store distributes).
    """

    kind: str
    subjects: tuple[Subject, ...]
    serial: str
    platform: str
    package: str
    version_code: int
    signers: Mapping[str, tuple[str, ...]]
    lineage: Mapping[str, tuple[tuple[str, ...], ...]]
    issued_at: int
    not_after: int
    inspection: Inspection | None = None
    derivation: Derivation | None = None

    @property
    def level(self) -> int:
        """The level of an inspection; 1 for what only a store says."""
        return self.inspection.level if self.inspection else 1

    @classmethod
    def parse(cls, payload: bytes) -> Statement:
        """Read a payload. Raises `Refused`: `statement-malformed`, `kind-unknown`, `not-a-pass`."""
        try:
            tree = from_json(payload)
            if not isinstance(tree, dict) or tree.get("_type") != TYPE:
                raise ValueError("not an in-toto statement")
            kind = member(tree, "predicateType", str)
            if kind not in ROLES:
                raise Refused(Reason.KIND_UNKNOWN, kind[:80])
            return _statement(kind, tree, member(tree, "predicate", dict))
        except (ValueError, RecursionError) as error:
            raise Refused(Reason.STATEMENT_MALFORMED, str(error)) from None

    def to_bytes(self) -> bytes:
        """Give the payload: compact JSON, members in the order of the format page."""
        predicate: dict[str, Any] = {
            "serial": self.serial,
            "platform": self.platform,
            "package": self.package,
            "versionCode": self.version_code,
            "signerCertSha256": {scheme: list(self.signers[scheme]) for scheme in SCHEMES if scheme in self.signers},
        }
        if self.lineage:
            lists = {scheme: [list(one) for one in nodes] for scheme, nodes in self.lineage.items()}
            predicate["signerLineageSha256"] = {scheme: lists[scheme] for scheme in SCHEMES if scheme in lists}
        if self.inspection:
            predicate |= {
                "result": "pass",
                "level": self.inspection.level,
                "profile": self.inspection.profile,
                "rulesSha256": self.inspection.rules_sha256,
                "engine": self.inspection.engine,
                "reportSha256": self.inspection.report_sha256,
                "notAssessed": list(self.inspection.not_assessed),
                "supersedes": self.inspection.supersedes,
            }
        if self.derivation:
            predicate["derivedFrom"] = dict(self.derivation.digest)
            predicate["changes"] = list(self.derivation.changes)
        predicate |= {"issuedAt": self.issued_at, "notAfter": self.not_after}
        subjects = [{"name": one.name, "digest": dict(one.digest)} for one in self.subjects]
        tree = {"_type": TYPE, "subject": subjects, "predicateType": self.kind, "predicate": predicate}
        return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


def _statement(kind: str, tree: Mapping[str, Any], predicate: Mapping[str, Any]) -> Statement:
    listed = member(tree, "subject", list)
    if not 1 <= len(listed) <= _MOST_SUBJECTS:
        raise ValueError(f"not 1 to {_MOST_SUBJECTS} subjects")
    serial = member(predicate, "serial", str)
    if not _SERIAL.fullmatch(serial):
        raise ValueError("the serial is not of letters, digits and ._-")
    issued_at, not_after = _natural(predicate, "issuedAt"), _natural(predicate, "notAfter")
    if not issued_at < not_after <= issued_at + LONGEST:
        raise ValueError("it does not expire within a year")
    return Statement(
        kind=kind,
        subjects=tuple(_subject(one) for one in listed),
        serial=serial,
        platform=_text(predicate, "platform"),
        package=_text(predicate, "package"),
        version_code=_natural(predicate, "versionCode"),
        signers={scheme: _hashes(value) for scheme, value in _schemes(predicate, "signerCertSha256").items()},
        lineage=_lineage(predicate),
        issued_at=issued_at,
        not_after=not_after,
        inspection=_inspection(predicate) if kind == INSPECTION else None,
        derivation=_derivation(predicate) if kind == DERIVED else None,
    )


def _subject(tree: Any) -> Subject:
    if not isinstance(tree, dict):
        raise ValueError("a subject is no object")
    return Subject(_text(tree, "name"), _digests(member(tree, "digest", dict)))


def _digests(tree: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, value in tree.items():
        if not isinstance(value, str):
            raise ValueError("a digest is no text")
        if name in DIGESTS:
            if len(value) != DIGESTS[name] or not _HEX.fullmatch(value):
                raise ValueError(f"{name} is not lower-case hexadecimal of its length")
            found[name] = value
    if not found:
        raise ValueError("no digest that is known")
    return found


def _inspection(predicate: Mapping[str, Any]) -> Inspection:
    if member(predicate, "result", str) != "pass":
        raise Refused(Reason.NOT_A_PASS, "the result is not pass")
    supersedes = predicate.get("supersedes")
    if supersedes is not None and not (isinstance(supersedes, str) and _SERIAL.fullmatch(supersedes)):
        raise ValueError("supersedes is no serial")
    level = _natural(predicate, "level")
    if level not in (1, 2, 3):
        raise ValueError("the level is not 1, 2 or 3")
    return Inspection(
        level=level,
        profile=_text(predicate, "profile"),
        rules_sha256=_hash(predicate.get("rulesSha256")),
        engine=_text(predicate, "engine"),
        report_sha256=_hash(predicate.get("reportSha256")),
        not_assessed=_texts(predicate, "notAssessed"),
        supersedes=supersedes,
    )


def _derivation(predicate: Mapping[str, Any]) -> Derivation:
    return Derivation(_digests(member(predicate, "derivedFrom", dict)), _texts(predicate, "changes"))


def _schemes(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = member(tree, name, dict)
    if not found.keys() <= set(SCHEMES):
        raise ValueError(f"{name} names a scheme that is unknown")
    return found


def _lineage(predicate: Mapping[str, Any]) -> dict[str, tuple[tuple[str, ...], ...]]:
    if "signerLineageSha256" not in predicate:
        return {}
    found = {}
    for scheme, lists in _schemes(predicate, "signerLineageSha256").items():
        if not isinstance(lists, list) or not 1 <= len(lists) <= _MOST_SIGNERS:
            raise ValueError("a lineage is no list of lists")
        found[scheme] = tuple(_hashes(one, least=0, most=100) for one in lists)
    return found


def _hashes(value: Any, least: int = 1, most: int = _MOST_SIGNERS) -> tuple[str, ...]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ValueError("not a list of digests")
    return tuple(_hash(one) for one in value)


def _hash(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64 or not _HEX.fullmatch(value):
        raise ValueError("not a SHA-256 digest in lower-case hexadecimal")
    return value


def _text(tree: Mapping[str, Any], name: str) -> str:
    return _plain(member(tree, name, str), name)


def _texts(tree: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = member(tree, name, list)
    if len(listed) > _MOST_TEXTS or not all(isinstance(one, str) for one in listed):
        raise ValueError(f"{name} is no list of texts")
    return tuple(_plain(one, name) for one in listed)


def _plain(value: str, name: str) -> str:
    if not 1 <= len(value) <= 255 or _CONTROL.search(value):
        raise ValueError(f"{name} is empty, longer than 255 characters, or has control characters")
    return value


def _natural(tree: Mapping[str, Any], name: str) -> int:
    number: int = member(tree, name, int)
    if number < 0:
        raise ValueError(f"{name} is below zero")
    return number
