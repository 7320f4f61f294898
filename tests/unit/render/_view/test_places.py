from __future__ import annotations

import pytest

from assaymark.model.tables import TABLES
from assaymark.render._view.places import Ledger, Place, fold
from assaymark.render._view.words import Names
from golden.builder import Sample


@pytest.mark.parametrize(
    ("steps", "most", "kept", "cut"),
    [
        ("", 4, "", 0),
        ("abcd", 4, "abcd", 0),
        ("abcdefg", 4, "abfg", 3),
        ("abcdefg", 3, "abg", 4),
        ("abc", 1, "a", 2),
    ],
)
def test_a_folded_path_keeps_its_ends(steps: str, most: int, kept: str, cut: int) -> None:
    assert fold(list(steps), most) == (list(kept), cut)


def placed(sample: Sample, table: str) -> Place:
    report = sample.report()
    (row,) = report["evidence"][table]
    return Ledger(report, Names(report)).place(table, row, 10)


def test_a_call_names_data_and_api() -> None:
    sample = Sample("org.example")
    sample.call("imei", "android.telephony.TelephonyManager.getImei", "app", "a.B.c")
    place = placed(sample, "api_call")
    assert place.what.en == "IMEI · android.telephony.TelephonyManager.getImei"
    assert place.at == "classes.dex:a.B.c()V+0x1c"
    assert place.consent is None


def test_a_permission_without_a_name_is_shown_whole_once() -> None:
    sample = Sample("org.example")
    sample.add("permission", "AndroidManifest.xml", name="android.permission.CAMERA", requested=True)
    assert placed(sample, "permission").what.en == "android.permission.CAMERA"


def test_every_table_has_words_for_a_row() -> None:
    for name in TABLES:
        sample = Sample("org.example")
        sample.add(name, "somewhere", id="row-1")
        assert placed(sample, name).what.en, name


def test_a_setting_of_one_component_names_it() -> None:
    sample = Sample("org.example")
    sample.add("setting", "AndroidManifest.xml", name="self-start", value="BOOT", scope="a.b.Boot")
    assert placed(sample, "setting").what.en == "Starts itself · BOOT · a.b.Boot"


def test_a_flow_names_its_two_ends_and_the_methods_between() -> None:
    sample = Sample("org.example")
    sample.add(
        "flow",
        "classes.dex:a.Send.go()V+0x8",
        data="imei",
        source_api="android.telephony.TelephonyManager.getImei",
        sink_kind="file",
        sink_api="java.io.FileOutputStream.write",
        certainty="possible",
        derived=("hashed",),
        path=(
            "classes.dex:a.Read.get()V+0x4",
            "classes.dex:a.Keep.in(I)V+0x0",
            "classes.dex:a.Keep.in(I)V+0x6",
            "classes.dex:a.Send.go()V+0x8",
        ),
    )
    place = placed(sample, "flow")
    assert place.what.en == "IMEI → a file"
    assert [(step.code, step.note.en if step.note else None) for step in place.path] == [
        ("classes.dex:a.Read.get()V+0x4", "taken here by TelephonyManager.getImei"),
        ("a.Keep.in(I)V", "places passed in this method: 2"),
        ("classes.dex:a.Send.go()V+0x8", "given here to FileOutputStream.write"),
    ]
    assert [mark.zh for mark in place.marks] == ["可能：部分路径未能精确跟踪", "途中经过哈希"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [("com.example.Sdk.VERSION", "3.1.8"), ("fingerprint", "like 3.1.8 (told by the code)")],
)
def test_a_version_told_by_the_code_is_said_to_be_like_it(source: str, shown: str) -> None:
    sample = Sample("org.example")
    sample.add("sdk", "classes.dex", id="made", version="3.1.8", version_from=source)
    assert placed(sample, "sdk").what.en == f"made · {shown}"
