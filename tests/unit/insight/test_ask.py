"""Questions read the lake and nothing else; the ready ones say what their columns hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.insight import ask, load_question, load_questions
from assaymark.insight.question import Question, parse
from assaymark.lake import connect
from assaymark.model.errors import AskError
from lakes import run_batch, write_apps

pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("lake")
    apps = write_apps(folder / "in", 12)
    (apps / "noise.apk").write_bytes(b"noise")
    run_batch(apps, folder / "lake")
    with connect(folder / "lake") as opened:
        yield opened


REFUSED = {
    "CREATE TABLE x (a INT)": "not-a-select",
    "INSERT INTO permission SELECT * FROM permission": "not-a-select",
    "DELETE FROM permission": "not-a-select",
    "DROP VIEW permission": "not-a-select",
    "COPY apps TO 'out.csv'": "not-a-select",
    "ATTACH 'x.db'": "not-a-select",
    "INSTALL httpfs": "not-a-select",
    "SET threads = 1": "not-a-select",
    "PRAGMA database_list": "not-a-select",
    "CALL pragma_version()": "not-a-select",
    "EXPORT DATABASE 'x'": "not-a-select",
    "SELECT 1; SELECT 2": "not-a-select",
    "SELECT 1; DROP VIEW permission": "not-a-select",
    "": "not-a-select",
    "not sql at all": "not-a-select",
    "SELECT * FROM read_parquet('permission/*.parquet')": "no-source",
    "SELECT * FROM read_text('/etc/passwd')": "no-source",
    "SELECT * FROM glob('/*')": "no-source",
    "SELECT * FROM apps WHERE app IN (SELECT content FROM read_text('/etc/passwd'))": "no-source",
    "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM x": "no-source",
    "SELECT (SELECT count(*) FROM duckdb_settings())": "no-source",
    "SELECT getenv('HOME')": "no-source",
    "SELECT * FROM '/etc/passwd'": "no-table",
    "SELECT * FROM 'https://example.org/a.parquet'": "no-table",
    "SELECT * FROM information_schema.tables": "no-table",
    "SELECT * FROM nowhere": "no-table",
    "SELECT nothing FROM apps": "failed",
    "SELECT $value": "failed",
}


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_does_more_than_read_the_lake_is_refused(
    connection: Any, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AskError) as caught:
        ask(connection, query)
    assert caught.value.reason == REFUSED[query]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM apps",
        "FROM apps SELECT count(*)",
        "WITH few AS (SELECT app FROM Outcome WHERE status = 'inspected') SELECT count(*) FROM few",
        "SELECT count(*) FROM (SELECT app FROM apps UNION ALL SELECT app FROM outcome WHERE size < 0)",
        "SELECT 12 FROM range(1)",
    ],
)
def test_what_only_reads_is_answered(connection: Any, query: str) -> None:
    assert ask(connection, query).rows == [(12,)]


def test_deep_nesting_is_an_answer_or_a_refusal(connection: Any) -> None:
    with pytest.raises(AskError):
        ask(connection, "SELECT " + "(" * 5000 + "1" + ")" * 5000)


GIVEN = {"data": "imei", "sdk": "jpush", "name": "App 3"}


@pytest.mark.parametrize("question", load_questions(), ids=lambda question: question.id)
def test_ready_questions_run_and_name_their_columns(connection: Any, question: Question) -> None:
    given = {parameter.name: GIVEN[parameter.name] for parameter in question.parameters}
    table = ask(connection, question.sql, question.fill(given))
    assert list(table.columns) == list(question.columns)
    assert question.bar in ("", *question.columns)
    for texts in (question.title, question.explain, *question.columns.values()):
        assert texts["zh"] != texts["en"] or texts["en"] == "SHA-256"
        assert texts["zh"]
        assert texts["en"]


def test_answers_are_those_of_the_apps(connection: Any) -> None:
    camera = sum(1 for number in range(12) if number >> 1 & 1)
    unused = ask(connection, load_question("permissions-unused").sql).rows
    assert ("android.permission.CAMERA", camera, camera) in unused
    assert ask(connection, load_question("refused").sql).rows == [("not-a-package", 1, "noise.apk")]
    assert [row[0] for row in ask(connection, load_question("app").sql, {"name": "App 11"}).rows] == [
        "org.example.app11"
    ]


def test_parameters_are_named_and_needed() -> None:
    question = load_question("who-reads")
    with pytest.raises(AskError) as caught:
        question.fill({})
    assert caught.value.reason == "missing-parameter"
    with pytest.raises(AskError) as caught:
        question.fill({"data": "imei", "more": "x"})
    assert caught.value.reason == "unknown-parameter"
    with pytest.raises(AskError) as caught:
        load_question("what")
    assert caught.value.reason == "unknown-question"


def test_a_file_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="no head"):
        parse("x", "SELECT 1")
