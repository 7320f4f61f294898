from __future__ import annotations

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.datamap import DataMap, data_map
from assaymark.render._view.places import Ledger
from assaymark.render._view.words import Names
from golden.builder import Sample
from golden.samples import busy_app, ordered_app

API = "android.telephony.TelephonyManager.getImei"


def mapped(report: Report, caps: Caps | None = None) -> DataMap:
    names = Names(report)
    return data_map(report, names, Ledger(report, names), caps or Caps())


def test_sensitive_rows_come_first_and_the_app_is_the_first_column() -> None:
    found = mapped(busy_app())
    marks = [line.sensitive for line in found.lines]
    assert marks == sorted(marks, reverse=True)
    assert found.owners[0].id == "app"


def test_a_cell_counts_calls_and_reachable_ones() -> None:
    sample = Sample("org.example")
    for number in range(5):
        sample.call("imei", API, "app", f"org.example.C{number}.m", reachable=number < 2)
    (line,) = mapped(sample.report()).lines
    assert line.spots[0] is not None
    assert (line.spots[0].calls, line.spots[0].reachable) == (5, 2)


def test_an_order_that_was_not_analysed_is_in_no_cell() -> None:
    found = mapped(busy_app())
    assert not found.order_known
    assert all(not spot.consent for line in found.lines for spot in line.spots if spot)


def test_known_orders_are_counted_by_kind() -> None:
    found = mapped(ordered_app())
    assert found.order_known
    line = next(one for one in found.lines if one.id == "installed-apps")
    states = {owner.id: spot.consent for owner, spot in zip(found.owners, line.spots, strict=True) if spot}
    assert states["jpush"] == (("before", 1),)
    assert states["pangle"] == (("after", 1),)


def test_what_the_maker_documents_is_marked_apart_from_calls() -> None:
    found = mapped(busy_app())
    line = next(one for one in found.lines if one.id == "imei")
    spot = dict(zip((owner.id for owner in found.owners), line.spots, strict=True))["pangle"]
    assert spot is not None
    assert (spot.calls, spot.documented) == (0, True)


def test_nothing_is_said_of_the_policy_where_nothing_was_compared() -> None:
    assert all(spot.named is None for line in mapped(busy_app()).lines for spot in line.spots if spot)


def test_an_sdk_list_says_nothing_of_the_apps_own_reads() -> None:
    found = mapped(ordered_app())
    line = next(one for one in found.lines if one.id == "android-id")
    named = {owner.id: spot.named for owner, spot in zip(found.owners, line.spots, strict=True) if spot}
    assert named == {"app": None, "jpush": False, "umeng-analytics": True, "pangle": False}


def test_recipients_of_flows_stand_in_the_cell() -> None:
    found = mapped(ordered_app())
    line = next(one for one in found.lines if one.id == "imei")
    assert ["ulogs.umeng.example"] in [[one.en for one in spot.recipients] for spot in line.spots if spot]


def test_the_list_of_places_has_one_bound_for_the_whole_map() -> None:
    sample = Sample("org.example")
    for number in range(100):
        sample.call("imei" if number % 2 else "android-id", API, "app", f"org.example.C{number}.m")
    found = mapped(sample.report(), Caps(places=6, listed=8))
    spots = [line.spots[0] for line in found.lines]
    assert sum(len(spot.places) for spot in spots if spot) == 8
    assert sum(len(spot.places) + spot.more for spot in spots if spot) == 100


def test_columns_and_rows_beyond_the_caps_are_counted() -> None:
    sample = Sample("org.example")
    for number in range(10):
        sample.call(f"data-{number}", API, f"sdk-{number}", f"org.example.C{number}.m")
    found = mapped(sample.report(), Caps(columns=3, categories=4))
    assert (len(found.owners), found.hidden_owners) == (3, 7)
    assert (len(found.lines), found.hidden_lines) == (4, 6)
