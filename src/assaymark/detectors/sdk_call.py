"""Calls that start an SDK, let it start without collecting, or tell it what the user decided, and when they run.

What it observes: calls of the methods that the SDK catalog names for each SDK, and components by which an SDK starts
with the process, each with its order against the user's consent.
Why it matters: an SDK that is started before the user agreed is what notices name most, and the call is in the app's
own code even where the SDK's is packed, native or not in the package.
Limits: starting is not yet collecting; calls of an SDK whose names were replaced are not known. `held` says that the
app told the SDK before that it must not collect: whether the SDK obeys is for its maker to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.consent import CONSENT_READS, EARLY, consent_of
from assaymark.analysis.sdk_calls import SdkCall, auto_starts, sdk_calls, switched_off
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import SDK_CALL

_STARTS = ("init", "auto-init")


@detector(id="sdk-call", version=1, emits=(SDK_CALL,), reads=CONSENT_READS)
def sdk_call(program: Program) -> Iterator[Emission]:
    """Give one row for each call, then one for each component that starts an SDK."""
    consent = consent_of(program)
    calls = sdk_calls(program)
    orders = [consent.at(one.hit.caller, one.hit.offset) for one in calls]
    held = switched_off(program) | _held(zip(calls, (order.order for order in orders), strict=True))
    for one, order in zip(calls, orders, strict=True):
        hit = one.hit
        yield (
            SDK_CALL,
            SDK_CALL.row(
                hit.place,
                sdk=one.sdk,
                role=one.role,
                api=one.api,
                told=one.told,
                held=one.sdk in held if one.role in _STARTS else None,
                **{"class": hit.cls},
                method=hit.method,
                descriptor=hit.descriptor,
                dex=hit.dex,
                offset=hit.offset,
                line=hit.line,
                owner=one.owner,
                reachable=hit.reachable,
                consent=order.order,
                consent_reason=order.reason,
                consent_path=order.path or None,
                gate=order.gate,
            ),
        )
    for sdk, name, at in auto_starts(program):
        yield (
            SDK_CALL,
            SDK_CALL.row(
                at,
                sdk=sdk,
                role="auto-init",
                api=name,
                held=sdk in held,
                owner=sdk,
                reachable=True,
                consent="before" if consent.gated else "no-gate",
            ),
        )


def _held(told: Iterator[tuple[SdkCall, str]]) -> frozenset[str]:
    """Give the SDKs that are told not to collect before the user agreed, and not told otherwise before that."""
    early = [(one.sdk, one.told) for one, order in told if one.told is not None and order in EARLY]
    refused = {sdk for sdk, said in early if said in ("refused", "off")}
    return frozenset(refused - {sdk for sdk, said in early if said not in ("refused", "off")})
