"""Forms with one spelling each."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.strict import MAX_DEPTH, from_base64, from_decimal, from_json, member, to_base64
from logs import STEADY


@STEADY
@given(st.binary(max_size=100))
def test_base64_goes_both_ways(content: bytes) -> None:
    assert to_base64(content) == base64.b64encode(content).decode()
    assert from_base64(to_base64(content)) == content


@pytest.mark.parametrize(
    "text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "Y Q==", "YQ==YQ==", "-_-_", "YWJ=", "é", "="]
)
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    """Case 58c."""
    with pytest.raises(ValueError, match=r".*"):
        from_base64(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("9223372036854775807", 2**63 - 1)])
def test_decimals(text: str, number: int) -> None:
    assert from_decimal(text) == number


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "٣", "9223372036854775808", "1" * 5000]
)
def test_other_spellings_of_decimals_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        from_decimal(text)


def test_json_is_read() -> None:
    assert from_json(b'{"a": [1, -2, true, null, "\\u00e9"], "b": {}}') == {"a": [1, -2, True, None, "é"], "b": {}}
    assert from_json("9007199254740991") == 2**53 - 1


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": 1, "\\u0061": 2}',
        "9007199254740992",
        "-9007199254740992",
        "1" * 5000,
        "1.0",
        "1e3",
        "NaN",
        "-Infinity",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        '["' + "]" * 99_000 + '", ' + "[" * 99_000,
        "[" * 100_000,
        '{"\\ud800": 1}',
        '["a\\udfff"]',
        "{} {}",
        "",
        "{'a': 1}",
    ],
)
def test_json_with_two_readings_or_beyond_bounds_is_refused(text: str) -> None:
    """Case 44 among them."""
    with pytest.raises(ValueError, match=r".*"):
        from_json(text)


def test_brackets_inside_texts_are_no_nesting() -> None:
    assert from_json('["' + "[" * 1000 + '\\"[", 1]') == ["[" * 1000 + '"[', 1]


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        from_json(b'"\xff"')


def test_members_are_of_their_kind() -> None:
    tree = {"n": 1, "t": "x", "b": True}
    assert member(tree, "n", int) == 1
    assert member(tree, "b", bool) is True
    for name, kind in (("b", int), ("t", int), ("n", str), ("gone", str)):
        with pytest.raises(ValueError, match=name):
            member(tree, name, kind)
