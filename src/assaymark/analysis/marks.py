"""Names of the archive members, as marks that tell what is in a package: native libraries, assets, files."""

from __future__ import annotations

from fnmatch import fnmatchcase

from assaymark.formats.program import Part, Program


class Members:
    """The members of all parts by name. Patterns may hold `*`; what has none is looked up at once."""

    def __init__(self, program: Program) -> None:
        """Index the names."""
        self.files: dict[str, Part] = {}
        self.libraries: dict[str, str] = {}
        for part in program.packages:
            for name in part.members:
                self.files.setdefault(name, part)
                if name.startswith("lib/") and name.endswith(".so"):
                    self.libraries.setdefault(name.rpartition("/")[2], part.place(name))

    def library(self, pattern: str) -> str | None:
        """Give the place of the first native library of this name."""
        if "*" not in pattern:
            return self.libraries.get(pattern)
        return next((place for name, place in self.libraries.items() if fnmatchcase(name, pattern)), None)

    def file(self, pattern: str) -> str | None:
        """Give the place of the first member of this name."""
        if "*" not in pattern:
            part = self.files.get(pattern)
            return part.place(pattern) if part else None
        stem = pattern.partition("*")[0]
        fitting = ((name, part) for name, part in self.files.items() if name.startswith(stem))
        return next((part.place(name) for name, part in fitting if fnmatchcase(name, pattern)), None)

    def holder(self, path: str) -> Part | None:
        """Give the part that holds a member of this name."""
        return self.files.get(path)


def members_of(program: Program) -> Members:
    """Give the members of a program, indexed once."""
    return program.once("members", Members)
