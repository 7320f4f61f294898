"""The code of a program as one view: all its DEX files together, the call graph from the entry points, questions.

Every question is asked once for a whole catalog, never once for a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from assaymark import _engine, catalog
from assaymark.analysis.fingerprints import Match
from assaymark.analysis.owners import Owners
from assaymark.formats.android.manifest import complete_name
from assaymark.formats.program import Program

CODE_READS = ("fingerprints.toml", "sdks.toml", "sdks/*.toml")
"""Catalog files that the view of the code depends on: they tell owners."""

DAMAGE = frozenset(
    {
        "dex-class",
        "dex-class-data",
        "dex-code",
        "dex-duplicate",
        "dex-instruction",
        "dex-string",
        "dex-table-cut",
        "dex-table-moved",
        "dex-unreadable",
    }
)
"""Problems of a DEX file behind which code is missing; the others are irregularities that hide nothing from us."""

_HOLE = "\ufffc"


@dataclass(frozen=True, slots=True)
class DexFile:
    """One DEX file that was read, and its counts. `part` names the file of the subject that holds it."""

    id: str
    part: str
    name: str
    checksum_ok: bool
    strings: int
    method_ids: int
    classes: int
    methods: int
    code_methods: int
    instructions: int
    damaged: int
    damaged_strings: int


class Hit(NamedTuple):
    """A place in the code that answers a question.

    `selector` is the position of the selector asked for. `arguments` are the constants that the call is known to be
    given: strings, whole numbers in decimal, class names, content URIs; `None` for what is not a constant. `target` is
    the class and the name of the method that is called. `text` is the string of a string's use. `caller` is the
    engine's id of the method around it.
    """

    selector: int
    kind: str
    cls: str
    method: str
    descriptor: str
    dex: str
    offset: int
    line: int | None
    reachable: bool
    target: tuple[str, str]
    arguments: tuple[str | None, ...] = ()
    text: str | None = None
    caller: int = -1

    @property
    def place(self) -> str:
        """The place as evidence writes it."""
        return f"{self.dex}:{self.cls}.{self.method}{self.descriptor}+{self.offset:#x}"


def code_of(program: Program) -> CodeView:
    """Give the code view of a program, made once."""
    return program.once("code", CodeView)


class CodeView:
    """All code of a program. Made by `code_of`."""

    def __init__(self, program: Program) -> None:
        """Read every DEX file that Android loads, and follow the calls from the manifest's entry points."""
        # Not the program itself: it holds this view, and a ring would keep tens of megabytes until the collector comes.
        self._components = sorted({one.target or one.name for one in program.manifest.components if one.enabled})
        self._parts = program.packages
        self._code = _engine.Code([part.package for part in self._parts])
        names = self._code.dex_names()
        self.dex_files = tuple(
            self._dex_file(name, counts) for name, counts in zip(names, self._code.stats(), strict=True)
        )
        self._graph = self._code.reach(*entries_of(program))
        self.graph_cut = not self._graph["complete"]
        self._packages = self._code.packages()
        self._owners = Owners(program, self._code, [name for name, *_counts in self._packages])

    def _located(self, dex: str) -> tuple[str, str]:
        position, colon, name = dex.partition(":")
        if not colon:
            return self._parts[0].name, dex
        return self._parts[int(position)].name, name

    def place(self, dex: str) -> str:
        """Give the name of a DEX file as evidence writes it."""
        part, name = self._located(dex)
        return name if len(self._parts) == 1 else f"{part}!{name}"

    def _dex_file(self, dex: str, counts: dict[str, int]) -> DexFile:
        part, name = self._located(dex)
        return DexFile(
            id=dex,
            part=part,
            name=name,
            checksum_ok=bool(counts["checksum_ok"]),
            strings=counts["string_ids"],
            method_ids=counts["method_ids"],
            classes=counts["class_defs"],
            methods=counts["methods"],
            code_methods=counts["code_methods"],
            instructions=counts["instructions"],
            damaged=counts["damaged_classes"] + counts["damaged_methods"] + counts["damaged_strings"],
            damaged_strings=counts["damaged_strings"],
        )

    @property
    def problems(self) -> list[tuple[str, str, int, str]]:
        """Damage and irregularities that the reader stepped over: place of the DEX file, kind, offset, particulars."""
        found = [(self.place(dex), kind, offset, detail) for dex, kind, offset, detail in self._code.problems]
        for one in self.dex_files:
            if one.damaged_strings:
                found.append((self.place(one.id), "dex-string", 0, f"{one.damaged_strings} strings cannot be read"))
        wrong = (one for one in self.dex_files if not one.checksum_ok)
        return found + [(self.place(one.id), "dex-checksum", 8, "the checksum is wrong") for one in wrong]

    @property
    def unloaded(self) -> list[str]:
        """Members that look like DEX files and that Android does not load at start."""
        return [self.place(name) for name in self._code.unloaded]

    def calls(self, selectors: Sequence[tuple[str, str, str, bool]]) -> Iterator[Hit]:
        """Give the calls of methods: (class or `*`, method, start of the descriptor, also through subclasses)."""
        return (self._hit(*row) for row in self._code.find_calls(list(selectors)))

    def calls_with_texts(
        self, selectors: Sequence[tuple[str, str, str, bool]]
    ) -> Iterator[tuple[Hit, tuple[str | None, ...]]]:
        """Give the calls of methods, and their constants as text; `{}` stands for parts that are not constant."""
        for row in self._code.find_calls(list(selectors)):
            yield self._hit(*row[:9], ()), tuple(_text(value) for value in row[9])

    def field_reads(self, selectors: Sequence[tuple[str, str]]) -> Iterator[Hit]:
        """Give the readings of fields: (class, field)."""
        return (self._hit(*row) for row in self._code.find_fields(list(selectors)) if row[1] == "read")

    def string_uses(self, wanted: Sequence[str]) -> Iterator[Hit]:
        """Give the uses of strings; one that ends in `*` stands for every string that starts with it."""
        exact = [(index, text) for index, text in enumerate(wanted) if not text.endswith("*")]
        starts = [(index, text[:-1]) for index, text in enumerate(wanted) if text.endswith("*")]
        order = [index for index, _ in exact + starts]
        rows = self._code.find_strings([text for _, text in exact], [text for _, text in starts])
        for selector, text, use in rows:
            if use is not None:
                yield self._hit(order[selector], *use[1:], text=text)

    def strings_holding(self, parts: Sequence[str]) -> Iterator[Hit]:
        """Give the uses of strings that contain one of the texts; each use once."""
        return (hit for hit, _caller in self.search(parts))

    def search(self, parts: Sequence[str]) -> Iterator[tuple[Hit, int]]:
        """Give the uses of strings that contain one of the texts, each with the engine's id of the method around it."""
        for selector, text, use in self._code.search_strings(list(parts)):
            if use is not None:
                yield self._hit(selector, *use[1:], text=text), use[3]

    def built_texts(self, methods: Sequence[int]) -> list[list[tuple[int, str]]]:
        """Give the texts that methods (by id) put together: code unit, text with `{}` for what is not constant."""
        found = self._code.built_texts(list(methods))
        return [[(unit, text.replace(_HOLE, "{}")) for unit, text in texts] for texts in found]

    def named_constants(self, names: Sequence[str]) -> list[tuple[str, str, str]]:
        """Give the strings of static final fields whose names hold one of the texts: class, field, string."""
        return self._code.named_constants(list(names))

    def names_string(self, wanted: Sequence[str]) -> list[bool]:
        """Say of each text whether it stands in the code as a string."""
        found = {selector for selector, _text, _use in self._code.find_strings(list(wanted))}
        return [index in found for index in range(len(wanted))]

    def _hit(
        self,
        selector: int,
        kind: str,
        named: str,
        definition: int,
        caller: tuple[str, str, str],
        dex: str,
        offset: int,
        line: int | None,
        reachable: bool,
        arguments: Sequence[_engine.Constant | None],
        text: str | None = None,
    ) -> Hit:
        constants = tuple(_constant(value) for value in arguments)
        target_class, _, target = named.partition("(")[0].rpartition(".")
        place = self.place(dex)
        return Hit(
            selector, kind, *caller, place, offset, line, reachable, (target_class, target), constants, text, definition
        )

    @property
    def engine(self) -> _engine.Code:
        """The engine's view of the same code."""
        return self._code

    def flows(
        self, rules: _engine.FlowRules, setting: _engine.FlowSetting, implicit: bool
    ) -> tuple[list[_engine.FlowRow], dict[str, int]]:
        """Follow the data of the program: flows, and counts of work and of bounds that were hit (`flow-…`)."""
        return self._code.flows(rules, setting, implicit)

    def packages(self) -> list[tuple[str, int, int]]:
        """Give all Java packages: name, classes defined, classes with a method that can run."""
        return [(name, classes, reached) for name, classes, reached, _methods in self._packages]

    def has_classes(self, names: Sequence[str]) -> list[bool]:
        """Say of each class whether it is defined here."""
        return self._code.has_class(list(names))

    def superclasses(self, names: Sequence[str]) -> list[list[str]]:
        """Give each class and those above it, nearest first, up to the first one outside; empty for an unknown one."""
        return self._code.superclasses(list(names))

    def referenced(self, prefixes: Sequence[str]) -> list[tuple[int, str]]:
        """Give the types that the code names without defining them: position of the prefix, dotted name."""
        return self._code.type_refs(list(prefixes))

    def static_string(self, cls: str, field: str) -> str | None:
        """Give the constant of a static field, if it is a string."""
        [value] = self._code.static_fields([(cls, field)])
        return str(value[1]) if value is not None and value[0] == "string" else None

    def strings_of_class(self, cls: str) -> list[str]:
        """Give the strings that the methods of a class use."""
        [found] = self._code.strings_of_classes([cls])
        return found

    def owner(self, cls: str) -> str:
        """Give the owner of a class: `app`, an SDK id, or `unknown`. How: `analysis/owners.py`."""
        return self._owners.of(cls)

    def matches(self) -> tuple[Match, ...]:
        """Give the SDKs whose fingerprints the code has."""
        return self._owners.matches

    def classes_told(self, sdk: str) -> list[str]:
        """Give the classes of an SDK that fingerprints and neighbours tell, whatever they are called, sorted."""
        return self._owners.classes_of(sdk)

    def any_runs(self, classes: list[str]) -> bool:
        """Say whether code of one of these classes can be reached from the entry points."""
        return _engine.any_reached(self._code, classes)

    def missing_components(self) -> list[str]:
        """Give the classes of enabled components that are not defined in the code, sorted."""
        present = self.has_classes(self._components)
        return [name for name, here in zip(self._components, present, strict=True) if not here]

    def coverage(self) -> dict[str, Any]:
        """Give the counts that a report shows."""
        return {
            "dex_files": len(self.dex_files),
            "classes": sum(one.classes for one in self.dex_files),
            "methods": sum(one.methods for one in self.dex_files),
            "code_methods": sum(one.code_methods for one in self.dex_files),
            "reachable_methods": self._graph["reached"],
            "instructions": sum(one.instructions for one in self.dex_files),
            "damaged": sum(one.damaged for one in self.dex_files),
        }


