"""The sentences of the renderers: the same in both languages, and never more than an inspection can say."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from assaymark.model.tables import TABLES
from assaymark.model.text import keys, text

OURS = ("errors.", "cli.", "help.", "render.", "status.", "severity.", "gap.", "anomaly.", "setting.")


def ours(language: str) -> list[str]:
    return sorted(key for key in keys(language) if key.startswith(OURS))


def names(language: str, key: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text(language, key)) if name}


def test_both_languages_have_the_same_sentences() -> None:
    assert ours("zh") == ours("en")


def test_a_sentence_has_words_and_the_same_blanks_in_both_languages() -> None:
    assert [key for key in ours("zh") if not (text("zh", key).strip() and text("en", key).strip())] == []
    assert [key for key in ours("zh") if names("zh", key) != names("en", key)] == []


def test_no_sentence_says_illegal_or_safe() -> None:
    zh = re.compile(r"违法|非法|犯罪|没有问题$|是安全的|安全的应用")
    en = re.compile(r"\b(illegal|unlawful|safe|compliant|guilty)\b", re.IGNORECASE)
    assert [key for key in ours("zh") if zh.search(text("zh", key)) or en.search(text("en", key))] == []


@pytest.mark.parametrize(
    ("table", "column", "prefix"),
    [
        ("permission", "protection", "render.protection"),
        ("permission", "usage", "render.usage"),
        ("component", "kind", "render.component"),
        ("component", "exported_by", "render.exported-by"),
        ("sdk", "presence", "render.presence"),
        ("sdk", "confidence", "render.confidence"),
        ("setting", "effect", "render.effect"),
        ("signature", "status", "render.signature"),
    ],
)
def test_every_value_of_the_evidence_has_a_name(table: str, column: str, prefix: str) -> None:
    values = next(one.values for one in TABLES[table].columns if one.name == column)
    assert values
    assert [value for value in values if f"{prefix}.{value}" not in keys("zh")] == []


def test_every_table_has_a_name() -> None:
    assert [name for name in TABLES if f"render.table.{name}" not in keys("zh")] == []


def test_every_setting_has_a_label_and_an_explanation() -> None:
    settings = {key.removeprefix("setting.") for key in ours("zh") if key.startswith("setting.")}
    explained = {key.removeprefix("means.") for key in settings if key.startswith("means.")}
    assert {key for key in settings if not key.startswith("means.")} == explained
