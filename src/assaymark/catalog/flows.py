"""What data flow needs to know of code outside the app.

What it does with values, where data enters and leaves, what it calls back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assaymark.catalog.apis import ANY_CLASS, load_apis
from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, load, rows

SUMMARIES, SINKS, CALLBACKS, INPUTS = "summaries.toml", "sinks.toml", "callbacks.toml", "inputs.toml"

SINK_KINDS = ("network", "sms", "log", "file", "database", "clipboard", "ipc", "web-view", "process", "none")

WIDGET = "widget"
"""Data of a source whose layout says what a user types there."""

HANDLES = ("android.os.Environment",)
"""Classes of the API catalog that tell where data lies: a call counts, its result carries nothing personal."""

Effect = tuple[str, str, str, list[str], list[str]]
"""Class, method, start of the descriptor, flows, call-backs."""

SourceRow = tuple[str, str, str, str, int, int, list[str], bool, bool, str]
"""Class, name, start of the descriptor, data, parameter (0: the result), argument that is filled (0: none), arguments,
one is required, it is a field, its value."""

Sink = tuple[str, str, str, str, bytes]
"""Class, method, start of the descriptor, kind, positions of what leaves."""


@dataclass(frozen=True, slots=True)
class Widget:
    """What an element of a layout takes in."""

    data: str
    inputs: tuple[int, ...]
    """Values of `android:inputType`."""
    words: tuple[str, ...]
    """Words in the name of its id or in its hint, lower case."""


@dataclass(frozen=True, slots=True)
class FlowRules:
    """All rows, as the engine takes them."""

    effects: tuple[Effect, ...]
    sources: tuple[SourceRow, ...]
    sinks: tuple[Sink, ...]
    lifecycles: tuple[tuple[str, bool, list[str]], ...]
    """Base class, whether it begins when code makes an object, which method may come after which."""
    listeners: tuple[tuple[str, list[str]], ...]
    """Type, methods that the platform calls."""
    widgets: tuple[Widget, ...]


def read_flow_rules(
    summaries: Mapping[str, object],
    sinks: Mapping[str, object],
    callbacks: Mapping[str, object],
    inputs: Mapping[str, object],
) -> FlowRules:
    """Give the rules of parsed files. Raises `InvalidCatalog`."""
    effects = [*_effects(SUMMARIES, summaries), *_effects(CALLBACKS, callbacks)]
    return FlowRules(
        effects=tuple(effects),
        sources=(*_apis(), *_inputs(inputs)),
        sinks=tuple(_sinks(sinks)),
        lifecycles=tuple(_lifecycles(callbacks)),
        listeners=tuple(_listeners(callbacks)),
        widgets=tuple(_widgets(inputs)),
    )


@kept
def load_flow_rules() -> FlowRules:
    """Give the rules of our own files."""
    return read_flow_rules(load(SUMMARIES), load(SINKS), load(CALLBACKS), load(INPUTS))


def _origin(row: Row) -> None:
    row.source()
    row.checked()
    row.known()
    row.finish()


def _section(file: str, tree: Mapping[str, object], name: str) -> Iterator[Row]:
    return rows(file, {"sources": tree["sources"], "group": tree[name]})


def _named(row: Row) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    classes, methods, descriptor = row.texts("classes"), row.texts("methods"), row.text("descriptor", "")
    return classes or (row.text("class"),), methods, descriptor


def _effects(file: str, tree: Mapping[str, object]) -> Iterator[Effect]:
    for row in rows(file, tree):
        classes, methods, descriptor = _named(row)
        flows, calls = list(row.texts("flows")), list(row.texts("calls"))
        if not methods or not (flows or calls):
            row.refuse("it names no method, or says nothing of it")
        _origin(row)
        for cls in classes:
            for method in methods:
                yield cls, method, descriptor, flows, calls


def _sinks(tree: Mapping[str, object]) -> Iterator[Sink]:
    for row in rows(SINKS, tree):
        classes, methods, descriptor = _named(row)
        kind, arguments = row.one_of("kind", SINK_KINDS), bytes(row.numbers("arguments"))
        if not methods:
            row.refuse("it names no method")
        _origin(row)
        for cls in classes:
            for method in methods:
                yield cls, method, descriptor, kind, arguments


def _apis() -> Iterator[SourceRow]:
    for api in load_apis():
        if (
            api.kind == "string"
            or api.class_name == ANY_CLASS
            or api.data == "permission-request"
            or api.class_name in HANDLES
        ):
            continue
        name, is_field = api.name, api.kind == "field"
        arguments = list(api.argument)
        yield (
            *(api.class_name, name, api.descriptor, api.data, 0, 0),
            *(arguments, api.argument_required, is_field, api.value if is_field else ""),
        )


def _inputs(tree: Mapping[str, object]) -> Iterator[SourceRow]:
    for row in rows(INPUTS, tree):
        data, cls, methods = row.text("data"), row.text("class"), row.texts("methods")
        descriptor, parameter, fills = row.text("descriptor", ""), row.number("parameter", 0), row.number("fills", 0)
        _origin(row)
        if data != WIDGET:
            refuse_unknown(row, (data,))
        for method in methods:
            yield cls, method, descriptor, data, parameter, fills, [], False, False, ""


def _widgets(tree: Mapping[str, object]) -> Iterator[Widget]:
    for row in _section(INPUTS, tree, "widget"):
        made = Widget(row.text("data"), row.numbers("input"), row.texts("words"))
        _origin(row)
        refuse_unknown(row, (made.data,))
        yield made


def _lifecycles(tree: Mapping[str, object]) -> Iterator[tuple[str, bool, list[str]]]:
    for row in _section(CALLBACKS, tree, "lifecycle"):
        made = row.text("class"), row.flag("made"), list(row.texts("order"))
        _origin(row)
        yield made


def _listeners(tree: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    for row in _section(CALLBACKS, tree, "listener"):
        made = row.text("class"), list(row.texts("methods"))
        _origin(row)
        yield made
