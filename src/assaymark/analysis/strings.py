"""One search over all strings of a program for every detector that looks for texts, shared by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assaymark.analysis.code import CODE_READS, Hit, code_of
from assaymark.catalog.secrets import load_secrets
from assaymark.formats.program import Part, Program

STRING_READS = (*CODE_READS, "secrets.toml")
"""Catalog files that this depends on."""

ADDRESS = "://"
"""What every URL holds."""

POLICY = ("privacy", "Privacy", "PRIVACY", "policy", "policies", "yinsi", "yszc", "隐私", "隱私")
"""What links and titles of a privacy policy hold."""


@dataclass(frozen=True, slots=True)
class ResourceText:
    """A text of the resource table; `qualifier` is empty for the default language."""

    part: Part
    name: str
    qualifier: str
    text: str

    @property
    def place(self) -> str:
        """The place as evidence writes it."""
        place = f"resources.arsc:{self.name}"
        return self.part.place(f"{place}[{self.qualifier}]" if self.qualifier else place)


StringUse = tuple[Hit, int]
"""A place that uses a string, and the engine's id of the method around it."""


def needles() -> tuple[str, ...]:
    """Give all texts of the search: of addresses, policies and secrets."""
    marks = {mark for secret in load_secrets() for mark in secret.marks} - {ADDRESS}
    return (ADDRESS, *POLICY, *sorted(marks))


def secret_names() -> tuple[str, ...]:
    """Give the texts in names of constants and resources that make their value a secret."""
    return tuple(sorted({name for secret in load_secrets() for name in secret.names}))


def code_strings(program: Program) -> tuple[StringUse, ...]:
    """Give the uses of all strings that hold one of the texts, in the order of the texts."""
    return program.once("code-strings", lambda one: tuple(code_of(one).search(needles())))


def strings_holding(program: Program, parts: Sequence[str]) -> Iterator[StringUse]:
    """Give those uses whose string holds one of `parts`, which must be among the texts of the search."""
    return (use for use in code_strings(program) if any(part in (use[0].text or "") for part in parts))


def resource_texts(program: Program) -> tuple[ResourceText, ...]:
    """Give the texts of the resource tables, in every language, that hold one of them or whose name says secret."""
    return program.once("resource-texts", lambda one: tuple(_resource_texts(one)))


def _resource_texts(program: Program) -> Iterator[ResourceText]:
    for part in program.packages:
        if part.resources is not None:
            found = part.resources.search_strings(list(needles()), list(secret_names()))
            for _id, name, qualifier, text in found:
                yield ResourceText(part, name, qualifier, text)
