"""Thousands of apps, as a person meets them: batch, judge and ask on the command line."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.testing.demo import demo_app
from lakes import outcomes, write_apps

pytest.importorskip("duckdb")

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = (sys.executable, "-m", "assaymark")


def _environment(**more: str) -> dict[str, str]:
    return {"LANG": "en_US.UTF-8", "PATH": os.environ["PATH"], **more}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_apps(tmp_path_factory.mktemp("store") / "in", 20)
    (made / "sunny.apk").write_bytes(demo_app().build())
    (made / "noise.apk").write_bytes(b"noise")
    return made


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=_environment(**environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def lake(folder: Path) -> Path:
    done = _run("batch", folder, "--lake", folder.parent / "lake")
    assert done.returncode == 0, done.stderr
    assert "Files: 22. Inspected now: 21; refused now: 1; in the lake already: 0" in done.stdout
    assert "refused, not-a-package: 1" in done.stdout
    assert done.stderr == ""
    return folder.parent / "lake"


def test_a_second_run_finds_everything_there(folder: Path, lake: Path) -> None:
    done = _run("batch", folder, "--lake", lake, LANG="zh_CN.UTF-8")
    assert "湖中已有 22 个" in done.stdout


def test_a_lake_is_judged_as_each_app_alone(folder: Path, lake: Path) -> None:
    done = _run("judge", "--lake", lake, "--format", "json")
    assert done.returncode == 0
    assert "for each app and clause" in done.stderr
    answer = json.loads(done.stdout)
    assert answer["apps"] == 21
    found: dict[str, list[dict[str, object]]] = {}
    for verdict in answer["verdicts"]:
        found.setdefault(verdict.pop("app"), []).append(verdict)
    for path in folder.rglob("*.apk"):
        if path.name != "noise.apk":
            report = pipeline.inspect(path)
            assert found.pop(report.subject["key"]) == report.verdicts
    assert found == {}


def test_counts_and_rows_agree(lake: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_run("judge", "--lake", lake, "--format", "csv").stdout)))
    shown = _run("judge", "--lake", lake, "--lang", "zh", "-o", tmp_path / "counts.txt")
    assert "每个应用每条" in shown.stderr
    table = (tmp_path / "counts.txt").read_text(encoding="utf-8")
    for clause in {row["clause"] for row in rows}:
        named = sum(row["clause"] == clause and row["status"] in ("violated", "suspected") for row in rows)
        line = next(line for line in table.splitlines() if line.split(" ")[0] == clause)
        assert line.split()[1] == str(named)
    only = list(
        csv.DictReader(io.StringIO(_run("judge", "--lake", lake, "--format", "csv", "--only", "violated").stdout))
    )
    assert only == [row for row in rows if row["status"] == "violated"]


def test_a_new_clause_runs_over_what_was_inspected_before(lake: Path, tmp_path: Path) -> None:
    shipped = Path(pipeline.__file__).parent / "rulepacks" / "cn-app-rules"
    pack = tmp_path / "campaign"
    pack.mkdir()
    for name in ("pack.toml", "app-method-4-1.sql"):
        (pack / name).write_bytes((shipped / name).read_bytes())
    answer = json.loads(_run("judge", "--lake", lake, "--pack", pack, "--format", "json").stdout)
    assert {verdict["clause"] for verdict in answer["verdicts"]} == {"app-method-4-1"}
    assert {verdict["status"] for verdict in answer["verdicts"]} >= {"suspected", "not-applicable"}


@pytest.mark.parametrize(("lang", "title"), [("en", "Which dangerous permissions"), ("zh", "哪些敏感权限")])
def test_a_ready_question_is_answered_in_both_languages(lake: Path, lang: str, title: str) -> None:
    done = _run("ask", "--lake", lake, "--question", "permissions-unused", "--lang", lang)
    assert done.returncode == 0
    assert title in done.stdout
    assert "android.permission.CAMERA" in done.stdout
    assert "█" in done.stdout


def test_a_question_of_ones_own_in_every_form(lake: Path) -> None:
    query = "SELECT status, count(*) AS n FROM outcome GROUP BY status ORDER BY n DESC"
    assert "inspected" in _run("ask", "--lake", lake, query).stdout
    assert _run("ask", "--lake", lake, query, "--format", "csv").stdout.split() == [
        "status,n",
        "inspected,21",
        "refused,1",
    ]
    answer = json.loads(_run("ask", "--lake", lake, query, "--format", "json").stdout)
    assert answer["rows"] == [{"status": "inspected", "n": 21}, {"status": "refused", "n": 1}]


@pytest.mark.parametrize(("lang", "title"), [("en", "Which dangerous permissions"), ("zh", "哪些敏感权限")])
def test_an_answer_is_drawn(lake: Path, tmp_path: Path, lang: str, title: str) -> None:
    picture = tmp_path / "answer.svg"
    done = _run("ask", "--lake", lake, "--question", "permissions-unused", "--plot", picture, "--lang", lang)
    assert done.returncode == 0
    drawn = picture.read_text(encoding="utf-8")
    assert title in drawn
    assert "android.permission.CAMERA" in drawn
    assert drawn.count("<rect") > 1


def test_without_a_question_the_ready_ones_are_listed() -> None:
    assert "who-reads" in _run("ask").stdout
    assert "--with data=…" in _run("ask", "--lang", "zh").stdout


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (("--lake", "{lake}", "DROP VIEW apps"), "one SELECT", "一条 SELECT"),
        (("--lake", "{lake}", "SELECT * FROM '/etc/passwd'"), "has no table /etc/passwd", "没有表 /etc/passwd"),
        (("--lake", "{lake}", "SELECT * FROM glob('/*')"), "glob is not allowed", "不能使用 glob"),
        (("--lake", "{lake}", "SELECT nothing FROM apps"), "cannot be answered", "无法完成"),
        (("--lake", "{lake}", "--question", "what"), "no ready question what", "没有名为 what"),
        (("--lake", "{lake}", "--question", "who-reads"), "--with data=", "--with data="),
        (("--lake", "{lake}", "--question", "who-reads", "--with", "data"), "not NAME=VALUE", "“名称=值”"),
        (("--lake", "{lake}", "--question", "signers", "--with", "a=b"), "has no parameter a", "没有参数 a"),
        (("--lake", "{lake}", "SELECT 1", "--question", "signers"), "not both", "不要两者都给"),
        (
            ("--lake", "{lake}", "SELECT status FROM outcome", "--plot", "{lake}/../x.svg"),
            "nothing to draw",
            "无从画图",
        ),
        (("SELECT 1",), "Name the lake", "请指明数据湖"),
        (("--lake", "{lake}/outcome", "SELECT 1"), "is no lake", "不是数据湖"),
    ],
)
def test_what_cannot_be_asked_is_said_in_both_languages(
    lake: Path, arguments: tuple[str, ...], english: str, chinese: str
) -> None:
    filled = [one.format(lake=lake) for one in arguments]
    for lang, sentence in (("en", english), ("zh", chinese)):
        done = _run("ask", *filled, "--lang", lang)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(("lang", "sentence"), [("en", "is no folder"), ("zh", "不是文件夹")])
def test_a_batch_needs_a_folder(tmp_path: Path, lang: str, sentence: str) -> None:
    done = _run("batch", tmp_path / "nowhere", "--lake", tmp_path / "lake", "--lang", lang)
    assert (done.returncode, sentence in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def _wait_for(process: subprocess.Popen[bytes], what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def test_kill_9_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    folder, lake = write_apps(tmp_path / "in", 60), tmp_path / "lake"
    command = [*COMMAND, "batch", str(folder), "--lake", str(lake), "--jobs", "2"]
    killed = 0
    for wanted in (4, 30):
        batch = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL)
        _wait_for(batch, lambda wanted=wanted: len(list(lake.glob("staging/*/*.json"))) >= wanted)  # type: ignore[misc]
        batch.kill()
        killed += batch.wait() == -signal.SIGKILL
    assert killed == 2
    assert len(list(lake.glob("staging/*/*.json"))) >= 30
    done = _run("batch", folder, "--lake", lake)
    assert "Inspected now: 60" not in done.stdout  # what was finished is not done again
    assert outcomes(lake).keys() == {path.relative_to(folder).as_posix() for path in folder.rglob("*.apk")}
    assert set(outcomes(lake).values()) == {("inspected", "")}


@pytest.fixture
def heeded_interrupt() -> Iterator[None]:
    """Let commands heed SIGINT even where a shell started the tests in the background, and so with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupt")
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    folder, lake = write_apps(tmp_path / "in", 60), tmp_path / "lake"
    command = [*COMMAND, "batch", str(folder), "--lake", str(lake), "--jobs", "2"]
    batch = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _wait_for(batch, lambda: len(list(lake.glob("staging/*/*.json"))) >= 4)
    batch.send_signal(signal.SIGINT)
    _, errors = batch.communicate(timeout=60)
    assert batch.returncode == 130
    assert errors.decode() == "Interrupted. What is finished is kept; run the same command again to go on.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="finds children in /proc")
