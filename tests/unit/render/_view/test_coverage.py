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


def test_reasons_in_the_package_come_first_and_those_that_hide_everything_before_others() -> None:
    assert [(reason.kind, reason.total) for reason in coverage(packed_app()).reasons] == [
        ("detector-failed", True),
        ("packed", True),
        ("code-missing", False),
        ("dynamic-loading", False),
        ("native-code", False),
        ("quantum-fog", False),
        ("no-policy-given", True),
        ("not-implemented-flow", True),
        ("not-implemented-consent", False),
    ]


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


def test_a_packer_is_named_and_a_file_too() -> None:
    sample = Sample("org.example")
    sample.add("gap", "", kind="packed", reason="Tencent Legu", weight="total")
    sample.add("gap", "", kind="hidden-code", reason="r", member="assets/a.bin", weight="partial")
    said = {one.kind: one.sentence for one in coverage(sample.report()).reasons}
    assert said["packed"].zh == "应用经过加固，真实代码没有读到（Tencent Legu）"
    assert said["hidden-code"].en.endswith("(assets/a.bin)")


def test_what_hides_in_the_package_is_apart_from_what_the_inspection_lacks() -> None:
    found = coverage(packed_app())
    assert found.here + found.everywhere == found.reasons
    assert {one.kind for one in found.everywhere} == {
        "no-policy-given",
        "not-implemented-flow",
        "not-implemented-consent",
    }


def test_every_clause_without_an_answer_is_named_under_its_reason() -> None:
    sample = Sample("org.example")
    for clause, reason in (
        ("app-method-6-1", "needs-policy"),
        ("pipl-17", "needs-policy"),
        ("app-method-3-1", "needs-run"),
        ("app-method-4-1", "a-reason-of-its-own"),
    ):
        sample.judge(clause, "not-assessed", [], reason=reason, zh="未评估。", en="Not assessed.")
    sample.judge("pipl-51-3", "not-assessed", [], reason="gap", zh="未评估。", en="Not assessed.", subject="jpush")
    sample.judge("pipl-51-3", "satisfied", [], zh="好。", en="Met.")
    whys = coverage(sample.report()).whys
    assert [(why.key, why.count) for why in whys] == [("needs-policy", 2), ("needs-run", 1), ("other", 1)]
    assert [title.en for _, title in whys[0].clauses] == ["Offers to cancel the account", "Tells who the handler is"]
    assert whys[0].name.zh == "须有隐私政策文本"
