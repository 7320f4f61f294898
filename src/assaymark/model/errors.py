"""What can go wrong, as types. Each carries what a person needs: what happened, to which file, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class AssaymarkError(Exception):
    """Base of every error that this package raises on purpose.

    `key` names the sentence in `locale/*.toml` (table `errors`), `params` fills it. `str(error)` is the English short
    form, for logs and tests; what a user sees is made by `model.text`.
    """

    key: ClassVar[str] = "internal"

    def __init__(self, message: str, **params: object) -> None:
        """Keep the English short form and the parameters of the sentence."""
        super().__init__(message)
        self.params: Mapping[str, object] = params


class UsageError(AssaymarkError):
    """The call itself is wrong: an unknown pack, an impossible option. Exit code 2."""

    key = "usage"


class UnknownPack(UsageError):
    """There is no rule pack of this name, nor a folder. Exit code 2."""

    key = "unknown-pack"


class CannotInspect(AssaymarkError):
    """No report can be made of this file. Exit code 3.

    `reason` is one of the stable names in `REASONS`, and names the sentence `errors.<reason>`.
    """

    REASONS: ClassVar[tuple[str, ...]] = (
        "not-found",
        "is-directory",
        "unreadable",
        "empty",
        "not-a-package",
        "broken-archive",
        "no-manifest",
        "broken-manifest",
        "too-large",
        "out-of-memory",
        "out-of-time",
        "crashed",
    )

    def __init__(self, reason: str, message: str, **params: object) -> None:
        """Keep the reason beside message and parameters."""
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason: {reason}")
        super().__init__(message, **params)
        self.reason = reason


class InvalidRulePack(AssaymarkError):
    """A rule pack that the loader refuses; the message names the file and the fault."""

    key = "invalid-pack"


class InvalidCatalog(AssaymarkError):
    """A catalog row that the loader refuses; the message names the file, the row and the fault."""

    key = "invalid-catalog"


class InvalidExceptions(AssaymarkError):
    """A file of exceptions that cannot be used; the message names the entry and the fault. Exit code 2."""

    key = "invalid-exceptions"


class LakeError(UsageError):
    """A lake that cannot be used. `reason` is a stable name; the sentence is `lake.<reason>`. Exit code 2."""

    key = "lake"

    def __init__(self, reason: str, message: str, **params: object) -> None:
        """Keep the reason beside message and parameters."""
        super().__init__(message, **params)
        self.reason = reason


class AskError(UsageError):
    """A question that cannot be answered. `reason` is a stable name; the sentence is `ask.<reason>`. Exit code 2."""

    key = "ask"

    def __init__(self, reason: str, message: str, **params: object) -> None:
        """Keep the reason beside message and parameters."""
        super().__init__(message, **params)
        self.reason = reason
