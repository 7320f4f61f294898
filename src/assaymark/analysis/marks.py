"""Names of the archive members, as marks that tell what is in a package: native libraries, assets, files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from fnmatch import fnmatchcase

from assaymark.formats.program import Part, Program


class Members:
    """The members of all parts by name. Patterns may hold `*`; what has none is looked up at once."""

    def __init__(self, program: Program) -> None:
        """Index the names."""
        self.files: dict[str, Part] = {}
        self.libraries: dict[str, str] = {}
        self.objects: dict[str, str] = {}
        """native libraries wherever they lie, by file name"""
        for part in program.packages:
            for name in part.members:
                self.files.setdefault(name, part)
                if name.endswith(".so"):
                    self.objects.setdefault(name.rpartition("/")[2], part.place(name))
                    if name.startswith("lib/"):
                        self.libraries.setdefault(name.rpartition("/")[2], part.place(name))
        self._sorted = sorted(self.files)

    def library(self, pattern: str) -> str | None:
        """Give the place of the first native library of this name."""
        if "*" not in pattern:
            return self.libraries.get(pattern)
        return next((place for name, place in self.libraries.items() if fnmatchcase(name, pattern)), None)

    def object(self, pattern: str) -> str | None:
        """Give the place of the first native library of this name, below `lib/` or wherever it is hidden."""
        if "*" not in pattern:
            return self.objects.get(pattern)
        return next((place for name, place in self.objects.items() if fnmatchcase(name, pattern)), None)

    def file(self, pattern: str) -> str | None:
        """Give the place of the first member of this name."""
        if "*" not in pattern:
            part = self.files.get(pattern)
            return part.place(pattern) if part else None
        fitting = (name for name in self._below(pattern.partition("*")[0]) if fnmatchcase(name, pattern))
        return next((self.files[name].place(name) for name in fitting), None)

    def _below(self, stem: str) -> Iterator[str]:
        for at in range(bisect_left(self._sorted, stem), len(self._sorted)):
            if not self._sorted[at].startswith(stem):
                return
            yield self._sorted[at]

    def holder(self, path: str) -> Part | None:
        """Give the part that holds a member of this name."""
        return self.files.get(path)


def members_of(program: Program) -> Members:
    """Give the members of a program, indexed once."""
    return program.once("members", Members)
