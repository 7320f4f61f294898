from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from assaymark.render import text
from golden.samples import SAMPLES, busy_app, hostile_app, ordered_app, packed_app

LANGUAGES = ("zh", "en")


def printed(width: int, **options: object) -> str:
    out = StringIO()
    text.print_summary(busy_app(), "zh", Console(file=out, width=width, **options))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_no_line_is_wider_than_the_page_and_none_ends_in_blanks(name: str, language: str) -> None:
    for line in text.render(SAMPLES[name](), language).splitlines():
        assert cell_len(line) <= text.WIDTH
        assert line == line.rstrip()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_chinese_fits_every_width(width: int) -> None:
    assert max(cell_len(line) for line in printed(width).splitlines()) <= width


def test_a_file_gets_no_colour_and_no_control_characters() -> None:
    made = text.render(hostile_app(), "en")
    assert "\x1b" not in made
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", made)


def test_markup_in_names_stays_text() -> None:
    made = text.render(hostile_app(), "en")
    assert "[bold red]" in made
    assert ":smile:" in made


def test_a_terminal_gets_colour_unless_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in printed(100, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", printed(100, force_terminal=True, color_system="standard"))


def test_the_summary_fits_a_screen_and_says_where_to_read_on() -> None:
    lines = text.render(busy_app(), "en").splitlines()
    assert len(lines) <= 40
    assert lines[-1].endswith("--format html -o report.html")


def test_nothing_judged_is_not_told_as_nothing_found() -> None:
    made = text.render(packed_app(), "en")
    assert "nothing can be said either way" in made
    assert "none is found" not in made


def test_certainty_is_in_words() -> None:
    assert "■ found" in text.render(ordered_app(), "en")
    assert "◆ 有迹象" in text.render(busy_app(), "zh")


@pytest.mark.parametrize("counts", [[1, 1, 1], [1000, 1, 0], [0, 0, 5], [7, 0, 13, 400, 2]])
def test_shares_fill_the_bar_and_hide_no_part(counts: list[int]) -> None:
    cells = text.shares(counts, 60)
    assert sum(cells) == 60
    assert [cell > 0 for cell in cells] == [count > 0 for count in counts]


def test_no_counts_no_bar() -> None:
    assert text.shares([0, 0], 60) == [0, 0]
