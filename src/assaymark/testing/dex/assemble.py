"""The assembler's front: texts in, file and places out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from assaymark.testing.dex.error import AssemblyError
from assaymark.testing.dex.parser import parse
from assaymark.testing.dex.pool import PoolOverflowError
from assaymark.testing.dex.tree import Class
from assaymark.testing.dex.writer import Bodies, write_dex


@dataclass(frozen=True, slots=True)
class Place:
    """Where one instruction of the text ended up.

    `file` and `line` are the place in the smali text, `owner` is the class (dotted), `offset` counts code units from
    the start of the method, as `dexdump` and the evidence table `api_call` do; `source_line` is what the last `.line`
    said.
    """

    file: str
    line: int
    owner: str
    method: str
    descriptor: str
    offset: int
    source_line: int | None


@dataclass(frozen=True, slots=True)
class Dex:
    """An assembled file and the places of its instructions, in the order of the text."""

    data: bytes
    places: tuple[Place, ...]

    def place(self, file: str, line: int) -> Place:
        """Give the instruction on a line of the text. Raises `KeyError` for a line without one."""
        for place in self.places:
            if place.line == line and place.file == file:
                return place
        raise KeyError(f"no instruction at {file}:{line}")


def assemble(
    sources: Mapping[str, str] | str, version: int = 35, *, ids: Mapping[str, int] = MappingProxyType({})
) -> Dex:
    """Give the DEX file of smali texts.

    `sources` maps file names (used in errors and places) to texts, or is one text, named `<smali>`. A text may hold
    several classes. `version` is the format version, 35 to 41. `ids` holds the resources that may stand for a number,
    by `type/name`: `const v0, @layout/main`. Raises `AssemblyError` for a text that cannot be assembled.
    """
    texts = {"<smali>": sources} if isinstance(sources, str) else sources
    classes = [one for file, text in texts.items() for one in parse(text, file, ids)]
    try:
        data, bodies = write_dex(classes, version)
    except PoolOverflowError as error:
        raise AssemblyError(next(iter(texts), "<smali>"), 0, str(error)) from error
    return Dex(data, tuple(_places(classes, bodies)))


def _places(classes: list[Class], bodies: Bodies) -> Iterator[Place]:
    for one in classes:
        owner = one.type[1:-1].replace("/", ".")
        for method in one.methods:
            if method.code is None:
                continue
            lines = iter([event for event in method.code.debug if event.kind == "line"])
            event = next(lines, None)
            source_line = None
            pairs = zip(method.code.instructions, bodies[id(method)].offsets, strict=True)
            for number, (instruction, offset) in enumerate(pairs):
                while event is not None and event.instruction <= number:
                    source_line, event = event.number, next(lines, None)
                yield Place(
                    one.file, instruction.line, owner, method.ref.name, str(method.ref.proto), offset, source_line
                )
