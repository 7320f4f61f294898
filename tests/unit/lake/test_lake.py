"""What a lake promises to those who read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assaymark.lake import OUTCOME, connect, read_index
from assaymark.lake.index import Commit, commit_shard, sweep
from assaymark.lake.layout import LAKE_TABLES, Lake, draft_files
from assaymark.lake.shard import write_merged, write_staged
from assaymark.lake.staged import Staged, leftovers, place, read_staged, stage, table_lines
from assaymark.model.errors import LakeError
from assaymark.model.schemas import column_types
from assaymark.model.tables import PERMISSION, SDK

duckdb = pytest.importorskip("duckdb")

VERSIONS = "f" * 64


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(tmp_path / "some lake's")
    made.create()
    return made


def _staged(app: str, permission: str = "CAMERA") -> Staged:
    asked = PERMISSION.row("at", "p1", name=permission, requested=True, data=("imei", "位置"))
    return Staged(app, 7, "inspected", "", "", {"permission": table_lines(PERMISSION, [asked], app)})


def _draft(lake: Lake, number: str, *staged: Staged) -> Commit:
    for one in staged:
        stage(lake, VERSIONS, one, f"{one.app}.apk")
    rows = write_staged(
        lake, f"{number}-1", [place(lake, VERSIONS, one.app) for one in staged], VERSIONS, read_index(lake)
    )
    return Commit(number, rows, {VERSIONS: tuple(one.app for one in staged)}, {}, {VERSIONS: {}})


def _add(lake: Lake, number: str, *staged: Staged) -> None:
    commit = _draft(lake, number, *staged)
    commit_shard(lake, commit, draft_files(f"{number}-1", commit.tables))


def _asked(lake: Lake) -> list[tuple[str, str]]:
    with connect(lake.folder) as connection:
        found: list[tuple[str, str]] = connection.execute("SELECT app, name FROM permission ORDER BY ALL").fetchall()
    return found


def test_cells_come_back_as_clauses_read_them(lake: Lake) -> None:
    _add(lake, "000001", _staged("a"))
    with connect(lake.folder) as connection:
        row = connection.execute("SELECT app, id, name, requested, max_sdk, data FROM permission").fetchone()
        assert row == ("a", "p1", "CAMERA", True, None, '["imei", "位置"]')
        assert connection.execute("SELECT app FROM apps").fetchall() == [("a",)]
        for table in LAKE_TABLES.values():
            columns = [name for name, *_ in connection.execute(f'DESCRIBE "{table.name}"').fetchall()]
            assert columns == list(column_types(table))


def test_foreign_text_survives_or_is_made_whole(lake: Lake) -> None:
    names = ["nul\x00inside", 'quote " and \\', "half \ud800 pair", "\U0001f600", "line\nbreak"]
    rows = [PERMISSION.row("", f"p{number}", name=name) for number, name in enumerate(names)]
    _add(lake, "000001", Staged("a", 1, "inspected", "", "", {"permission": table_lines(PERMISSION, rows, "a")}))
    with connect(lake.folder) as connection:
        found = [name for (name,) in connection.execute("SELECT name FROM permission ORDER BY id").fetchall()]
    assert found == [name.encode("utf-8", "replace").decode() for name in names]


def test_files_without_a_commit_record_do_not_exist(lake: Lake) -> None:
    _add(lake, "000001", _staged("a"))
    commit = _draft(lake, "000002", _staged("b"))
    for table, draft in draft_files("000002-1", commit.tables).items():  # all of `commit_shard` but its last step
        (lake.drafts / draft).rename(lake.parquet(table, "000002"))
    (lake.commits / "000002.draft").write_text(commit.to_json()[:40], encoding="utf-8")
    assert _asked(lake) == [("a", "CAMERA")]
    sweep(lake, read_index(lake))
    assert {path.stem for path in lake.folder.glob("*/*.parquet")} == {"000001"}
    assert list(lake.commits.glob("*.draft")) == []


def test_the_last_commit_of_an_app_counts_before_and_after_merging(lake: Lake) -> None:
    _add(lake, "000001", _staged("a", "OLD"), _staged("b"))
    _add(lake, "000002", _staged("a", "NEW"), _staged("c"))
    expected = [("a", "NEW"), ("b", "CAMERA"), ("c", "CAMERA")]
    assert _asked(lake) == expected
    index = read_index(lake)
    assert index.superseded("000001") == ("a",)
    rows = write_merged(lake, "000003-1", index, ["000001", "000002"])
    commit_shard(lake, index.merged("000003", rows, ["000001", "000002"]), draft_files("000003-1", rows))
    assert _asked(lake) == expected  # the old shards still lie there
    sweep(lake, read_index(lake))
    assert _asked(lake) == expected
    assert [path.name for path in lake.commits.iterdir()] == ["000003.json"]


def test_an_open_lake_does_not_change_under_its_reader(lake: Lake) -> None:
    _add(lake, "000001", _staged("a"))
    with connect(lake.folder) as connection:
        _add(lake, "000002", _staged("b"))
        assert connection.execute("SELECT app FROM permission").fetchall() == [("a",)]
    assert _asked(lake) == [("a", "CAMERA"), ("b", "CAMERA")]


def test_shards_of_an_earlier_version_lack_columns_and_still_read(lake: Lake) -> None:
    _add(lake, "000001", _staged("a"))
    path = str(lake.parquet("permission", "000001")).replace("'", "''")
    duckdb.connect().execute(
        f"COPY (SELECT app, id, name, 1 AS gone FROM read_parquet('{path}')) TO '{path}' (FORMAT parquet)"
    )
    with connect(lake.folder) as connection:
        assert connection.execute("SELECT name, requested FROM permission").fetchall() == [("CAMERA", None)]
        assert "gone" not in [name for name, *_ in connection.execute("DESCRIBE permission").fetchall()]


def test_the_connection_reaches_nothing_else(lake: Lake, tmp_path: Path) -> None:
    _add(lake, "000001", _staged("a"))
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    with connect(lake.folder) as connection:
        for query in (
            f"SELECT * FROM read_csv('{secret}')",
            f"COPY apps TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'other.db'}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv", "some lake's"]


def test_what_was_staged_is_found_again_and_the_rest_removed(lake: Lake) -> None:
    for app in ("a", "b", "c"):
        stage(lake, VERSIONS, _staged(app), "x.apk")
    stage(lake, "0" * 64, _staged("d"), "x.apk")
    place(lake, VERSIONS, "b").write_bytes(b"cut off")
    assert leftovers(lake, VERSIONS, committed={"c": ""}) == {"a": ""}
    assert [path.name for path in lake.staging.rglob("*.json")] == ["a.json"]
    assert read_staged(place(lake, VERSIONS, "a")) == ("x.apk", _staged("a"))


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "no-lake"), ("{", "no-lake"), ('{"schema": "assaymark-lake/9"}', "other-schema")]
)
def test_a_folder_that_is_no_lake_is_told(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "lake.json").write_text(content, encoding="utf-8")
    with pytest.raises(LakeError) as caught, connect(tmp_path):
        pass
    assert caught.value.reason == reason


def test_a_broken_record_is_named(lake: Lake) -> None:
    (lake.commits / "000001.json").write_text(json.dumps({"apps": []}), encoding="utf-8")
    with pytest.raises(LakeError, match=r"commits/000001\.json") as caught:
        read_index(lake)
    assert caught.value.reason == "broken"


def test_the_table_of_outcomes_is_not_an_evidence_table() -> None:
    assert "id" not in OUTCOME.position
    assert "id" in SDK.position
