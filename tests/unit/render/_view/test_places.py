from __future__ import annotations

import pytest

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
    from assaymark.model.tables import TABLES

    for name in TABLES:
        sample = Sample("org.example")
        sample.add(name, "somewhere", id="row-1")
        assert placed(sample, name).what.en, name
