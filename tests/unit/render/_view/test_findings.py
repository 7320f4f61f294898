from __future__ import annotations

import tomli

from assaymark.model.report import Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.findings import Finding, filters, findings, phrases
from assaymark.render._view.places import Ledger
from assaymark.render._view.words import Names
from golden.builder import Sample

API = "android.telephony.TelephonyManager.getImei"


def found(report: Report, caps: Caps | None = None) -> list[Finding]:
    names = Names(report)
    return findings(report, names, Ledger(report, names), caps or Caps())


def sample_with_calls(count: int = 2) -> tuple[Sample, list[str]]:
    sample = Sample("org.example")
    return sample, [sample.call("imei", API, "app", f"org.example.C{number}.m") for number in range(count)]


def test_only_found_and_indicated_verdicts_are_findings() -> None:
    sample, calls = sample_with_calls()
    for status in ("satisfied", "not-applicable", "not-assessed"):
        sample.judge("pipl-17", status, calls)
    assert found(sample.report()) == []


def test_clauses_over_the_same_evidence_are_told_once() -> None:
    sample, calls = sample_with_calls()
    sample.judge("app-method-3-1", "suspected", calls)
    sample.judge("miit164-1", "suspected", list(reversed(calls)))
    (one,) = found(sample.report())
    assert [clause.id for clause in one.clauses] == ["app-method-3-1", "miit164-1"]


def test_other_evidence_or_another_subject_is_another_finding() -> None:
    sample, calls = sample_with_calls()
    sample.judge("app-method-3-1", "suspected", calls)
    sample.judge("miit164-1", "suspected", calls[:1])
    sample.judge("miit164-1", "suspected", calls, subject="jpush")
    assert len(found(sample.report())) == 3


def test_clauses_without_evidence_stay_apart() -> None:
    sample = Sample("org.example")
    sample.judge("pipl-17", "violated", [])
    sample.judge("app-method-6-1", "violated", [])
    assert len(found(sample.report())) == 2


def test_the_most_serious_comes_first() -> None:
    sample, calls = sample_with_calls(3)
    sample.judge("pipl-51-3", "violated", calls[:1])
    sample.judge("app-method-3-1", "suspected", calls[1:2])
    sample.judge("miit164-1", "violated", calls[2:])
    assert [(one.severity, one.status) for one in found(sample.report())] == [
        ("high", "violated"),
        ("high", "suspected"),
        ("low", "violated"),
    ]


def test_what_is_indicated_is_never_counted_as_found() -> None:
    sample, calls = sample_with_calls()
    sample.judge("app-method-4-1", "violated", calls[:1])
    sample.judge("app-method-4-1", "suspected", calls[1:], subject="jpush")
    said = phrases(found(sample.report()))
    assert [(one.notice.zh, one.status, one.count) for one in said] == [
        ("超范围收集个人信息", "violated", 1),
        ("超范围收集个人信息", "suspected", 1),
    ]


def test_each_notice_phrase_of_one_finding_is_named() -> None:
    sample, calls = sample_with_calls()
    sample.judge("app-method-3-1", "suspected", calls)
    sample.judge("app-method-4-1", "suspected", calls)
    sample.judge("pipl-17", "suspected", calls)  # no phrase of its own: a chip beside the others
    said = phrases(found(sample.report()))
    assert [one.notice.zh for one in said] == ["违规收集个人信息", "超范围收集个人信息"]
    assert [chip.zh for chip in said[0].chips] == ["认定方法 3.1", "认定方法 17"]


def test_a_phrase_names_the_owners_of_its_evidence() -> None:
    sample, calls = sample_with_calls(1)
    calls.append(sample.call("imei", API, "jpush", "cn.jpush.A.b"))
    sample.judge("app-method-3-1", "suspected", calls)
    (one,) = phrases(found(sample.report()))
    assert [owner.id for owner in one.owners] == ["app", "jpush"]


def test_places_beyond_the_cap_are_counted() -> None:
    sample, calls = sample_with_calls(9)
    sample.judge("app-method-3-1", "suspected", calls)
    (one,) = found(sample.report(), Caps(places=4))
    assert (len(one.places), one.more) == (4, 5)


def test_evidence_that_the_report_lacks_is_left_out() -> None:
    sample, calls = sample_with_calls(1)
    sample.judge("app-method-3-1", "suspected", [*calls, "api_call-000000000000"])
    (one,) = found(sample.report())
    assert [place.id for place in one.places] == calls


def test_the_reference_names_clause_subject_and_evidence() -> None:
    sample, calls = sample_with_calls(1)
    sample.judge("app-method-3-1", "suspected", calls, subject="jpush")
    (one,) = found(sample.report())
    (entry,) = tomli.loads(one.reference)["accept"]
    assert entry == {"clause": "app-method-3-1", "subject": "jpush", "evidence": [calls[0]], "reason": ""}


def test_filter_tokens_never_hold_a_foreign_string() -> None:
    sample, _ = sample_with_calls()
    calls = [sample.call("imei", API, 'x" onclick="y', "a.B.c")]
    sample.judge("app-method-3-1", "suspected", calls)
    made = found(sample.report())
    choice = filters(made)
    assert choice.owner_tokens(made[0]) == "o0 o1"
    assert choice.clause_tokens(made[0]) == "c0"


def test_each_clause_keeps_its_own_claim() -> None:
    sample, calls = sample_with_calls()
    sample.judge("app-method-3-1", "violated", calls, en="Seen on a path.")
    sample.judge("miit164-1", "suspected", calls, en="Seen somewhere.")
    (one,) = found(sample.report())
    assert [(clause.claim.en, clause.status) for clause in one.clauses] == [
        ("Seen on a path.", "violated"),
        ("Seen somewhere.", "suspected"),
    ]


def test_the_packs_own_citation_is_the_chip() -> None:
    sample, calls = sample_with_calls()
    sample.judge("pipl-17", "violated", calls)
    report = sample.report()
    report.clauses["pipl-17"] = {
        **report.clauses["pipl-17"],
        "cite": {"zh": "《个保法》第十七条", "en": "PIPL, Art. 17"},
    }
    (one,) = found(report)
    assert one.clauses[0].chip.zh == "《个保法》第十七条"


def test_a_clause_that_no_notice_names_is_told_by_its_title() -> None:
    sample, calls = sample_with_calls()
    sample.judge("pipl-17", "violated", calls)
    (one,) = found(sample.report())
    assert one.title.en == "Clause: Tells who the handler is"


def test_a_clause_without_texts_is_told_by_its_id() -> None:
    sample, calls = sample_with_calls()
    sample.judge("pipl-17", "violated", calls)
    report = sample.report()
    report.clauses.clear()
    (one,) = found(report)
    assert one.title.zh == "条款：pipl-17"
