"""What holds in every report, whatever the package: names resolve, counts add up, the schema fits, bytes repeat."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from assaymark.catalog import load_permissions, sdks_by_id
from assaymark.model.report import STATUSES
from assaymark.model.schemas import json_schema
from assaymark.testing.apk import Apk
from assaymark.testing.demo import demo_app

MANIFEST = """<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.app">
    <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="34" />
    <uses-permission android:name="android.permission.INTERNET" />
    <uses-permission android:name="android.permission.CAMERA" />
    <uses-permission android:name="android.permission.RECORD_AUDIO" />
    <application>
        <activity android:name=".Main" android:exported="true">
            <intent-filter>
                <action android:name="android.intent.action.MAIN" />
                <category android:name="android.intent.category.LAUNCHER" />
            </intent-filter>
        </activity>
        <receiver android:name=".Boot" android:exported="true">
            <intent-filter><action android:name="android.intent.action.BOOT_COMPLETED" /></intent-filter>
        </receiver>
    </application>
</manifest>"""

CODE = """
.class public Lcom/example/app/Main;
.super Landroid/app/Activity;

.method protected onCreate(Landroid/os/Bundle;)V
    .locals 1
    invoke-static {}, Landroid/hardware/Camera;->open()Landroid/hardware/Camera;
    invoke-static {}, Lcn/jpush/android/api/JPushInterface;->init()V
    const-string v0, "https://www.example.com/privacy.html"
    return-void
.end method

.class public Lcn/jpush/android/api/JPushInterface;
.super Ljava/lang/Object;

.method public static init()V
    .locals 1
    const/4 v0, 0x0
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    return-void
.end method

.class public Lcom/example/app/Forgotten;
.super Ljava/lang/Object;

.method public static twice()V
    .locals 1
    const/4 v0, 0x0
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getSubscriberId()Ljava/lang/String;
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getSubscriberId()Ljava/lang/String;
    return-void
