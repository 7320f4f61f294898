from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

import pytest

from assaymark.model.report import Report
from assaymark.render import html
from golden.builder import CLAUSES, Sample
from golden.pagecheck import Page, faults
from golden.samples import EVIL, busy_app, clean_app, hostile_app, ordered_app, packed_app


@cache
def hostile(language: str) -> str:
    return html.render(hostile_app(), language)


def many_calls(count: int) -> Report:
    sample = Sample("org.example.big", label="Big")
    ids = [
        sample.call(
            ("imei", "android-id", "contacts")[number % 3],
            "android.telephony.TelephonyManager.getImei",
            ("app", "jpush", "unknown")[number % 3],
            f"org.example.big.p{number % 40}.Class{number}.method",
            consent_path=("org.example.big.App.onCreate()V",) * 5,
        )
        for number in range(count)
    ]
    for name in CLAUSES:
        sample.judge(name, "suspected", ids)
    return sample.report()


def test_a_page_is_bounded() -> None:
    assert len(html.render(many_calls(3_000), "zh").encode()) < html.LIMIT
    assert len(hostile("zh").encode()) < html.LIMIT


def test_what_does_not_fit_is_counted() -> None:
    words = Page(html.render(many_calls(3_000), "en")).elements[0].text
    assert re.search(r"and 2,?994 more; all rows are in the JSON report", words)


def test_a_page_that_came_out_too_large_is_made_again_with_less(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(html.render(many_calls(300), "en"))
    monkeypatch.setattr(html, "LIMIT", whole - 20_000)
    less = html.render(many_calls(300), "en")
    assert len(less) < whole - 20_000
    assert faults(less) == []


def test_a_bound_that_nothing_can_meet_still_gives_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "LIMIT", 10)
    assert faults(html.render(busy_app(), "en")) == []


def test_foreign_strings_are_text_and_never_markup() -> None:
    source = hostile("en")
    page = Page(source)
    assert [one.attributes for one in page.elements if "onerror" in one.attributes] == []
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert "{{ 7*7 }}" in page.elements[0].text
    assert "onerror=alert(1)&gt;" in source


def test_characters_that_hide_or_reorder_are_gone() -> None:
    assert "\u202e" in EVIL
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", hostile("zh"))


def test_addresses_never_become_links() -> None:
    for source in (hostile("en"), html.render(busy_app(), "en")):
        links = [one.attributes["href"] for one in Page(source).all("a")]
        assert links
        assert all(link.startswith("#") for link in links)


def test_the_policy_allows_exactly_the_pages_own_style_and_script() -> None:
    page = Page(html.render(clean_app(), "zh"))
    (policy,) = [one.attributes["content"] for one in page.all("meta") if "http-equiv" in one.attributes]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (one,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(one.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-Hans"), ("en", "en")])
def test_the_chosen_language_shows_first(language: str, tag: str) -> None:
    page = Page(html.render(busy_app(), language))
    assert page.all("html")[0].attributes["lang"] == tag
    (checked,) = [one for one in page.all("input") if "checked" in one.attributes]
    assert checked.attributes["id"] == f"lang-{language}"


def test_both_languages_are_inside() -> None:
    words = Page(html.render(busy_app(), "zh")).elements[0].text
    assert "违规收集个人信息" in words
    assert "Collection in violation of rules" in words


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no such language"):
        html.render(clean_app(), "fr")


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html.render(busy_app(), "zh") == html.render(busy_app(), "zh")


def test_an_order_that_was_not_analysed_is_said_once_and_never_drawn() -> None:
    page = Page(html.render(busy_app(), "en"))
    words = page.elements[0].text
    assert words.count("Order against the user's consent: not analysed yet") == 1
    assert not [one for one in page.all("line") if "gate" in one.classes]
    assert [one for one in Page(html.render(ordered_app(), "en")).all("line") if "gate" in one.classes]


def test_a_failed_reading_is_not_told_as_a_clean_one() -> None:
    words = Page(html.render(packed_app(), "en")).elements[0].text
    assert "nothing can be said either way" in words
    assert "none is found or indicated" not in words


def test_a_report_without_rule_packs_lists_facts_only() -> None:
    report = Sample("org.example").report()
    report.engine["packs"] = []
    report.coverage["clauses"] = {}
    source = html.render(report, "en")
    assert faults(source) == []
    assert "No rule pack was used" in source


# Colour pairs that carry words: (what is written, what it is written on).
PAIRS = [
    (ink, ground)
    for ink in ("ink", "soft", "violated", "suspected", "satisfied", "quiet")
    for ground in ("paper", "card", "well")
]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_words_have_the_contrast_of_wcag_aa(scheme: str) -> None:
    colours = palette(scheme)
    assert [pair for pair in PAIRS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["decided", "indicated", "needs-run", "needs-person", "blocked", "gold"])
def test_marks_have_the_contrast_of_graphics(mark: str, scheme: str) -> None:
    colours = palette(scheme)
    assert contrast(colours[mark], colours["card"]) >= 3


def palette(scheme: str) -> dict[str, str]:
    style = (files("assaymark.render") / "templates" / "report.css").read_text(encoding="utf-8")
    light, dark, *_ = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    printed = style.split("@media print")[1]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", light))
    if scheme != "light":
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", dark if scheme == "dark" else printed))
    return colours


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, from relative luminance."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
