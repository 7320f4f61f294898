from __future__ import annotations

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.lanes import Timeline, timeline
from assaymark.render._view.words import Names
from golden.builder import Sample
from golden.samples import busy_app, clean_app, ordered_app

API = "android.telephony.TelephonyManager.getImei"


def drawn(report: Report, caps: Caps | None = None) -> Timeline:
    return timeline(report, Names(report), caps or Caps())


def test_no_order_is_drawn_where_none_was_analysed() -> None:
    found = drawn(busy_app())
    assert not found.ordered
    assert [station.en for station in found.stations] == ["provider", "activity", "other reachable", "no path seen"]
    assert found.gates == ()


def test_inner_classes_stand_with_their_component() -> None:
    found = drawn(busy_app())
    lane = found.lanes[0]
    assert lane.owner.id == "app"
    assert [mark.calls if mark else 0 for mark in lane.marks] == [1, 1, 1, 0]


def test_a_known_order_is_drawn_with_its_gate() -> None:
    found = drawn(ordered_app())
    assert found.ordered
    assert [station.en for station in found.stations] == [
        "before consent",
        "after consent",
        "no gate seen",
        "order unknown",
    ]
    assert found.gates == ("com.example.daily.Consent.agreed()Z",)
    umeng = next(lane for lane in found.lanes if lane.owner.id == "umeng-analytics")
    assert [mark.calls if mark else 0 for mark in umeng.marks] == [2, 0, 0, 0]


def test_a_state_that_nobody_defined_counts_as_unknown() -> None:
    sample = Sample("org.example")
    sample.call("imei", API, "app", "a.B.c", consent="before")
    sample.call("imei", API, "app", "a.B.d", consent="maybe")
    found = drawn(sample.report())
    assert [station.en for station in found.stations] == ["before consent", "after consent", "order unknown"]


def test_sensitive_marks_are_told_apart() -> None:
    sample = Sample("org.example")
    sample.call("imei", API, "app", "a.B.c")
    sample.call("clipboard", API, "jpush", "a.B.d")
    marks = {lane.owner.id: lane.marks[0] for lane in drawn(sample.report()).lanes}
    assert [marks[one] and marks[one].sensitive for one in ("app", "jpush")] == [True, False]  # type: ignore[union-attr]


def sdk_call(sample: Sample, sdk: str, role: str, consent: str) -> None:
    sample.add("sdk_call", f"classes.dex:{sdk}.{role}", sdk=sdk, role=role, api=API, owner="app", consent=consent)


def test_an_sdk_has_a_lane_for_what_is_done_with_it() -> None:
    sample = Sample("org.example")
    sample.call("imei", API, "app", "a.B.c", consent="after")
    sdk_call(sample, "jpush", "pre-init", "before")
    sdk_call(sample, "jpush", "init", "after")
    sdk_call(sample, "jpush", "consent", "after")
    sdk_call(sample, "jpush", "switch", "after")
    found = drawn(sample.report())
    assert [(lane.owner.id, [mark and mark.steps for mark in lane.marks]) for lane in found.lanes] == [
        ("app", [None, ()]),
        ("jpush", [(("prepare", 1),), (("start", 1), ("decide", 2))]),
    ]
    assert found.steps == ("start", "prepare", "decide")


def test_who_is_started_before_consent_stands_above_who_is_busy() -> None:
    sample = Sample("org.example")
    for number in range(5):
        sample.call("imei", API, "umeng-analytics", f"a.B{number}.c", consent="after")
    sdk_call(sample, "pangle", "init", "before")
    sample.call("imei", API, "jpush", "a.D.c", consent="after")
    lanes = drawn(sample.report(), Caps(columns=2)).lanes
    assert [lane.owner.id for lane in lanes] == ["pangle", "umeng-analytics"]


def test_an_order_of_starts_alone_is_drawn() -> None:
    sample = Sample("org.example")
    sdk_call(sample, "jpush", "auto-init", "before")
    found = drawn(sample.report())
    assert found.ordered
    assert [mark and mark.steps for mark in found.lanes[0].marks] == [(("start", 1),), None]


def test_no_calls_no_lanes() -> None:
    assert drawn(clean_app()).lanes == ()


def test_owners_beyond_the_cap_are_counted() -> None:
    sample = Sample("org.example")
    for number in range(9):
        sample.call("imei", API, f"sdk-{number}", f"a.B{number}.c")
    found = drawn(sample.report(), Caps(columns=4))
    assert (len(found.lanes), found.hidden) == (4, 5)
