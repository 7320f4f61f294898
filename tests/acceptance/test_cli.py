"""A person's path through the command line: what they type, what they read, which exit code their CI sees."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assaymark.testing.apk import Apk

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_in_folder(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "assaymark", *map(str, arguments)]
        spoken = {"LANG": "en_US.UTF-8", "PATH": os.environ["PATH"], **environment}
        done = subprocess.run(
            command, cwd=tmp_path, env=spoken, capture_output=True, text=True, encoding="utf-8", timeout=60
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return run_in_folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "sunnyweather.apk"
    subprocess.run([sys.executable, "-m", "assaymark.testing.demo", str(out)], check=True)
    return out


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def test_the_demo_app_is_found_out_in_both_languages(run: Run, demo: Path) -> None:
    english = run("inspect", demo)
    chinese = run("inspect", demo, "--lang", "zh")
    assert english.returncode == chinese.returncode == 1
    assert "com.example.sunnyweather" in english.stdout
    assert "com.example.sunnyweather" in chinese.stdout
    assert "个人信息" in chinese.stdout
    assert "个人信息" not in english.stdout


def test_the_language_of_the_terminal_is_the_default(run: Run, demo: Path) -> None:
    assert "个人信息" in run("inspect", demo, LANG="zh_CN.UTF-8").stdout


def test_json_is_the_same_bytes_each_time_and_holds_no_path(run: Run, demo: Path, tmp_path: Path) -> None:
    moved = tmp_path / "other-name.apk"
    moved.write_bytes(demo.read_bytes())
    first, second = (run("inspect", file, "--format", "json").stdout for file in (demo, moved))
    assert first == second
    report = json.loads(first)
    assert list(report)[:6] == ["schema", "subject", "engine", "coverage", "evidence", "verdicts"]
    assert report["schema"] == "assaymark-report/1"
    assert str(tmp_path) not in first
    assert "sunnyweather.apk" not in first


BRANCH = """
.class public Lcom/example/app/Main;
.super Landroid/app/Activity;

.method public onCreate(Landroid/os/Bundle;)V
    .registers 4
    const-string v0, "phone"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/telephony/TelephonyManager;
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    move-result-object v0
    const-string v1, "000000000000000"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    if-eqz v0, :phone
    const-string v1, "an emulator"
    invoke-static {v1, v1}, Landroid/util/Log;->i(Ljava/lang/String;Ljava/lang/String;)I
    :phone
    return-void
