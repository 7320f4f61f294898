"""Sensitive places in the code: every row of the API catalog, looked up in one question to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from assaymark import catalog
from assaymark.analysis.code import Hit, code_of
from assaymark.catalog import Api
from assaymark.formats.program import Program


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
    """Give all sensitive places of a program, in the order of the code."""
    return program.once("sensitive-places", lambda one: tuple(_find(one)))


@cache
def _rows(kind: str) -> tuple[Api, ...]:
    return tuple(api for api in catalog.load_apis() if api.kind == kind)


def _find(program: Program) -> Iterator[SensitivePlace]:
    code = code_of(program)
    methods, fields, strings = _rows("method"), _rows("field"), _rows("string")
    for hit in code.calls([(api.class_name, api.name, api.descriptor, api.subclasses) for api in methods]):
        api = methods[hit.selector]
        argument = (
            next((value for value in hit.arguments if value is not None and api.accepts(value)), None)
            if api.argument
            else None
        )
        # An argument that is not a constant may be the one that counts: the row says whether it must be known.
        if argument is not None or not api.argument or (None in hit.arguments and api.accepts(None)):
            yield SensitivePlace(api, hit, argument, code.owner(hit.cls))
    for hit in code.field_reads([(api.class_name, api.name) for api in fields]):
        yield SensitivePlace(fields[hit.selector], hit, None, code.owner(hit.cls))
    for hit in code.string_uses([api.name for api in strings]):
        yield SensitivePlace(strings[hit.selector], hit, hit.text, code.owner(hit.cls))
