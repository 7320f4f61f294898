"""Sensitive calls: the places in the code that read personal information or ask for the right to.

What it observes: calls, field reads and constants of the API catalog, with the caller, the owner (the app's own code
or an SDK) and whether the manifest's entry points lead there in the call graph.
Why it matters: this is the list that every question about collection starts from.
Limits: presence of a call is not its execution. Calls through reflection, native code or code loaded later are not
here; the gap table says where they may hide. `consent` is the order against the user's consent
(`docs/why/known-limits.md` says how far it goes): a call that the analysis never saw run is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.consent import CONSENT_READS, ConsentFacts, consent_of
from assaymark.analysis.sensitive import sensitive_places
from assaymark.extend import Emission, detector
from assaymark.formats.program import Gap, Program
from assaymark.model.tables import API_CALL, GAP


@detector(id="api-call", version=3, emits=(API_CALL, GAP), reads=CONSENT_READS)
def api_call(program: Program) -> Iterator[Emission]:
    """Give one row for each sensitive place, and a gap for each thing that the order against consent left out."""
    consent = consent_of(program)
    for place in sensitive_places(program):
        api, hit = place.api, place.hit
        found = consent.at(hit.caller, hit.offset)
        yield (
            API_CALL,
            API_CALL.row(
                hit.place,
                data=api.data,
                api=api.title,
                kind=api.kind,
                argument=place.argument,
                **{"class": hit.cls},
                method=hit.method,
                descriptor=hit.descriptor,
                dex=hit.dex,
                offset=hit.offset,
                line=hit.line,
                owner=place.owner,
                reachable=hit.reachable,
                permission=" | ".join(api.permission) or None,
                consent=found.order,
                consent_reason=found.reason,
                consent_path=found.path or None,
                gate=found.gate,
            ),
        )
    for gap in _cuts(consent):
        yield GAP, gap.row()


def _cuts(consent: ConsentFacts) -> Iterator[Gap]:
    for name in ("intents", "reflection", "dynamic", "long_methods"):
        if consent.counts[name]:
            yield Gap("consent-cut", name, "", (), "partial", consent.counts[name])
    if not consent.counts["complete"]:
        yield Gap("limit-hit", "the steps of the order against consent", "", ("api_call",), "partial")
