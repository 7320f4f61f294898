"""Permissions: asked for, defined, used, unused, and used without being asked for.

What it observes: the manifest's permissions, joined with the calls that they guard as far as the API catalog knows
them.
Why it matters: a permission that nothing in the code needs is the plainest sign of asking for too much.
Limits: a permission is `unused` only against the catalog of APIs; native code, reflection and code loaded later may
use it. Permissions that no row of the catalog names are `not-tracked`, not unused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from assaymark import catalog
from assaymark.analysis.code import code_of
from assaymark.analysis.sensitive import SensitivePlace, sensitive_places
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import PERMISSION, Row


@detector(id="permission", version=1, emits=(PERMISSION,))
def permission(program: Program) -> Iterator[Emission]:
    """Give one row for each permission asked for, defined, or needed by a call and not asked for."""
    asked = {one.name: one for one in reversed(program.manifest.permissions)}
    defined = {one.name: one for one in program.manifest.defined}
    users: dict[str, list[SensitivePlace]] = defaultdict(list)
    lacking: dict[str, list[SensitivePlace]] = defaultdict(list)
    for place in sensitive_places(program):
        guards = place.api.permission
        for name in guards:
            users[name].append(place)
        if guards and not any(name in asked for name in guards):
            # Any one of them would do: the row is written for the first, which the catalog lists as the usual one.
            lacking[guards[0]].append(place)
    names = sorted(asked.keys() | defined.keys())
    named = dict(zip(names, code_of(program).names_string(names), strict=True))
    for name in names:
        request = asked.get(name)
        yield (
            PERMISSION,
            _row(
                request.at if request else defined[name].at,
                name,
                requested=request is not None,
                defined=defined[name].protection if name in defined else None,
                max_sdk=request.max_sdk if request else None,
                usage=_usage(name, users[name]) if request else "not-tracked",
                users=users[name],
                runtime_request=named[name],
            ),
        )
    for name in sorted(lacking.keys() - asked.keys()):
        if name not in defined:
            places = lacking[name]
            yield (
                PERMISSION,
                _row(
                    places[0].hit.place,
                    name,
                    requested=False,
                    defined=None,
                    max_sdk=None,
                    usage="not-asked",
                    users=places,
                    runtime_request=False,
                ),
            )


def _usage(name: str, users: list[SensitivePlace]) -> str:
    if name not in _tracked():
        return "not-tracked"
    if not users:
        return "unused"
    return "used" if any(place.hit.reachable for place in users) else "present-only"


@cache
def _tracked() -> frozenset[str]:
    return frozenset(name for api in catalog.load_apis() for name in api.permission)


@cache
def _known() -> dict[str, catalog.Permission]:
    return {one.name: one for one in catalog.load_permissions()}


def _row(
    at: str,
    name: str,
    *,
    requested: bool,
    defined: str | None,
    max_sdk: int | None,
    usage: str,
    users: list[SensitivePlace],
    runtime_request: bool,
) -> Row:
    known = _known().get(name)
    return PERMISSION.row(
        at,
        name=name,
        requested=requested,
        defined=defined is not None,
        max_sdk=max_sdk,
        protection=defined or (known.protection if known else "unknown"),
        data=known.data if known else (),
        usage=usage,
        runtime_request=runtime_request,
        callers=tuple(sorted({place.owner for place in users})),
        background=known.background if known else False,
    )
