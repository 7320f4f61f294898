"""Data flow of a program: what the engine needs to know of manifest, resources and catalog, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assaymark import _engine, catalog
from assaymark.analysis.code import CodeView, code_of, entries_of
from assaymark.analysis.sensitive import PLACE_READS
from assaymark.catalog.flows import FlowRules, Widget, load_flow_rules
from assaymark.formats.program import Program

FLOW_READS = (*PLACE_READS, "callbacks.toml", "inputs.toml", "sinks.toml", "summaries.toml")
"""Catalog files that this depends on."""

IMPLICIT = "implicit-flows"
"""Key of `Program.once`: whether a branch on data counts as a flow to what it decides."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the code. `definition` is the engine's id of the method around it."""

    cls: str
    method: str
    descriptor: str
    dex: str
    offset: int
    line: int | None
    definition: int

    @property
    def text(self) -> str:
        """The place as evidence writes it."""
        return f"{self.dex}:{self.cls}.{self.method}{self.descriptor}+{self.offset:#x}"


@dataclass(frozen=True, slots=True)
class Flow:
    """Data of one source that reaches one sink."""

    data: str
    source_api: str
    source: Place
    sink_kind: str
    sink_api: str
    sink: Place
    derived: tuple[str, ...]
    """What was done to it on the way."""
    confirmed: bool
    address: str | None
    """Constant address that the sink is given."""
    recipient: str | None
    """The SDK that it is handed to."""
    path: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Flows:
    """All flows of a program, and the bounds that were hit, by name, with how often."""

    flows: tuple[Flow, ...]
    cuts: Mapping[str, int]
    work: Mapping[str, int] = field(default_factory=dict)
    """Steps, bodies and methods that the search took."""


def asked_for_implicit(program: Program) -> bool:
    """Say whether what a branch on personal information decides counts as its flow."""
    return program.once(IMPLICIT, lambda _: False)


def flows_of(program: Program) -> Flows:
    """Give the flows of a program, computed once."""
    return program.once("flows", lambda one: _find(one, asked_for_implicit(one)))


def _find(program: Program, implicit: bool) -> Flows:
    code = code_of(program)
    rules = load_flow_rules()
    classes, on_click = entries_of(program)
    package = program.manifest.package
    components, widgets = _components(program, classes), list(_widgets(program, rules))
    setting: _engine.FlowSetting = package, components, on_click, widgets
    rows, counts = code.flows(_rule_rows(rules), setting, implicit)
    flows = tuple(
        Flow(
            data,
            api,
            _place(code, at),
            kind,
            sink,
            _place(code, end),
            tuple(marks),
            sure,
            address,
            sdk,
            _way(code, way),
        )
        for data, api, at, kind, sink, end, marks, sure, address, sdk, way in rows
    )
    cuts = {name: count for name, count in counts.items() if name.startswith("flow-")}
    return Flows(flows, cuts, {name: count for name, count in counts.items() if name not in cuts})


def _components(program: Program, classes: list[str]) -> list[_engine.FlowComponent]:
    """Give each class that the platform makes objects of, with what the manifest says of who may start it and how."""
    exported: dict[str, bool] = {}
    filters: dict[str, list[_engine.FlowFilter]] = {}
    aliases: dict[str, list[str]] = {}
    authorities: dict[str, list[str]] = {}
    for one in program.manifest.components:
        if one.enabled:
            name = one.target or one.name
            exported[name] = exported.get(name, False) or one.exported
            if one.target:
                aliases.setdefault(name, []).append(one.name)
            authorities.setdefault(name, []).extend(one.authorities)
            rows = filters.setdefault(name, [])
            parts = ((row.actions, row.categories, row.links, row.types) for row in one.filters)
            rows.extend((list(a), list(c), list(links), list(types)) for a, c, links, types in parts)
    return [
        (name, exported.get(name), filters.get(name, []), aliases.get(name, []), authorities.get(name, []))
        for name in classes
    ]


def _place(code: CodeView, row: _engine.FlowPlace) -> Place:
    cls, method, descriptor, dex, offset, line, definition = row
    return Place(cls, method, descriptor, code.place(dex), offset, line, definition)


def _way(code: CodeView, way: list[_engine.FlowPlace]) -> tuple[Place, ...]:
    return tuple(_place(code, row) for row in way)


def _rule_rows(rules: FlowRules) -> _engine.FlowRules:
    outside = [prefix.removesuffix("*") for sdk in catalog.load_sdks() if sdk.library for prefix in sdk.packages]
    outside = [prefix if prefix.endswith(".") else f"{prefix}." for prefix in outside]
    return (
        list(rules.effects),
        list(rules.sources),
        list(rules.sinks),
        list(rules.lifecycles),
        list(rules.listeners),
        sorted({*outside, *LIBRARIES}),
        list(_vendors()),
    )


def _vendors() -> Iterator[tuple[str, str, str]]:
    """Give the packages of the catalog's SDKs, the SDK and its maker: what their classes are given leaves to them."""
    for sdk in catalog.load_sdks():
        if not sdk.library:
            for prefix in sdk.packages:
                yield prefix if prefix.endswith("*") else f"{prefix}.", sdk.id, sdk.vendor


LIBRARIES = ("android.support.", "androidx.", "kotlin.", "kotlinx.", "com.google.android.material.")
"""Packages whose code is left to the rules: their names survive, and what they do is public."""


def _widgets(program: Program, rules: FlowRules) -> Iterator[tuple[int, str]]:
    """Give the ids of the elements of layouts that take in personal information, with its category."""
    for part in program.packages:
        if part.resources is None:
            continue
        found: dict[str, str] = {}
        try:
            texts = _engine.layouts(part.package, part.resources)
        except _engine.EngineError:
            continue  # the reader has recorded what is wrong with the resources
        for _file, _element, _parent, _tag, id_name, attribute, text, _resource in texts:
            if id_name is not None and id_name not in found:
                data = _data_of(rules.widgets, id_name, attribute, text)
                if data is not None:
                    found[id_name] = data
        for id_name, data in found.items():
            number = part.resources.find(id_name if "/" in id_name else f"id/{id_name}")
            if number is not None:
                yield number, data


def _data_of(widgets: tuple[Widget, ...], id_name: str, attribute: str, text: str) -> str | None:
    if attribute == "inputType":
        number = int(text, 0) if text.startswith("0x") or text.isdecimal() else None
        return next((one.data for one in widgets if number is not None and number & 0xFFF in one.inputs), None)
    if attribute == "hint":
        words = f"{id_name} {text}".lower()
        return next((one.data for one in widgets if any(word in words for word in one.words)), None)
    return None
