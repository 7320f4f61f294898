"""`Program`: a read-only view of one subject, whatever the format it came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from assaymark import _engine
from assaymark.formats.android.manifest import Manifest
from assaymark.model.tables import GAP, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a reader could not read; becomes a row of the `gap` table."""

    kind: str
    reason: str
    member: str = ""
    hides: tuple[str, ...] = ()
    weight: str = "partial"
    count: int | None = None
    marks: tuple[str, ...] = ()

    def row(self) -> Row:
        """Give the row of the `gap` table."""
        return GAP.row(
            self.member,
            kind=self.kind,
            reason=self.reason,
            member=self.member,
            hides=self.hides,
            weight=self.weight,
            count=self.count,
            marks=self.marks,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the subject: the package itself, or the base or a split of a set.

    `role` is `package`, `base`, `split` or `container`; a container (the XAPK itself) has no manifest of its own.
    `members` are the names in the archive with the bytes that its directory states for each, in the directory's order.
    """

    name: str
    role: str
    format: str
    sha256: str
    size: int
    package: _engine.Package
    members: Mapping[str, int]
    manifest: Manifest | None
    resources: _engine.Resources | None

    @property
    def needed_manifest(self) -> Manifest:
        """The manifest of a part that has one. Raises `ValueError` for a container."""
        if self.manifest is None:
            raise ValueError(f"{self.name} has no manifest")
        return self.manifest

    def place(self, member: str) -> str:
        """Give the place of a member as evidence writes it: with the file's name in front if there are several."""
        return member if self.role == "package" else f"{self.name}!{member}"


@dataclass(frozen=True, slots=True)
class Program:
    """One mobile program.

    `parts` lists its files, the base first. `manifest` is the base's manifest with the components and permissions of
    every split added, as Android merges them at installation. `gaps` are what the reader could not read.
    """

    format: str
    sha256: str
    size: int
    parts: tuple[Part, ...]
    manifest: Manifest
    gaps: tuple[Gap, ...]
    _results: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def base(self) -> Part:
        """The part that holds the main manifest."""
        return next(part for part in self.parts if part.manifest is not None)

    @property
    def packages(self) -> tuple[Part, ...]:
        """The parts that Android installs, base first."""
        return tuple(part for part in self.parts if part.manifest is not None)

    def once(self, key: str, make: Callable[[Program], T]) -> T:
        """Give `make(self)`, computed once for each program; this is how analyses are shared by detectors."""
        if key not in self._results:
            self._results[key] = make(self)
        value: T = self._results[key]
        return value
