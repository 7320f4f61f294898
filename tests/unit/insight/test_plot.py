"""The picture of an answer: a bar for each row, foreign text that stays text, the same bytes for the same answer."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from assaymark.insight import Table, bar_chart, count_column
from assaymark.insight.plot import BARS

SVG = "{http://www.w3.org/2000/svg}"
ANSWER = Table(
    ("id", "name", "apps", "rate"), [("jpush", "极光推送", 40, 0.4), ("umeng", None, 10, 0.1), ("x", "y", 0, 0)]
)


def draw(table: Table, column: str = "apps", more: str = "") -> ElementTree.Element:
    return ElementTree.fromstring(bar_chart(table, column, title="哪些 SDK？", meaning="应用数", more=more))


def bars(picture: ElementTree.Element) -> list[float]:
    return [float(one.attrib["width"]) for one in picture.findall(f"{SVG}rect")[1:]]


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.findall(f"{SVG}text")]


def test_bars_are_as_long_as_their_counts() -> None:
    picture = draw(ANSWER)
    assert bars(picture) == [520.0, 130.0, 0.0]
    assert texts(picture) == ["哪些 SDK？", "应用数", "jpush · 极光推送", "40", "umeng", "10", "x · y", "0"]


def test_an_answer_without_rows_is_a_picture_without_bars() -> None:
    assert bars(draw(Table(("id", "apps"), []))) == []


def test_a_long_answer_is_cut_and_says_so() -> None:
    table = Table(("id", "apps"), [(f"sdk{number}", 500 - number) for number in range(500)])
    picture = draw(table, more="500 行")
    assert len(bars(picture)) == BARS
    assert texts(picture)[-1] == "500 行"
    bottom = float(picture.attrib["height"])
    assert max(float(one.attrib["y"]) for one in picture.iter(f"{SVG}text")) < bottom


def test_foreign_text_stays_text() -> None:
    table = Table(("id", "apps"), [('</text><script>alert("1")</script>\u202e\x00' + "x" * 500, 1)])
    picture = draw(table)
    assert picture.find(f".//{SVG}script") is None
    assert len(texts(picture)[2]) <= 45


def test_the_same_answer_gives_the_same_bytes() -> None:
    one, two = (bar_chart(ANSWER, "apps", title="t", meaning="m", more="") for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("table", "named", "column"),
    [
        (ANSWER, "rate", "rate"),
        (ANSWER, "absent", "apps"),
        (ANSWER, "", "apps"),
        (Table(("id", "name"), [("a", "b")]), "", ""),
        (Table(("id", "apps"), []), "", ""),
    ],
)
def test_the_column_that_is_drawn(table: Table, named: str, column: str) -> None:
    assert count_column(table, named) == column


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        bar_chart(ANSWER, "absent", title="", meaning="", more="")
