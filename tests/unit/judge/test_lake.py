"""Clauses over many apps on DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assaymark.judge import Pack, load_pack
from assaymark.judge.lake import judge_lake, open_lake
from assaymark.model.errors import UsageError
from assaymark.model.schemas import ddl

duckdb = pytest.importorskip("duckdb")

Writer = Callable[..., Path]


@pytest.fixture
def lake(tmp_path: Path) -> dict[str, str]:
    """Three apps as Parquet files in two parts: one asks, one does not, one has a gap."""
    writer = duckdb.connect()
    for statement in ddl():
        writer.execute(statement)
    writer.execute(
        "INSERT INTO artifact (app, id) VALUES ('a', 'artifact-1'), ('b', 'artifact-1'), ('c', 'artifact-1')"
    )
    writer.execute(
        "INSERT INTO permission (app, id, name, requested) VALUES ('a', 'p1', 'CAMERA', true), ('b', 'p1', 'X', NULL)"
    )
    writer.execute("""INSERT INTO gap (app, id, hides) VALUES ('c', 'gap-1', '["permission", "sdk"]')""")
    globs = {}
    for name in ("artifact", "permission", "gap"):
        folder = tmp_path / "lake's" / name / "part=1"
        folder.mkdir(parents=True)
        for app in "abc":
            path = str(folder / f"{app}.parquet").replace("'", "''")
            writer.execute(f"COPY (SELECT * FROM {name} WHERE app = '{app}') TO '{path}' (FORMAT parquet)")
        globs[name] = str(folder.parent / "*" / "*.parquet")
    return globs


@pytest.fixture
def pack(write_pack: Writer) -> Pack:
    return load_pack(write_pack())


def test_every_app_gets_a_verdict(lake: dict[str, str], pack: Pack) -> None:
    found = list(judge_lake(open_lake(lake), [pack]))
    assert [(one["app"], one["status"], one["reason"], one["evidence"]) for one in found] == [
        ("a", "suspected", "asked", ["p1"]),
        ("b", "satisfied", "none", []),
        ("c", "not-assessed", "gap", ["gap-1"]),
    ]
    assert found[0]["claim"] == "Asks for CAMERA."
    assert found[2]["params"] == {"count": 1}


def test_only_some_statuses(lake: dict[str, str], pack: Pack) -> None:
    assert [one["app"] for one in judge_lake(open_lake(lake), [pack], only=("suspected", "violated"))] == ["a"]
    assert list(judge_lake(open_lake(lake), [pack], only=())) == []


def test_the_lake_reads_its_own_files_and_nothing_else(lake: dict[str, str], tmp_path: Path) -> None:
    connection = open_lake(lake)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    for query in (f"SELECT * FROM read_csv('{secret}')", "INSTALL httpfs", f"COPY gap TO '{tmp_path}/out.csv'"):
        with pytest.raises(duckdb.Error, match="Permission"):
            connection.execute(query)
    with pytest.raises(duckdb.Error, match="locked"):
        connection.execute("SET enable_external_access = true")


def test_a_table_that_is_not_evidence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such evidence table: grants"):
        open_lake({"grants": str(tmp_path / "*.parquet")})


def test_a_lake_without_files_is_empty(pack: Pack) -> None:
    assert list(judge_lake(open_lake(), [pack])) == []
