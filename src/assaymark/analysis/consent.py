"""The order of sensitive places against the user's consent, asked once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from assaymark import _engine, catalog
from assaymark.analysis.code import code_of
from assaymark.analysis.flow import FLOW_READS, Place, flows_of
from assaymark.analysis.sdk_calls import auto_starts, sdk_calls
from assaymark.analysis.sensitive import sensitive_places
from assaymark.formats.android.manifest import Component, complete_name
from assaymark.formats.program import Program

CONSENT_READS = (*FLOW_READS, "consent.toml")
"""Catalog files that this depends on."""

_STARTUP = "androidx.startup"
"""Value of the `meta-data` by which androidx.startup knows its initialisers."""


EARLY = ("before", "no-gate")


@dataclass(frozen=True, slots=True)
class ConsentOrder:
    """The order of one place.

    `order` is `before`, `after`, `no-gate` or `unknown`, and then `reason` says why; `path` holds the methods from what
    starts the place to the one around it; `gate` is what opens the way to a place that runs only after.
    """

    order: str
    reason: str | None
    path: tuple[str, ...]
    gate: str | None


UNKNOWN = ConsentOrder("unknown", "not-reached", (), None)
"""Of a place that was not asked for."""


@dataclass(frozen=True, slots=True)
class ConsentControl:
    """A control by which the user agrees (`agrees`), or may agree.

    `says` holds its texts, `layouts` the files of the layout it stands in; `registered` is where its listener was set,
    `listener` the method that runs, both unknown for a box that code only looks at.
    """

    says: tuple[str, ...]
    ticks: bool
    agrees: bool
    registered: Place | None
    listener: Place | None
    layouts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """The order of each place (engine's id of the method, code unit), controls that agree, what was left out."""

    orders: Mapping[tuple[int, int], ConsentOrder]
    controls: tuple[ConsentControl, ...]
    counts: Mapping[str, int]

    @property
    def gated(self) -> bool:
        """Whether something asks the user to agree."""
        return any(one.agrees for one in self.controls)

    def at(self, method: int, offset: int) -> ConsentOrder:
        """Give the order of a place."""
        return self.orders.get((method, offset), UNKNOWN)


def consent_of(program: Program) -> ConsentFacts:
    """Give the order of all sensitive places, calls of SDKs, and places that data flows to, computed once.

    A program without any is not run.
    """
    return program.once("consent", _ordered)


def _ordered(program: Program) -> ConsentFacts:
    places = set(_asked(program))
    if not places and not any(auto_starts(program)):
        return ConsentFacts({}, (), Counter(complete=1))
    return order_of(program, places)


def _asked(program: Program) -> Iterator[tuple[int, int]]:
    for place in sensitive_places(program):
        yield place.hit.caller, place.hit.offset
    for call in sdk_calls(program):
        yield call.hit.caller, call.hit.offset
    try:
        flows = flows_of(program).flows
    except _engine.EngineError:
        return  # the detector of flows tells; the order of calls does not hang on it
    for flow in flows:
        yield flow.sink.definition, flow.sink.offset


def order_of(program: Program, places: Iterable[tuple[int, int]]) -> ConsentFacts:
    """Find the order of places (engine's id of the method, code unit), such as the sources of flows.

    The catalog names calls that prepare an SDK and, by its maker, collect nothing. The code may show a way through such
    a call all the same, often one that only an error takes: neither is enough to say that the app reads too early. So
    what only such calls lead to is `unknown`, with the reason `pre-init`, unless the app also starts that SDK too
    early.
    """
    wanted = sorted(set(places))
    manifest, stated = program.manifest, _meta_data(program)
    words = catalog.load_consent_words()
    answers, controls, counts = code_of(program).engine.consent(
        [part.package for part in program.packages],
        [part.resources for part in program.packages],
        _application(program),
        (manifest.version_name, manifest.version_code),
        [
            (
                *(one.target or one.name, _kind(one.kind), _open(one), one.exported),
                *(list(one.actions), list(one.authorities)),
            )
            for one in manifest.components
            if one.enabled
        ],
        stated,
        sorted({name for name, value in stated if value == _STARTUP}),
        words.by_role(),
        wanted,
        _starts(program),
    )
    orders = {
        place: ConsentOrder(order, reason, tuple(path), gate)
        for place, (order, reason, path, gate) in zip(wanted, answers, strict=True)
    }
    return ConsentFacts(orders, tuple(_control(*row) for row in controls), counts)


def _control(
    says: list[str],
    ticks: bool,
    agrees: bool,
    registered: _engine.FlowPlace | None,
    listener: _engine.FlowPlace | None,
    layouts: list[str],
) -> ConsentControl:
    return ConsentControl(
        says=tuple(says),
        ticks=ticks,
        agrees=agrees,
        registered=Place(*registered) if registered else None,
        listener=Place(*listener) if listener else None,
        layouts=tuple(layouts),
    )


def _starts(program: Program) -> list[tuple[tuple[int, int], int, bool]]:
    """Give the places that start an SDK, a number for the SDK, and whether it collects nothing yet."""
    calls = [one for one in sdk_calls(program) if one.role in ("init", "pre-init")]
    numbers = {sdk: number for number, sdk in enumerate(sorted({one.sdk for one in calls}))}
    return [((one.hit.caller, one.hit.offset), numbers[one.sdk], one.role == "pre-init") for one in calls]


def _kind(kind: str) -> str:
    return "activity" if kind == "activity-alias" else kind


_BY_SYSTEM_ON_REQUEST = frozenset({"android.permission.BIND_JOB_SERVICE"})
"""Permissions that only the system holds, and uses only after the app asked for it."""


def _open(component: Component) -> bool:
    """Say whether somebody outside the app starts it; providers start with the process, receivers with a broadcast."""
    if component.permission in _BY_SYSTEM_ON_REQUEST:
        return False
    heard = component.kind == "receiver" and any(_of_system(action) for action in component.actions)
    return component.exported or component.launcher or component.kind == "provider" or heard


def _of_system(action: str) -> bool:
    """Say whether the system sends a broadcast: it reaches a receiver that is not exported as well."""
    return action.startswith(("android.", "com.android."))


def _application(program: Program) -> list[str]:
    manifest = program.manifest
    names = [manifest.application_class]
    if manifest.application is not None:
        names.append(complete_name(manifest.package, manifest.application.text("appComponentFactory")))
    return [name for name in names if name]


def _meta_data(program: Program) -> list[tuple[str, str]]:
    stated = list(program.manifest.meta_data.items())
    return stated + [pair for one in program.manifest.components if one.enabled for pair in one.meta_data]
