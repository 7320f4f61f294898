from __future__ import annotations

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.tables import Sheet, clause_sheet, detector_sheet, sheets
from assaymark.render._view.words import Both, Code, Names, say
from golden.builder import Sample
from golden.samples import busy_app, clean_app, ordered_app, packed_app


def sheet(report: Report, name: str, caps: Caps | None = None) -> Sheet:
    return next(one for one in sheets(report, Names(report), caps or Caps()) if one.id == f"t-{name}")


def test_every_row_has_a_cell_for_each_head() -> None:
    for report in (clean_app(), busy_app(), packed_app()):
        names = Names(report)
        for one in [
            *sheets(report, names, Caps()),
            clause_sheet(report, names, Caps()),
            detector_sheet(report, Caps()),
        ]:
            assert all(len(row) == len(one.heads) for row in one.rows), one.id


def test_rows_beyond_the_cap_are_counted() -> None:
    sample = Sample("org.example")
    for number in range(30):
        sample.add("endpoint", "x", url=f"https://h{number}/", host=f"h{number}", scheme="https", owner="app")
    found = sheet(sample.report(), "endpoint", Caps(rows=10))
    assert (len(found.rows), found.total, found.more) == (10, 30, 20)


def test_addresses_of_one_host_are_one_row() -> None:
    sample = Sample("org.example")
    for number in range(3):
        use, reachable = ("network-call", True) if number == 1 else ("constant", False)
        url = f"https://h/{number}"
        sample.add("endpoint", "x", url=url, host="h", scheme="https", owner="app", use=use, reachable=reachable)
    found = sheet(sample.report(), "endpoint")
    (row,) = found.rows
    cells = dict(zip((head.en for head in found.heads), row, strict=True))
    assert cells["Addresses"] == Both("3", "3")
    assert (cells["Use"], cells["Reachable"]) == (say("render.use.network-call"), say("render.yes"))


def test_a_masked_secret_is_shown_as_it_is() -> None:
    sample = Sample("org.example")
    sample.add("secret", "x", kind="private-key", masked="MIIB…90…9w", length=96, use="file", owner="app")
    (row,) = sheet(sample.report(), "secret").rows
    assert row[:2] == (say("secret.private-key"), Code("MIIB…90…9w"))


def test_components_open_to_others_come_first() -> None:
    sample = Sample("org.example")
    sample.add("component", "x", kind="activity", name="a.Shut", owner="app", exported=False)
    sample.add("component", "x", kind="activity", name="z.Open", owner="app", exported=True, exported_by="stated")
    rows = sheet(sample.report(), "component").rows
    assert [row[0] for row in rows] == [Code("z.Open"), Code("a.Shut")]


def test_a_setting_is_explained() -> None:
    rows = {row[0].of("en"): row for row in sheet(busy_app(), "setting").rows if isinstance(row[0], Both)}
    cleartext = rows["Cleartext traffic"]
    assert cleartext[3] == Both("削弱保护", "weakens protection")
    assert isinstance(cleartext[4], Both)
    assert cleartext[4].en.startswith("Decides whether")


def test_the_other_clauses_are_listed_with_their_claim() -> None:
    found = clause_sheet(busy_app(), Names(busy_app()), Caps())
    assert found.total == 2
    assert {row[3] for row in found.rows} == {Both("未评估", "not assessed")}


def test_a_failed_detector_shows_its_problem() -> None:
    rows = detector_sheet(packed_app(), Caps()).rows
    assert rows[0][1] == Both("失败", "failed")
    assert rows[0][3] == Both("the code could not be read", "the code could not be read")


def test_sdks_are_compared_with_the_policys_list_only_where_there_is_one() -> None:
    assert "Named by the policy" not in [head.en for head in sheet(busy_app(), "sdk").heads]
    found = sheet(ordered_app(), "sdk")
    assert found.heads[-1].en == "Named by the policy"
    named = {row[0].of("en"): row[-1] for row in found.rows if isinstance(row[0], Both)}
    assert named["Umeng Analytics"] == Both("是", "yes")
    assert named["JPush"] == Both("否", "no")
