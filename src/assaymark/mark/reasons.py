"""Why a certificate, or something that it leans on, is refused: stable names. The sentences are `mark.<reason>`."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from assaymark.model.errors import AssaymarkError


class Reason(StrEnum):
    """One name for each way to be refused. Names are forever: programs compare them."""

    # Signed notes and keys (c2sp.org/signed-note)
    NOTE_MALFORMED = "note-malformed"
    KEY_MALFORMED = "key-malformed"
    SIGNATURE_WRONG = "signature-wrong"
    """A line of a known key does not fit the text."""
    SIGNATURE_MISSING = "signature-missing"
    """No known key signed."""

    # Log, proof, witnesses
    CHECKPOINT_MALFORMED = "checkpoint-malformed"
    LOG_UNKNOWN = "log-unknown"
    """The checkpoint is of a log that the root does not name."""
    LOG_NOT_SIGNED = "log-not-signed"
    """The checkpoint lacks the signature of the log that it names."""
    QUORUM_MISSED = "quorum-missed"
    PROOF_MALFORMED = "proof-malformed"
    NOT_LOGGED = "not-logged"
    """The path does not lead from this entry to the root of the checkpoint."""
    NOT_CONSISTENT = "not-consistent"
    """Two checkpoints of a log are not of one tree."""
    POLICY_MALFORMED = "policy-malformed"

    # Trust root
    ROOT_MALFORMED = "root-malformed"
    ROOT_EXPIRED = "root-expired"
    ROOT_OLDER = "root-older"
    """Older than the one held, or another one of the same version."""
    ROOT_SKIPPED = "root-skipped"
    """Versions between the held root and this one are missing."""
    ROOT_BELOW_THRESHOLD = "root-below-threshold"

    # Issuers
    ISSUER_UNKNOWN = "issuer-unknown"
    ISSUER_ALGORITHM = "issuer-algorithm"
    """The key is not of the algorithm that it is listed with."""
    ISSUER_LEVEL = "issuer-level"
    ISSUER_NOT_VALID = "issuer-not-valid"
    """Issued before or after the time for which the key may sign."""
    ISSUER_CUT_OFF = "issuer-cut-off"
    """Logged after the last entry for which the key counts."""

    # Status
    STATUS_MALFORMED = "status-malformed"
    STATUS_OLDER = "status-older"
    """Older than the list that is held, or it takes back what that one says."""
    STATUS_FUTURE = "status-future"
    STATUS_OTHER_LOG = "status-other-log"

    # Certificates: their form
    CONTAINER_MALFORMED = "container-malformed"
    CONTAINER_TOO_LARGE = "container-too-large"
    RECORD_UNKNOWN = "record-unknown"
    """A record that must be understood, and is not."""
    ENVELOPE_MALFORMED = "envelope-malformed"
    STATEMENT_WRONG = "statement-wrong"
    """The signature of a known issuer does not fit the statement."""
    ALGORITHM_MISSING = "algorithm-missing"
    """Signed by a known key whose algorithm cannot be computed here."""
    STATEMENT_MALFORMED = "statement-malformed"
    KIND_UNKNOWN = "kind-unknown"
    NOT_A_PASS = "not-a-pass"  # noqa: S105
    TIMESTAMP_WRONG = "timestamp-wrong"
    ISSUER_ROLE = "issuer-role"
    """The key may not sign statements of this kind."""
    COSIGNER_MISSING = "cosigner-missing"
    """Level 3 needs the signatures of two different issuers."""
    LOGGED_BEFORE_ISSUED = "logged-before-issued"

    # Certificates: the file
    NONE = "none"
    STRIPPED = "stripped"
    """There is no certificate, and the developer's signature says that there was one."""
    TWO_MARKS = "two-marks"
    FILE_MALFORMED = "file-malformed"
    """Its archive or signing block could be read in two ways."""
    OTHER_FILE = "other-file"
    FILE_CHANGED = "file-changed"
    """The content is neither what was certified nor what the developer signed."""
    SCHEMES_DIFFER = "schemes-differ"
    """A signature scheme was added or removed since."""
    SIGNER_DIFFERS = "signer-differs"
    DEVELOPER_SIGNATURE = "developer-signature"
    """The developer's own signature does not hold."""
    PARENT_MISSING = "parent-missing"
    """A derived file without the certificate of what it was derived from."""
    SET_INCOMPLETE = "set-incomplete"
    """A set of files without its base, or whose files bear different certificates."""

    # Certificates: now
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"

    # What the caller asks for
    STATUS_MISSING = "status-missing"
    STATUS_STALE = "status-stale"
    OTHER_PACKAGE = "other-package"
    OTHER_VERSION = "other-version"
    LEVEL_TOO_LOW = "level-too-low"
    ALGORITHM_ABSENT = "algorithm-absent"
    """An algorithm that the caller asks for did not sign."""
    NOT_INSPECTED = "not-inspected"
    """Only a store's word, and no certificate of an inspection."""
    DEMAND_MALFORMED = "demand-malformed"
    CONTENTS_ONLY = "contents-only"
    """The entries are those that were certified, the file around them is not."""


class Refused(AssaymarkError):
    """Something that was to be checked does not hold. `reason` is a `Reason`; the sentence is `mark.<reason>`.

    `params["detail"]` is a short English particular for logs, never needed to understand the sentence.
    """

    key: ClassVar[str] = "mark"

    def __init__(self, reason: Reason, detail: str = "", **params: object) -> None:
        """Keep the reason and the particulars."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason), detail=detail, **params)
        self.reason = reason