@cache
def _content_uris() -> dict[str, str]:
    """Give the fields and methods of the platform that stand for a content URI."""
    return {api.title: api.value for api in catalog.load_apis() if api.value}


def _constant(value: _engine.Constant | None) -> str | None:
    if value is None or value[0] == "pattern":
        return None
    kind, content = value
    if kind in ("field", "result"):
        return _content_uris().get(str(content))
    if kind == "array":
        # Of an array of strings (permissions, say) each element is a constant of the call; the first one stands for it.
        return next((str(item) for item in content if item is not None), None) if isinstance(content, list) else None
    return str(content)


def _text(value: _engine.Constant | None) -> str | None:
    if value is None or value[0] in ("field", "result"):
        return None  # a content URI of the platform has no text in the code
    return str(value[1]).replace(_HOLE, "{}") if value[0] == "pattern" else _constant(value)


def entries_of(program: Program) -> tuple[list[str], list[str]]:
    """Give the classes that the platform makes objects of, and the methods that layouts name, found once."""
    return program.once("entries", _entries)


def _entries(program: Program) -> tuple[list[str], list[str]]:
    manifest = program.manifest
    classes = {one.target or one.name for one in manifest.components if one.enabled}
    classes |= {name for name in _application_classes(program) if name}
    classes |= set(_meta_data_classes(program))
    clicks: set[str] = set()
    for part in program.packages:
        try:
            named, handlers = _engine.code_names(part.package, part.resources)
        except _engine.EngineError:
            continue  # the reader has recorded what is wrong with the resources
        classes |= {manifest.package + name if name.startswith(".") else name for name in named}
        clicks.update(handlers)
    return sorted(classes), sorted(clicks)


def _application_classes(program: Program) -> Iterator[str | None]:
    manifest = program.manifest
    yield manifest.application_class
    if manifest.application is not None:
        for name in ("backupAgent", "appComponentFactory", "zygotePreloadName", "manageSpaceActivity"):
            yield complete_name(manifest.package, manifest.application.text(name))
    for one in manifest.root.all("instrumentation"):
        yield complete_name(manifest.package, one.text("name"))


def _meta_data_classes(program: Program) -> Iterator[str]:
    """Give what meta-data may name: libraries make objects of these (androidx.startup gives the class as the name)."""
    stated = list(program.manifest.meta_data.items())
    stated += [pair for one in program.manifest.components for pair in one.meta_data]
    for pair in stated:
        yield from (text for text in pair if "." in text and "/" not in text)
