"""Why a file's signing parts cannot be used."""

from __future__ import annotations

from typing import ClassVar

from assaymark.model.errors import AssaymarkError


class SigningError(AssaymarkError):
    """A file whose parts do not lie as its formats demand.

    `reason` is a stable name; the sentence is `signing.<reason>`.
    """

    REASONS: ClassVar[tuple[str, ...]] = (
        "unreadable",
        "no-archive",
        "zip64",
        "directory-misplaced",
        "malformed-block",
        "no-block",
        "too-large",
        "block-not-restorable",
        "duplicate-entry",
        "prefix",
        "header-mismatch",
        "encrypted",
        "bad-name",
        "bad-entry",
    )
    key = "signing"

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason; `detail` says in English which part of the file is meant."""
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason: {reason}")
        super().__init__(f"{reason}: {detail}" if detail else reason, detail=detail)
        self.reason = reason
