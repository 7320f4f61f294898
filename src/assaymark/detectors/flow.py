"""Data flow: personal information that moves from where it is read to where it leaves the app.

What it observes: for each source of the API catalog, each call-back parameter and each input field that carries
personal information, the calls that send it to the network, to messages, logs, files, other apps, SDKs; with the way
it takes.
Why it matters: who gets which data is what a privacy policy has to say.
Limits: native code, code loaded while running and reflection that is not constant are not followed; what a method
outside the app does is known by rules, or guessed from its arguments. `confirmed` means that the way was checked for
order and context; `possible` that a bound was hit on it. `consent` is the order of the call that sends it.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.address import ADDRESS_READS, address_of
from assaymark.analysis.code import code_of
from assaymark.analysis.consent import CONSENT_READS, consent_of
from assaymark.analysis.flow import flows_of
from assaymark.extend import Emission, detector
from assaymark.formats.program import Gap, Program
from assaymark.model.tables import FLOW, GAP

HARMLESS_CUTS = frozenset({"flow-contexts"})
"""Bounds of the search for flows behind which nothing is missing: calls share one body, so more is `possible` only."""

FLOW_CUTS = {
    "flow-code-unread": "methods whose code is damaged or too large were not followed",
    "flow-facts": "the search for flows was cut at its bound of facts",
    "flow-invoke-custom": "calls through call sites were not followed",
    "flow-megamorphic": "calls with too many possible targets were not followed",
    "flow-objects": "values that can be too many objects were followed in part",
    "flow-reflection-unresolved": "reflection on names that are not constant was not followed",
    "flow-search": "the search for flows was cut at its bound of steps",
    "flow-steps": "the search for what values can be was cut at its bound of steps",
}
"""What each bound of the search for flows means."""


@detector(id="flow", version=3, emits=(FLOW, GAP), reads={*CONSENT_READS, *ADDRESS_READS})
def flow(program: Program) -> Iterator[Emission]:
    """Give one row for each pair of source and sink, and a gap for each bound that the search hit."""
    code, orders = code_of(program), consent_of(program)
    for one in flows_of(program).flows:
        owner = code.owner(one.sink.cls)
        # What an SDK's own code hands on inside it is no second delivery, whatever its classes are called here.
        if one.recipient is not None and one.recipient == owner:
            continue
        yield (
            FLOW,
            FLOW.row(
                one.sink.text,
                data=one.data,
                source_api=one.source_api,
                source_class=one.source.cls,
                source_method=one.source.method,
                sink_kind=one.sink_kind,
                sink_api=one.sink_api,
                sink_class=one.sink.cls,
                sink_method=one.sink.method,
                sink_at=one.sink.text,
                recipient=one.recipient or _recipient(one.address),
                certainty="confirmed" if one.confirmed else "possible",
                derived=tuple(one.derived),
                owner=owner,
                consent=orders.at(one.sink.definition, one.sink.offset).order,
                path=tuple(place.text for place in one.path),
            ),
        )
    for name, count in sorted(flows_of(program).cuts.items()):
        if name not in HARMLESS_CUTS:
            yield GAP, Gap("flow-cut", FLOW_CUTS.get(name, name), "", ("flow",), "partial", count).row()


def _recipient(url: str | None) -> str | None:
    address = address_of(url) if url else None
    return address.host if address is not None else None