def test_kill_9_of_workers_loses_nothing(tmp_path: Path) -> None:
    folder, lake = write_apps(tmp_path / "in", 40), tmp_path / "lake"
    command = [*COMMAND, "batch", str(folder), "--lake", str(lake), "--jobs", "2"]
    batch = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{batch.pid}/task/{batch.pid}/children")
    hit = 0
    while batch.poll() is None:
        time.sleep(0.1)
        if hit < 4 and len(list(lake.glob("staging/*/*.json"))) > 5 * hit:
            with contextlib.suppress(OSError):
                for child in children.read_text(encoding="ascii").split()[:1]:
                    os.kill(int(child), signal.SIGKILL)
                    hit += 1
    assert batch.returncode == 0
    assert hit
    assert len(outcomes(lake)) == 40


@pytest.mark.parametrize(
    ("command", "english", "chinese"),
    [
        ("batch", "Folder of the lake", "数据湖的文件夹"),
        ("judge", "Needed.", "必须给出"),
        ("ask", "ready question", "现成的问题"),
    ],
)
def test_help_speaks_both_languages(command: str, english: str, chinese: str) -> None:
    assert english in _run(command, "--help").stdout
    shown = _run(command, "--lang", "zh", "--help").stdout
    assert chinese in shown
    assert "required" not in shown


def test_the_start_of_inspect_pays_for_none_of_this() -> None:
    code = "import sys, assaymark.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {
        "duckdb",
        "rich",
        "assaymark.pipeline",
        "assaymark.batch",
        "assaymark.lake",
        "assaymark.insight",
    }.isdisjoint(loaded)