.end method
"""
"""An app that tells the log something about the device number, and never the number."""


def test_what_a_branch_decides_is_a_flow_only_where_it_was_asked_for(run: Run, tmp_path: Path) -> None:
    app = tmp_path / "branch.apk"
    app.write_bytes(Apk(smali=BRANCH).make().data)
    usual, asked = (
        json.loads(run("inspect", app, "--format", "json", *more).stdout) for more in ((), ("--implicit-flows",))
    )
    assert usual["evidence"]["flow"] == []
    assert "options" not in usual["engine"]
    [flow] = asked["evidence"]["flow"]
    assert (flow["data"], flow["sink_kind"], "implicit" in flow["derived"]) == ("imei", "log", True)
    assert asked["engine"]["options"] == ["implicit-flows"]


def test_html_goes_to_the_file_asked_for(run: Run, demo: Path, tmp_path: Path) -> None:
    done = run("inspect", demo, "--format", "html", "-o", tmp_path / "report.html")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "report.html" in done.stderr
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("level", "code"), [("never", 0), ("suspected", 1), ("suspected:low", 1)])
def test_the_threshold_decides_the_exit_code(run: Run, demo: Path, level: str, code: int) -> None:
    assert run("inspect", demo, "--fail-on", level).returncode == code


def test_accepted_findings_do_not_fail_a_build_and_stay_in_the_report(run: Run, demo: Path, tmp_path: Path) -> None:
    found = [
        one
        for one in json.loads(run("inspect", demo, "--format", "json").stdout)["verdicts"]
        if one["status"] in ("violated", "suspected")
    ]
    entries = [
        "".join(f"{key} = {json.dumps(one[key])}\n" for key in ("clause", "subject", "evidence")) for one in found
    ]
    entries.append('clause = "pipl-17"\nsubject = "app"\nevidence = []\n')
    text = "".join(f'[[accept]]\n{entry}reason = "{number}: looked at"\n' for number, entry in enumerate(entries))
    (tmp_path / "exceptions.toml").write_text(text, encoding="utf-8")
    done = run("inspect", demo, "--exceptions", "exceptions.toml")
    assert done.returncode == 0
    assert f"Exceptions that hold: {len(found)}; that fit nothing any more: 1" in done.stdout
    page = run("inspect", demo, "--exceptions", "exceptions.toml", "--format", "html").stdout
    assert "0: looked at" in page
    assert "fits no finding any more" in page
    (tmp_path / "exceptions.toml").write_text("[[accept]]\n", encoding="utf-8")
    assert run("inspect", demo, "--exceptions", "exceptions.toml").returncode == 2


@pytest.mark.parametrize("arguments", [["--help"], ["inspect", "--help"]])
def test_help_speaks_the_language_of_the_terminal(run: Run, arguments: list[str]) -> None:
    assert "Show this help and exit." in run(*arguments).stdout
    assert "显示这份帮助并退出。" in run(*arguments, LANG="zh_CN.UTF-8").stdout


def test_help_speaks_the_language_that_is_asked_for(run: Run) -> None:
    assert "退出码" in run("inspect", "--help", "--lang", "zh").stdout
    assert "Exit code" in run("inspect", "--lang=en", "--help", LANG="zh_CN.UTF-8").stdout


BAD_INPUT: dict[str, tuple[bytes | None, str, str]] = {
    "missing.apk": (None, "does not exist", "不存在"),
    "empty.apk": (b"", "is empty", "是空文件"),
    "text.apk": (b"this is no archive at all\n" * 10, "not an app package", "不是 assaymark 认识的"),
    "half.apk": (_zip(AndroidManifest__xml=b"x" * 500, classes__dex=b"y" * 500)[:600], "damaged archive", "已损坏"),
    "photos.zip": (_zip(a__jpg=b"x"), "not an app package", "不是 assaymark 认识的"),
    "no-manifest.apk": (
        _zip(classes__dex=b"dex\n035\0" + bytes(200)),
        "no AndroidManifest.xml",
        "没有 AndroidManifest.xml",
    ),
    "odd-manifest.apk": (_zip(AndroidManifest__xml=b"\0" * 64), "cannot be read", "无法读取"),
    "plain-manifest.apk": (_zip(AndroidManifest__xml=b"<manifest package='a.b'/>"), "plain text", "无法读取"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_gets_one_sentence_in_the_asked_language_and_exit_3(run: Run, tmp_path: Path, name: str) -> None:
    content, english, chinese = BAD_INPUT[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for language, words in (("en", english), ("zh", chinese)):
        done = run("inspect", name, "--lang", language)
        assert done.returncode == 3
        assert done.stdout == ""
        assert words in done.stderr
        assert name in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_is_told_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    done = run("inspect", "apps")
    assert done.returncode == 3
    assert "folder" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_told_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "locked.apk").write_bytes(b"x")
    (tmp_path / "locked.apk").chmod(0)
    assert "cannot be read" in run("inspect", "locked.apk").stderr


def test_a_package_without_code_is_inspected_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.apk").write_bytes(Apk(manifest=None).build())
    done = run("inspect", "plain.apk", "--format", "json")
    assert done.returncode in (0, 1)
    gaps = json.loads(done.stdout)["evidence"]["gap"]
    assert [gap["weight"] for gap in gaps if gap["kind"] == "code-missing"] == ["total"]


@pytest.mark.parametrize(
    "arguments", [["--format", "docx"], ["--lang", "fr"], ["--fail-on", "often"], ["--pack", "no-such-pack"]]
)
def test_a_wrong_call_is_exit_2(run: Run, demo: Path, arguments: list[str]) -> None:
    done = run("inspect", demo, *arguments)
    assert done.returncode == 2
    assert done.stderr.strip()


def test_an_output_that_cannot_be_written_is_exit_2(run: Run, demo: Path, tmp_path: Path) -> None:
    done = run("inspect", demo, "-o", tmp_path / "no" / "such" / "folder" / "report.txt")
    assert done.returncode == 2
    assert "report.txt" in done.stderr
