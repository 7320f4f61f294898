"""Permissions: asked for, defined, used, unused, and used without being asked for.

What it observes: the manifest's permissions, joined with the calls that they guard as far as the API catalog knows
them, and with other signs of use: actions of enabled components, texts in code, requests at run time.
Why it matters: a permission that nothing in the code needs is the plainest sign of asking for too much.
Limits: a permission is `unused` only if it is dangerous and the catalog says that it covers every way of use
(`covered`); code reached by reflection or loaded later may still use it. Others are `not-tracked`, not unused, and so
are those that native libraries of the package can use. What common libraries call only where the permission happens
to be granted does not make it `not-asked`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from assaymark import catalog
from assaymark.analysis.code import code_of
from assaymark.analysis.marks import members_of
from assaymark.analysis.sensitive import PLACE_READS, SensitivePlace, sensitive_places
from assaymark.catalog.apis import matches
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import PERMISSION, Row


@detector(id="permission", version=2, emits=(PERMISSION,), reads=(*PLACE_READS, "permissions.toml"))
def permission(program: Program) -> Iterator[Emission]:
    """Give one row for each permission asked for, defined, or needed by a call and not asked for."""
    asked = {one.name: one for one in reversed(program.manifest.permissions)}
    defined = {one.name: one for one in program.manifest.defined}
    users, lacking = _users(program, asked.keys())
    names = sorted(asked.keys() | defined.keys())
    requested_at_run_time = _named_in_code(program, names)
    signs = _signs(program, names)
    for name in names:
        request = asked.get(name)
        at_run_time = name in requested_at_run_time
        usage = _usage(program, name, users[name], signs.get(name), at_run_time) if request else "not-tracked"
        yield (
            PERMISSION,
            _row(
                request.at if request else defined[name].at,
                name,
                requested=request is not None,
                defined=defined[name].protection if name in defined else None,
                max_sdk=request.max_sdk if request else None,
                usage=usage,
                users=users[name],
                runtime_request=at_run_time,
            ),
        )
    for name in sorted(lacking.keys() - defined.keys()):
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


_Places = dict[str, list[SensitivePlace]]


def _users(program: Program, asked: Iterable[str]) -> tuple[_Places, _Places]:
    """Give, by permission, the places that it guards; and those of them that need it and for which nothing is asked."""
    helped = _helped()
    held = set(asked)
    users: _Places = defaultdict(list)
    lacking: _Places = defaultdict(list)
    for place in sensitive_places(program):
        guards = place.api.permission
        for name in (*guards, *helped.get(place.api.id, ())):
            users[name].append(place)
        # Any one of them would do: the row is written for the first, which the catalog lists as the usual one.
        if guards and not held.intersection(guards) and _fails_without(place, guards[0]):
            lacking[guards[0]].append(place)
    return users, lacking


def _fails_without(place: SensitivePlace, name: str) -> bool:
    """Say whether this is a call that can run, of code that would fail or learn nothing without the permission."""
    known = _known().get(name)
    return (
        place.hit.reachable
        and place.api.kind == "method"
        and place.owner not in _libraries()
        and known is not None
        and known.covered
        and known.protection == "dangerous"
    )


def _usage(program: Program, name: str, users: list[SensitivePlace], sign: str | None, at_run_time: bool) -> str:
    if any(place.hit.reachable for place in users):
        return "used"
    if sign:
        return sign
    known = _known().get(name)
    if known is None or not known.covered or (known.native and members_of(program).libraries):
        return "present-only" if users else "not-tracked"
    return "present-only" if users or at_run_time else "unused"


def _named_in_code(program: Program, names: list[str]) -> set[str]:
    """Give the permissions whose name code uses; common libraries name them only to look whether they are held."""
    code = code_of(program)
    return {names[hit.selector] for hit in code.string_uses(names) if code.owner(hit.cls) not in _libraries()}


def _signs(program: Program, names: list[str]) -> dict[str, str]:
    """Give the usage that signs tell: `used` where an enabled component waits for it; a text in code says less."""
    wanted = [(sign, name) for name in names if name in _known() for sign in _known()[name].signs]
    told = {
        wanted[hit.selector][1]: "present-only" for hit in code_of(program).string_uses([sign for sign, _ in wanted])
    }
    actions = {action for one in program.manifest.components if one.enabled for action in one.actions}
    told |= {name: "used" for sign, name in wanted if any(matches(sign, action) for action in actions)}
    return told


@cache
def _known() -> dict[str, catalog.Permission]:
    return {one.name: one for one in catalog.load_permissions()}


@cache
def _helped() -> dict[str, tuple[str, ...]]:
    """Permissions by the API row that gives more to those who hold them."""
    pairs = [(api, one.name) for one in catalog.load_permissions() for api in one.also]
    return {api: tuple(name for each, name in pairs if each == api) for api, _ in pairs}


@cache
def _libraries() -> frozenset[str]:
    return frozenset(one.id for one in catalog.load_sdks() if one.library)


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
