"""Both languages hold the same sentences, with the same blanks."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from assaymark.model.errors import CannotInspect
from assaymark.model.text import has_text, keys, text

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_the_languages_have_the_same_keys() -> None:
    assert keys("zh") == keys("en")


@pytest.mark.parametrize("key", sorted(keys("en")))
def test_a_sentence_has_the_same_blanks_in_both_languages(key: str) -> None:
    blanks = [{name for _, name, _, _ in Formatter().parse(text(language, key)) if name} for language in ("zh", "en")]
    assert blanks[0] == blanks[1]


@pytest.mark.parametrize("key", sorted(keys("en")))
def test_english_is_english(key: str) -> None:
    assert not CJK.search(text("en", key)) or key.startswith("render.")


@pytest.mark.parametrize("reason", CannotInspect.REASONS)
def test_every_reason_has_its_sentence(reason: str) -> None:
    assert has_text("zh", f"errors.{reason}")
    assert CJK.search(text("zh", f"errors.{reason}"))


def test_no_sentence_says_more_than_we_may() -> None:
    for key in keys("en"):
        assert not re.search(r"\b(illegal|unlawful|is safe)\b", text("en", key), re.IGNORECASE), key
    for key in keys("zh"):
        assert not re.search(r"非法|违法(?!违规)", text("zh", key)), key
