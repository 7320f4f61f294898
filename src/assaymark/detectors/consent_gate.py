"""Controls by which the user agrees.

What it observes: buttons, boxes and links whose texts, with what stands around them, say that the user agrees to a
privacy policy or agreement, and those that may say so, each with the listener that runs and the layout it stands in.
Why it matters: every `before` and `after` is said against these controls. Whoever checks a verdict looks first whether
the right step was found, and an app that asks and ignores the answer shows it here.
Limits: controls without text are not known; whether the screen is shown before anything else, and whether the choice
is free, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.code import code_of
from assaymark.analysis.consent import CONSENT_READS, consent_of
from assaymark.extend import Emission, detector
from assaymark.formats.program import Gap, Program
from assaymark.model.tables import CONSENT_GATE, GAP

MOST = 500
"""Rows; more controls than a person can look at say nothing more."""


@detector(id="consent-gate", version=1, emits=(CONSENT_GATE, GAP), reads=CONSENT_READS)
def consent_gate(program: Program) -> Iterator[Emission]:
    """Give one row for each control, those that are known to agree first."""
    controls = sorted(consent_of(program).controls, key=lambda one: not one.agrees)
    if len(controls) > MOST:
        yield GAP, Gap("limit-hit", "controls that agree", "", ("consent_gate",), "partial", len(controls) - MOST).row()
    for one in controls[:MOST]:
        listener = one.listener
        place = one.registered.text if one.registered else (*one.layouts, "")[0]
        yield (
            CONSENT_GATE,
            CONSENT_GATE.row(
                place,
                says=one.says,
                control="tick" if one.ticks else "press",
                agrees=one.agrees,
                **{"class": listener.cls if listener else None},
                method=listener.method if listener else None,
                layouts=one.layouts or None,
                owner=code_of(program).owner(listener.cls) if listener else "app",
            ),
        )
