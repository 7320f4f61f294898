from __future__ import annotations

import pytest

from assaymark.render._view.words import LIMIT, Both, Names, both, clean, joined, say, say_kind
from golden.builder import Sample
from golden.samples import busy_app


@pytest.mark.parametrize(
    "char", ["\x00", "\x1b", "\x7f", "\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\ud800", "\ue000", "\u2028"]
)
def test_a_character_that_hides_or_reorders_becomes_visible(char: str) -> None:
    assert clean(f"a{char}b") == "a\ufffdb"


def test_line_breaks_become_spaces() -> None:
    assert clean("a\nb\tc\rd") == "a b c d"


@pytest.mark.parametrize("value", ["com.example.App$1", "隐私政策", "naïve café", "قناة", "１２３\u3000", "<b>&"])
def test_plain_text_stays(value: str) -> None:
    assert clean(value) == value


def test_a_long_string_is_cut_and_says_so() -> None:
    assert clean("x" * LIMIT) == "x" * LIMIT
    assert clean("x" * (LIMIT + 1)) == "x" * LIMIT + "…"


def test_nothing_is_an_empty_string() -> None:
    assert clean(None) == ""


def test_one_language_stands_in_for_the_other() -> None:
    assert both({"zh": "甲"}) == Both("甲", "甲")
    assert both(None, "id") == Both("id", "id")


def test_parameters_speak_the_language_of_their_sentence() -> None:
    said = say("render.what-flow", data=Both("位置", "Location"), goal="example.org")
    assert said == Both("位置 → example.org", "Location → example.org")


def test_braces_in_a_parameter_are_not_a_format() -> None:
    assert "{0.__class__}" in say("render.what-flow", data="{0.__class__}", goal="x").en


def test_an_unknown_kind_shows_its_own_name_cleaned() -> None:
    assert say_kind("gap", "new\u202ekind").en == "Not analysed: new\ufffdkind"


def test_a_known_kind_has_its_sentence() -> None:
    assert say_kind("gap", "packed").zh == "应用经过加固，真实代码没有读到"


def test_a_long_enumeration_says_how_many_more() -> None:
    many = joined((Both(str(one), str(one)) for one in range(9)), most=2)
    assert many == Both("0、1等，另有 7 项", "0, 1 and 7 more")


def test_names_come_from_the_report_and_fall_back_to_the_id() -> None:
    names = Names(busy_app())
    assert names.data("imei") == Both("IMEI", "IMEI")
    assert names.data("never-heard") == Both("never-heard", "never-heard")
    assert names.owner("jpush") == Both("极光推送", "JPush")
    assert names.owner("app").en == "the app itself"
    assert names.parent("imei") == "device-identifier"
    assert names.sensitive("imei")
    assert not names.sensitive("never-heard")


def test_without_names_the_sdk_rows_give_them() -> None:
    sample = Sample("org.example")
    sample.sdk("jpush")
    sample.coverage["names"] = {}
    assert Names(sample.report()).owner("jpush") == Both("极光推送", "JPush")
