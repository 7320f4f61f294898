"""Sensitive places in the code: every row of the API catalog, looked up in one question to the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from assaymark import catalog
from assaymark.analysis.code import CODE_READS, CodeView, Hit, code_of
from assaymark.catalog import Api
from assaymark.catalog.apis import ANY_CLASS
from assaymark.formats.program import Program

PLACE_READS = (*CODE_READS, "apis.toml")
"""Catalog files that this depends on."""

ANYWHERE = ("",)
"""Key of the arguments of all methods together: a static initialiser keeps its URIs for any of them."""


@dataclass(frozen=True, slots=True)
class SensitivePlace:
    """A place where the code meets a row of the API catalog.

    `argument` is the constant that makes it count, if one does.
    """

    api: Api
    hit: Hit
    argument: str | None
    owner: str


def sensitive_places(program: Program) -> tuple[SensitivePlace, ...]:
    """Give all sensitive places of a program, by row of the catalog, then in the order of the code.

    Each reading is one place: a content URI that a query of the same method is given is part of the query, and so is
    one that a static initialiser keeps for it. A call that a row names with its class is not also one of any class.
    """
    return program.once("sensitive-places", lambda one: tuple(_find(one)))


@cache
def _rows(kind: str) -> tuple[Api, ...]:
    return tuple(api for api in catalog.load_apis() if api.kind == kind)


def _find(program: Program) -> Iterator[SensitivePlace]:
    code = code_of(program)
    calls = list(_calls(code))
    yield from (place for place in calls if not place.api.value)
    queried: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for place in calls:
        if place.argument is not None:
            queried[_method(place.hit)].add(place.argument)
            queried[ANYWHERE].add(place.argument)
    uris = (place for place in calls if place.api.value)
    for place in (*uris, *_fields(code), *_strings(code)):
        uri = place.hit.text or place.api.value
        taken = queried[ANYWHERE if place.hit.method == "<clinit>" else _method(place.hit)]
        if not uri or not any(argument.startswith(uri) for argument in taken):
            yield place


def _method(hit: Hit) -> tuple[str, str, str, str]:
    return hit.dex, hit.cls, hit.method, hit.descriptor


def _calls(code: CodeView) -> Iterator[SensitivePlace]:
    methods = _rows("method")
    named: set[tuple[str, str, str, str, int, str]] = set()
    for hit in sorted(
        code.calls([(api.class_name, api.name, api.descriptor, api.subclasses) for api in methods]),
        key=lambda hit: methods[hit.selector].class_name == ANY_CLASS,
    ):
        api = methods[hit.selector]
        place = (*_method(hit), hit.offset, api.data)
        if api.class_name == ANY_CLASS:
            if place in named:
                continue
            api = replace(api, class_name=hit.target[0], name=hit.target[1])
        argument = (
            next((value for value in hit.arguments if value is not None and api.accepts(value)), None)
            if api.argument
            else None
        )
        # An argument that is not a constant may be the one that counts: the row says whether it must be known.
        if argument is not None or not api.argument or (None in hit.arguments and api.accepts(None)):
            named.add(place)
            yield SensitivePlace(api, hit, argument, code.owner(hit.cls))


def _fields(code: CodeView) -> Iterator[SensitivePlace]:
    fields = _rows("field")
    for hit in code.field_reads([(api.class_name, api.name) for api in fields]):
        yield SensitivePlace(fields[hit.selector], hit, None, code.owner(hit.cls))


def _strings(code: CodeView) -> Iterator[SensitivePlace]:
    strings = _rows("string")
    for hit in code.string_uses([api.name for api in strings]):
        yield SensitivePlace(strings[hit.selector], hit, hit.text, code.owner(hit.cls))
