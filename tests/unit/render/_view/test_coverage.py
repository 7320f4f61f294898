from __future__ import annotations

from assaymark.render._view.coverage import coverage
from golden.builder import Sample
from golden.samples import packed_app


def test_parts_stand_in_order_and_add_up() -> None:
    found = coverage(packed_app())
    assert [(part.id, part.count) for part in found.parts] == [
        ("decided", 2),
        ("indicated", 0),
        ("needs-run", 9),
        ("needs-person", 8),
        ("blocked", 19),
    ]
    assert found.total == 38


def test_a_part_of_a_later_version_is_shown_by_its_own_name() -> None:
    sample = Sample("org.example")
    sample.coverage["clauses"] = {"decided": 1, "needs-lab": 2}
    last = coverage(sample.report()).parts[-1]
    assert (last.id, last.name.en, last.pattern) == ("needs-lab", "needs-lab", "blocked")


def test_reasons_that_hide_everything_come_first() -> None:
    weights = [reason.total for reason in coverage(packed_app()).reasons]
    assert weights == sorted(weights, reverse=True)


def test_gaps_of_one_kind_are_one_reason() -> None:
    sample = Sample("org.example")
    for number, count in enumerate((3, None, 4)):
        sample.add("gap", "x", kind="native-code", member=f"lib{number}.so", reason="r", count=count, weight="partial")
    (reason,) = coverage(sample.report()).reasons
    assert (reason.count, reason.total) == (8, False)


def test_the_amount_of_code_is_told_with_its_damage() -> None:
    sample = Sample("org.example")
    sample.coverage["code"] = {"dex_files": 2, "code_methods": 5200, "reachable_methods": 31, "damaged": 3}
    code = coverage(sample.report()).code
    assert code is not None
    assert code.en.startswith("Code read: DEX files: 2; methods with code: 5,200, of which 31")
    assert code.en.endswith("not read: 3")


def test_a_report_without_code_says_nothing_of_it() -> None:
    sample = Sample("org.example")
    sample.coverage["code"] = {}
    assert coverage(sample.report()).code is None
