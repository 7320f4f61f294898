"""What can go wrong with a log. The sentence is `log.<reason>`."""

from __future__ import annotations

from typing import ClassVar

from assaymark.model.errors import UsageError


class LogError(UsageError):
    """A log, a witness or a key file that cannot be used. `reason` is one of `REASONS`. Exit code 2."""

    key: ClassVar[str] = "log"
    REASONS: ClassVar[tuple[str, ...]] = (
        "no-log",
        "not-empty",
        "busy",
        "damaged",
        "cannot-write",
        "cannot-read",
        "entry-too-large",
        "no-checkpoint",
        "not-covered",
        "read-only",
        "no-s3",
        "no-quorum",
        "wrong-key",
        "key-exists",
        "key-unreadable",
        "key-open",
        "needs-passphrase",
        "wrong-passphrase",
        "no-such-key",
        "no-root",
        "not-json",
        "cut-off-incomplete",
        "no-such-entry",
        "revoked-stays",
        "other-log",
        "memory",
    )

    def __init__(self, reason: str, message: str, **params: object) -> None:
        """Keep the reason beside message and parameters."""
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason: {reason}")
        super().__init__(message, **params)
        self.reason = reason
