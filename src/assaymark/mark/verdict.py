"""What comes out of checking a mark: a state, the reason of a refusal, the exit code of `assaymark verify`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.mark.certificate import Certificate
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.statement import INSPECTION

VALID, STALE = "valid", "valid-status-stale"
"""The two states in which a certificate stands; the second has no news of its status that is fresh enough."""

REFUSED = "refused"

_STATES = {
    Reason.NONE: "none",
    Reason.STRIPPED: "none",
    Reason.EXPIRED: "expired",
    Reason.SUSPENDED: "suspended",
    Reason.REVOKED: "revoked",
    Reason.SUPERSEDED: "superseded",
    Reason.OTHER_FILE: "not-for-this-file",
    Reason.FILE_CHANGED: "not-for-this-file",
    Reason.SIGNER_DIFFERS: "not-for-this-file",
    Reason.SCHEMES_DIFFER: "not-for-this-file",
}

EXIT_CODES: Mapping[str, int] = {
    VALID: 0,
    STALE: 1,
    # 2: the call is wrong; 3: something could not be read
    # the file
    Reason.NONE: 10,
    Reason.STRIPPED: 11,
    Reason.OTHER_FILE: 12,
    Reason.FILE_CHANGED: 13,
    Reason.SIGNER_DIFFERS: 14,
    Reason.SCHEMES_DIFFER: 15,
    Reason.DEVELOPER_SIGNATURE: 16,
    Reason.TWO_MARKS: 17,
    Reason.FILE_MALFORMED: 18,
    Reason.PARENT_MISSING: 19,
    Reason.SET_INCOMPLETE: 20,
    # the form of the certificate
    Reason.CONTAINER_MALFORMED: 25,
    Reason.CONTAINER_TOO_LARGE: 26,
    Reason.RECORD_UNKNOWN: 27,
    Reason.ENVELOPE_MALFORMED: 28,
    Reason.STATEMENT_MALFORMED: 29,
    Reason.KIND_UNKNOWN: 30,
    Reason.NOT_A_PASS: 31,
    Reason.TIMESTAMP_WRONG: 32,
    # who signed it
    Reason.STATEMENT_WRONG: 40,
    Reason.ISSUER_UNKNOWN: 41,
    Reason.ISSUER_ROLE: 42,
    Reason.ISSUER_LEVEL: 43,
    Reason.ISSUER_NOT_VALID: 44,
    Reason.ISSUER_CUT_OFF: 45,
    Reason.COSIGNER_MISSING: 46,
    Reason.ALGORITHM_MISSING: 47,
    # the log
    Reason.NOT_LOGGED: 50,
    Reason.PROOF_MALFORMED: 51,
    Reason.NOTE_MALFORMED: 52,
    Reason.CHECKPOINT_MALFORMED: 53,
    Reason.LOG_UNKNOWN: 54,
    Reason.LOG_NOT_SIGNED: 55,
    Reason.SIGNATURE_WRONG: 56,
    Reason.QUORUM_MISSED: 57,
    Reason.LOGGED_BEFORE_ISSUED: 58,
    # now
    Reason.NOT_YET_VALID: 60,
    Reason.EXPIRED: 61,
    Reason.SUSPENDED: 62,
    Reason.REVOKED: 63,
    Reason.SUPERSEDED: 64,
    Reason.STATUS_MALFORMED: 65,
    Reason.SIGNATURE_MISSING: 66,
    Reason.STATUS_FUTURE: 67,
    # what the caller asks for
    Reason.STATUS_MISSING: 70,
    Reason.STATUS_STALE: 71,
    Reason.OTHER_PACKAGE: 72,
    Reason.OTHER_VERSION: 73,
    Reason.LEVEL_TOO_LOW: 74,
    Reason.ALGORITHM_ABSENT: 75,
    Reason.NOT_INSPECTED: 76,
    Reason.CONTENTS_ONLY: 77,
    # the trust root
    Reason.ROOT_MALFORMED: 80,
    Reason.ROOT_EXPIRED: 81,
    Reason.ROOT_BELOW_THRESHOLD: 82,
    Reason.ISSUER_ALGORITHM: 83,
    Reason.POLICY_MALFORMED: 84,
    Reason.KEY_MALFORMED: 85,
}
"""One exit code for each outcome. Codes are forever, as names are."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One certificate of a file, judged alone.

    * `state`: `valid`, `valid-status-stale`, or why not: `expired`, `suspended`, `revoked`, `superseded`,
      `not-for-this-file`, `refused`.
    * `refusal`: what is wrong, or None.
    * `certificate`: what was found in it, as far as its signatures and its proof hold.
    * `subject`: the name under which the certificate lists this file; `exact`: it is that very file, not only its
      contents.
    * `status_age`: seconds since the newest known status list; None if none covers it.
    * `derived`: a store made this file from the certified one.
    """

    state: str
    refusal: Refused | None
    certificate: Certificate | None = None
    subject: str | None = None
    exact: bool = True
    status_age: int | None = None
    derived: bool = False

    @property
    def stands(self) -> bool:
        """Whether the certificate holds for this file now."""
        return self.state in (VALID, STALE)

    def to_json(self) -> dict[str, Any]:
        """Give the mark as plain JSON; absent members are those that could not be established."""
        tree: dict[str, Any] = {"state": self.state}
        if self.refusal is not None:
            tree["reason"] = str(self.refusal.reason)
        if self.certificate is not None:
            tree |= _certificate(self.certificate)
        if self.stands:
            tree |= {
                "subject": self.subject,
                "exact": self.exact,
                "derived": self.derived,
                "statusAge": self.status_age,
            }
        return tree


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one file, or of a set of files that are installed together.

    `place` is `embedded`, `detached` or None; `marks` are all certificates, the one that decides first.
    """

    files: tuple[str, ...]
    place: str | None
    marks: tuple[Mark, ...]
    refusal: Refused | None = None

    @property
    def state(self) -> str:
        """The state of the mark that decides."""
        if self.refusal is not None:
            return state_of(self.refusal)
        return self.marks[0].state

    @property
    def exit_code(self) -> int:
        """The exit code of `assaymark verify`."""
        if self.refusal is None:
            return EXIT_CODES[self.state]
        return EXIT_CODES[self.refusal.reason]

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as plain JSON."""
        tree: dict[str, Any] = {"schema": "assaymark-verdict/1", "files": list(self.files), "state": self.state}
        if self.refusal is not None:
            tree["reason"] = str(self.refusal.reason)
        tree |= {"exitCode": self.exit_code, "place": self.place, "marks": [mark.to_json() for mark in self.marks]}
        return tree


def state_of(refusal: Refused) -> str:
    """Give the state that a refusal makes."""
    return _STATES.get(refusal.reason, REFUSED)


def _certificate(one: Certificate) -> dict[str, Any]:
    said, logged = one.statement, one.logged
    tree: dict[str, Any] = {
        "serial": said.serial,
        "kind": said.kind,
        "package": said.package,
        "versionCode": said.version_code,
        "issuers": [{"name": issuer.name, "role": issuer.role, "keyid": issuer.keyid} for issuer in one.issuers],
        "issuedAt": said.issued_at,
        "notAfter": said.not_after,
        "log": {
            "origin": logged.origin,
            "index": logged.index,
            "time": logged.time,
            "witnesses": list(logged.witnesses),
        },
        "timestamps": [{"time": stamp.time, "authority": stamp.authority} for stamp in one.timestamps],
    }
    if said.kind == INSPECTION and said.inspection:
        seen = said.inspection
        tree |= {"level": seen.level, "profile": seen.profile, "notAssessed": len(seen.not_assessed)}
    return tree