.end method
"""

FIXTURES = {
    "demo": demo_app,
    "plain": lambda: Apk(smali=".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"),
    "mixed": lambda: Apk(manifest=MANIFEST, smali=CODE, strings={"": {"policy": "《隐私政策》"}}),
    "hidden": lambda: Apk(
        manifest=MANIFEST,
        smali=CODE,
        libs={"arm64-v8a/libjiagu.so": b"\x7fELF"},
        assets={"plugin.jar": b"PK\3\4" + bytes(200), "broken.dex": b"dex\n"},
    ),
    "codeless": lambda: Apk(manifest=MANIFEST),
    "damaged": lambda: Apk(manifest=MANIFEST, smali=CODE, members={"classes2.dex": b"dex\n035\0" + bytes(300)}),
}
"""Packages that differ in what is found in them and in what cannot be seen."""


def _inspect(file: Path, seed: str) -> bytes:
    """Give the JSON report of a file, made by a process of its own with this seed of hashing."""
    command = [sys.executable, "-m", "assaymark", "inspect", str(file), "--format", "json", "--fail-on", "never"]
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONHASHSEED": seed}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module", params=sorted(FIXTURES))
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp(request.param) / "app.apk"
    file.write_bytes(FIXTURES[request.param]().build())
    return file


@pytest.fixture(scope="module")
def text(package: Path) -> bytes:
    return _inspect(package, "0")


@pytest.fixture(scope="module")
def report(text: bytes) -> dict[str, Any]:
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def _rows(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for table, rows in report["evidence"].items():
        for row in rows:
            yield table, row


def test_the_same_file_gives_the_same_bytes_whatever_the_seed_and_the_place(
    package: Path, text: bytes, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "另一个名字 of the same.apk"
    shutil.copyfile(package, elsewhere)
    assert _inspect(elsewhere, "4242") == text


def test_the_report_fits_its_schema(report: dict[str, Any]) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    faults = [
        error.json_path + ": " + error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)
    ]
    assert faults == []


def test_every_row_has_a_name_of_its_own_and_a_place(report: dict[str, Any]) -> None:
    names = Counter((table, row["id"]) for table, row in _rows(report))
    assert [name for name, times in names.items() if times > 1] == []
    assert [(table, row) for table, row in _rows(report) if not row["id"]] == []


def test_every_verdict_rests_on_rows_that_are_there(report: dict[str, Any]) -> None:
    known = {row["id"] for _table, row in _rows(report)}
    lost = {(v["clause"], name) for v in report["verdicts"] for name in v["evidence"] if name not in known}
    assert lost == set()


def test_a_finding_about_something_present_names_it(report: dict[str, Any]) -> None:
    bare = {v["clause"] for v in report["verdicts"] if v["status"] == "violated" and not v["evidence"]}
    assert bare == set()


def test_every_verdict_is_about_the_app_or_an_sdk_that_was_found(report: dict[str, Any]) -> None:
    subjects = {"app"} | {row["id"] for row in report["evidence"]["sdk"]}
    assert {v["subject"] for v in report["verdicts"]} <= subjects


def test_no_clause_says_two_things_of_one_subject(report: dict[str, Any]) -> None:
    said = Counter((v["pack"], v["clause"], v["subject"]) for v in report["verdicts"])
    assert [one for one, times in said.items() if times > 1] == []


def test_every_clause_has_its_texts_and_every_sentence_is_filled_in(report: dict[str, Any]) -> None:
    for verdict in report["verdicts"]:
        assert verdict["clause"] in report["clauses"]
        assert verdict["status"] in STATUSES
        assert verdict["reason"] not in ("clause-failed", "no-answer")
        for sentence in (verdict["claim"], verdict["claim_zh"]):
            assert sentence
            assert "{" not in sentence


def test_the_counts_of_verdicts_add_up(report: dict[str, Any]) -> None:
    coverage, verdicts = report["coverage"], report["verdicts"]
    counted = Counter(verdict["status"] for verdict in verdicts)
    assert coverage["statuses"] == {status: counted[status] for status in STATUSES}
    assert sum(coverage["clauses"].values()) == len({(v["pack"], v["clause"]) for v in verdicts})


def test_the_counts_of_the_detectors_add_up(report: dict[str, Any]) -> None:
    rows = sum(len(rows) for rows in report["evidence"].values())
    # Two detectors that saw the same thing, or one that saw it twice, leave one row.
    assert sum(one["rows"] for one in report["coverage"]["detectors"]) >= rows
    assert {one["status"] for one in report["coverage"]["detectors"]} == {"succeeded"}


def test_the_counts_of_the_code_add_up(report: dict[str, Any]) -> None:
    code, files = report["coverage"]["code"], report["evidence"]["artifact"]
    for count in ("dex_files", "classes", "methods", "code_methods", "instructions"):
        assert code[count] == sum(file[count] or 0 for file in files), count
    assert code["reachable_methods"] <= code["code_methods"] <= code["methods"]


def test_owners_are_the_app_or_known(report: dict[str, Any]) -> None:
    owners = {row["owner"] for table, row in _rows(report) if table in ("api_call", "component")}
    owners |= {owner for row in report["evidence"]["permission"] for owner in row["callers"]}
    assert owners <= {"app", "unknown", *sdks_by_id()}


def test_libraries_that_receive_no_data_are_not_listed_as_sdks(report: dict[str, Any]) -> None:
    assert [row["id"] for row in report["evidence"]["sdk"] if sdks_by_id()[row["id"]].library] == []


def test_only_dangerous_permissions_that_the_catalog_covers_are_called_unused(report: dict[str, Any]) -> None:
    covered = {one.name for one in load_permissions() if one.covered and one.protection == "dangerous"}
    judged = {row["name"] for row in report["evidence"]["permission"] if row["usage"] in ("unused", "not-asked")}
    assert judged <= covered


def test_names_for_people_cover_what_the_report_shows(report: dict[str, Any]) -> None:
    names = report["coverage"]["names"]
    for _table, row in _rows(report):
        data = row.get("data") or ()
        shown = (data,) if isinstance(data, str) else data
        assert set(shown) <= set(names["data"])
