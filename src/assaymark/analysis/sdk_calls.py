"""What the app tells its SDKs, and when: start, start without collecting, the user's decision.

The catalog's rows name the calls (`init`, `pre_init`, `consent`, `switches`, `auto_init`); the code of an SDK need not
be in the package, or be understood, for the call to it to count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from assaymark import catalog
from assaymark.analysis.code import CodeView, Hit, code_of
from assaymark.catalog import Sdk
from assaymark.catalog.sdk_calls import Consent, Switch
from assaymark.formats.program import Program

_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True, slots=True)
class SdkCall:
    """One place where the app calls an SDK in a role; `told` is what it says there, for a decision or a switch."""

    sdk: str
    role: str
    api: str
    told: str | None
    hit: Hit
    owner: str


@dataclass(frozen=True, slots=True)
class _Asked:
    sdk: str
    role: str
    method: str
    argument: int | None = None
    value: str = ""
    means: tuple[str, str] = ("", "")
    """What the value says, and what any other constant says."""


def sdk_calls(program: Program) -> tuple[SdkCall, ...]:
    """Give all calls by which the app, or another SDK, starts an SDK or tells it what the user decided, found once."""
    return program.once("sdk-calls", lambda one: tuple(_find(code_of(one))))


def auto_starts(program: Program) -> Iterator[tuple[str, str, str]]:
    """Give SDK, class and place of each enabled component by which an SDK starts with the process."""
    starts = _starting_components()
    for component in program.manifest.components:
        if component.enabled and component.kind == "provider" and component.name in starts:
            yield starts[component.name], component.name, component.at


@cache
def _starting_components() -> Mapping[str, str]:
    return {name: one.id for one in catalog.load_sdks() for name in one.auto_init}


def switched_off(program: Program) -> frozenset[str]:
    """Give the SDKs that the manifest tells to collect nothing."""
    stated = dict(program.manifest.meta_data)
    return frozenset(
        one.id
        for one in catalog.load_sdks()
        for switch in one.switches
        if switch.kind == "meta_data" and not switch.data and switch.off and stated.get(switch.name) == switch.off
    )


def _find(code: CodeView) -> Iterator[SdkCall]:
    found = list(_named(code))
    started = {one.sdk for one in found if one.role == "init"}
    for one in found:
        alone = one.role == "pre-init" and one.sdk in _alone_starts() and one.sdk not in started
        yield replace(one, role="init") if alone else one


@cache
def _alone_starts() -> frozenset[str]:
    return frozenset(one.id for one in catalog.load_sdks() if one.alone_starts)


def _named(code: CodeView) -> Iterator[SdkCall]:
    asked = _asked()
    parts = [one.method.rpartition(".") for one in asked]
    for hit in code.calls([(owner, name, "", True) for owner, _, name in parts]):
        one, caller = asked[hit.selector], code.owner(hit.cls)
        if caller != one.sdk:
            yield SdkCall(one.sdk, one.role, one.method, _told(one, hit), hit, caller)


def _told(one: _Asked, hit: Hit) -> str | None:
    if one.argument is None:
        return one.means[0] or None
    value = hit.arguments[one.argument] if one.argument < len(hit.arguments) else None
    if value is None:
        return "unknown"
    return one.means[0 if value == _TRUTH.get(one.value, one.value) else 1]


@cache
def _asked() -> tuple[_Asked, ...]:
    return tuple(asked for one in catalog.load_sdks() if not one.library for asked in _of(one))


def _of(one: Sdk) -> Iterator[_Asked]:
    for role, methods in (("init", one.init), ("pre-init", one.pre_init)):
        yield from (_Asked(one.id, role, method) for method in methods)
    yield from (_decision(one.id, consent) for consent in one.consent if consent.means == "agreed")
    for switch in one.switches:
        if switch.kind == "method" and not switch.data:
            yield _switch(one.id, switch)


def _decision(sdk: str, one: Consent) -> _Asked:
    return _Asked(sdk, "consent", one.method, one.argument, one.agreed, ("agreed", "refused"))


def _switch(sdk: str, one: Switch) -> _Asked:
    if one.argument is None:
        return _Asked(sdk, "switch", one.name, means=(one.turns, ""))
    return _Asked(sdk, "switch", one.name, one.argument, one.off, ("off", "on"))
