from __future__ import annotations

from assaymark.model.report import STATUSES
from assaymark.render._view.caps import Caps
from assaymark.render._view.page import page
from golden.builder import Sample
from golden.samples import busy_app, clean_app, packed_app


def test_silence_says_how_much_was_judged() -> None:
    assert page(clean_app(), Caps()).silence.en.startswith(
        "Of the clauses that could be judged (1), none is found or indicated; not assessed: 1."
    )


def test_silence_differs_when_nothing_was_judged_or_nothing_asked() -> None:
    assert page(packed_app(), Caps()).silence.en.startswith("No clause could be judged")
    assert page(Sample("org.example").report(), Caps()).silence.en.startswith("No rule pack was used")


def test_verdicts_are_counted_by_status_in_order() -> None:
    counts = page(busy_app(), Caps()).statuses
    assert [status for status, _ in counts] == list(STATUSES)
    assert dict(counts) == {
        "violated": 2,
        "suspected": 4,
        "satisfied": 0,
        "not-applicable": 0,
        "not-assessed": 2,
    }


def test_findings_beyond_the_cap_are_counted_and_still_named() -> None:
    view = page(busy_app(), Caps(cards=1))
    assert (len(view.findings), view.hidden_findings) == (1, 4)
    assert len(view.phrases) == 5


def test_halved_caps_end_at_one() -> None:
    caps = Caps()
    for _ in range(20):
        caps = caps.halved()
    assert caps == caps.halved()
    assert caps.rows == 1
