"""Every clause of every pack: its examples on both engines, and its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.judge import Clause, Pack, available_packs, check_pack, clause_texts, judge
from assaymark.judge.clause import common_reasons
from assaymark.judge.explain import LISTED
from assaymark.judge.lake import judge_lake, open_lake
from assaymark.model.schemas import ddl, sql_cell
from assaymark.model.tables import API_CALL, ARTIFACT, TABLES, Column, Row, Type
from assaymark.model.text import LANGUAGES

Evidence = Mapping[str, Sequence[Row]]


@cache
def packs() -> tuple[Pack, ...]:
    return tuple(check_pack(name) for name in available_packs())


def complete(evidence: Evidence) -> Evidence:
    """Give every app an artifact, as inspection does."""
    artifact = evidence.get(ARTIFACT.name) or (ARTIFACT.row("", "artifact-1"),)
    return {**evidence, ARTIFACT.name: artifact}


def fill_lake(connection: Any, apps: Mapping[str, Evidence]) -> None:
    for statement in ddl():
        if '"apps"' not in statement:
            connection.execute(statement)
    for table in TABLES.values():
        rows = [
            [app, *map(sql_cell, row)]
            for app, evidence in apps.items()
            for row in complete(evidence).get(table.name, ())
        ]
        if rows:
            connection.executemany(f'INSERT INTO "{table.name}" VALUES ({", ".join("?" * len(rows[0]))})', rows)


FACTS = Path(__file__).resolve().parents[2].parent / "shared/facts/regulations.yaml"
CJK = re.compile(r"[\u3400-\u9fff]")
FORBIDDEN = {
    "en": re.compile(
        r"\b(illegal\w*|unlawful\w*|lawful|safe|safely|compliant|complies|violat\w+|guarantee\w*)\b", re.I
    ),
    "zh": re.compile("违法|非法|合法|合规|安全|违反|保证|确保"),
}
CLAUSES = [pytest.param(pack, clause, id=f"{pack.id}/{clause.id}") for pack in packs() for clause in pack.clauses]


def _printed(clause: Clause) -> Iterator[tuple[str, str]]:
    """Everything of a clause that a verdict may print: the sentences of its reasons and its strongest claim."""
    for texts in [
        *clause.reasons.values(),
        *clause.words.values(),
        *([clause.safe_claim] if clause.safe_claim else []),
    ]:
        yield from texts.items()


@pytest.mark.parametrize(("pack", "clause"), CLAUSES)
def test_texts_are_in_both_languages_and_say_no_more_than_they_may(pack: Pack, clause: Clause) -> None:
    texts = [clause.title, clause.explain, clause.static_limit, clause.remedy, *clause.reasons.values()]
    texts += [one for one in (clause.safe_claim, clause.notice) if one]
    for one in texts:
        assert set(one) == set(LANGUAGES)
        assert CJK.search(one["zh"]), one["zh"]
        assert not CJK.search(one["en"]), one["en"]
        assert not re.search(r"[，。；：（）、]", one["en"]), one["en"]
        assert not re.search(r"[,;:] ", re.sub(r"[a-zA-Z:/.]+ ?[,;:] ?[a-zA-Z]*", "", one["zh"])), one["zh"]
    for language, sentence in _printed(clause):
        assert not FORBIDDEN[language].search(sentence), sentence
    for texts in [clause.explain, clause.static_limit, clause.remedy, *clause.reasons.values()]:
        assert texts["zh"].endswith(("。", "；"))
        assert texts["en"].endswith(".")


def test_common_reasons_have_both_languages() -> None:
    for texts in common_reasons().values():
        assert CJK.search(texts["zh"])
        assert not CJK.search(texts["en"])
        assert not any(FORBIDDEN[language].search(sentence) for language, sentence in texts.items())


def test_examples_say_the_same_on_both_engines() -> None:
    """All examples at once: each is an app of one lake, judged by every clause, on DuckDB and on SQLite."""
    examples = {
        f"{clause.id}/{place:02}": example.evidence
        for pack in packs()
        for clause in pack.clauses
        for place, example in enumerate(clause.examples)
    }
    assert examples
    connection = open_lake()
    fill_lake(connection, examples)
    lake: dict[str, list[object]] = {app: [] for app in examples}
    for verdict in judge_lake(connection, packs()):
        lake[verdict.pop("app")].append(verdict)
    for app, evidence in examples.items():
        assert lake[app] == judge(complete(evidence), packs(), app), app


def _words() -> list[str]:
    """The texts that queries look for: random evidence made of them reaches the branches of the queries."""
    found = {word for pack in packs() for clause in pack.clauses for word in re.findall(r"'([^'%]+)'", clause.sql)}
    return sorted(found | {"app", "com.example.A", "com.example.A$1", "", "it's", "权限"})


def _cells(column: Column) -> st.SearchStrategy[Any]:
    words = st.sampled_from(column.values or _words())
    made = {
        Type.TEXT: words,
        Type.INTEGER: st.integers(0, 40),
        Type.BOOLEAN: st.booleans(),
        Type.LIST: st.lists(st.sampled_from([*TABLES, *_words()]), max_size=3).map(tuple),
    }
    return st.none() | made[column.type]


@st.composite
def _evidence(draw: st.DrawFn) -> Evidence:
    evidence = {}
    for table in TABLES.values():
        cells = {column.name: _cells(column) for column in table.columns[2:]}
        rows = draw(st.lists(st.fixed_dictionaries(cells), max_size=3))
        evidence[table.name] = [table.row("", f"{table.name}-{place}", **row) for place, row in enumerate(rows)]
    return evidence


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(_evidence(), min_size=1, max_size=4))
def test_any_evidence_is_judged_the_same_on_both_engines(apps: list[Evidence]) -> None:
    named = {f"app-{place}": complete(evidence) for place, evidence in enumerate(apps)}
    connection = open_lake()
    fill_lake(connection, named)
    lake: dict[str, list[object]] = {app: [] for app in named}
    for verdict in judge_lake(connection, packs()):
        lake[verdict.pop("app")].append(verdict)
    for app, evidence in named.items():
        alone = judge(evidence, packs(), app)
        assert lake[app] == alone
        assert not [one["clause"] for one in alone if one["reason"] in ("clause-failed", "no-answer")]


@pytest.mark.parametrize(("pack", "clause"), CLAUSES)
def test_examples_fill_their_sentences(pack: Pack, clause: Clause) -> None:
    for example in clause.examples:
        (made,) = [one for one in judge(complete(example.evidence), [pack], "x") if one["clause"] == clause.id]
        assert (made["status"], made["reason"]) == (example.status, example.reason)
        assert "{" not in made["claim"] + made["claim_zh"]
        assert CJK.search(made["claim_zh"])
        if made["status"] in ("violated", "suspected") and made["reason"] != "no-reference":
            assert made["evidence"], "a finding without evidence"


def test_the_2019_method_is_there_whole() -> None:
    (pack,) = [pack for pack in packs() if pack.id == "cn-app-rules"]
    items = {1: 4, 2: 4, 3: 9, 4: 6, 5: 3, 6: 5}
    expected = [f"app-method-{part}-{item}" for part, count in items.items() for item in range(1, count + 1)]
    assert [clause.id for clause in pack.clauses if clause.instrument == "app-method-2019"] == expected
    assert len(expected) == 31


def test_enough_clauses_answer_from_the_package_alone() -> None:
    (pack,) = [pack for pack in packs() if pack.id == "cn-app-rules"]
    later = {"flow", "disclosed_sdk", "statement"}  # filled by analyses that are to come
    answered = {
        clause.id
        for clause in pack.clauses
        for example in clause.examples
        if example.status != "not-assessed" and not later & set(example.evidence)
        if all(API_CALL.cell(row, "consent") in (None, "unknown") for row in example.evidence.get("api_call", ()))
    }
    assert len(answered) >= 14, sorted(answered)


@pytest.mark.skipif(not FACTS.is_file(), reason="the regulatory facts are not beside the repository")
def test_every_clause_is_in_the_facts() -> None:
    yaml = pytest.importorskip("yaml")
    facts = yaml.safe_load(FACTS.read_text(encoding="utf-8"))
    known = {fact["id"]: fact for fact in facts["clauses"]}
    phrases = {phrase["zh"]: set(phrase["clauses"]) for phrase in facts["notice_phrases"]["phrases"]}
    for pack in packs():
        for instrument in pack.instruments.values():
            fact = facts["instruments"][instrument.id]
            assert instrument.name["zh"] == fact["name_zh"]
            assert instrument.number in fact["number"]
            assert instrument.official_url == fact.get("official_url", "")
        for clause in pack.clauses:
            assert clause.instrument == known[clause.id]["instrument"]
            if known[clause.id]["verdict_from_static"] == "not-decidable":
                assert clause.decides in ("needs-run", "needs-person")
            if clause.notice:
                assert clause.notice["zh"] in phrases, clause.id


def test_data_categories_of_the_queries_exist() -> None:
    catalog = Path(str(files("assaymark"))) / "catalog" / "data.toml"
    if not catalog.is_file():
        pytest.skip("the catalog of data categories is not here")
    tree = tomli.loads(catalog.read_text(encoding="utf-8"))
    known = {row["id"] for group in tree["group"] for row in group["rows"]}
    for pack in packs():
        for clause in pack.clauses:
            for listed in re.findall(r"\bdata IN \(([^)]*)\)", clause.sql):
                assert set(re.findall(r"'([^']+)'", listed)) <= known, clause.id


def test_no_id_is_used_twice_across_packs() -> None:
    counted = Counter(clause.id for pack in packs() for clause in pack.clauses)
    assert not [name for name, count in counted.items() if count > 1]
    assert set(clause_texts(packs())) == set(counted)


def test_judging_is_deterministic() -> None:
    evidence = {
        name: tuple(
            row
            for clause in packs()[0].clauses
            for example in clause.examples
            for row in example.evidence.get(name, ())
        )
        for name in ("permission", "api_call", "setting", "sdk", "component")
    }
    forward = judge(complete(evidence), packs(), "x")
    backward = judge(complete({name: rows[::-1] for name, rows in evidence.items()}), packs(), "x")
    assert forward == backward
    long = [one for one in forward if len(one["params"].get("permissions", ())) > LISTED]
    assert all("more" in one["claim"] for one in long)
