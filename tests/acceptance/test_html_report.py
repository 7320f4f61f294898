"""A person's way through the HTML report, in a browser: with scripts and without, on a phone, on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assaymark.render import html
from golden.samples import SAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        # A container's root has no sandbox to offer; the pages are our own.
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@cache
def rendered(name: str, language: str) -> str:
    return html.render(SAMPLES[name](), language)


class Reader:
    """Opens a sample and keeps what the page asked for and complained about."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open(self, name: str, language: str = "zh", *, width: int = 1280, scripts: bool = True) -> Page:
        path = self._folder / f"{name}.html"
        path.write_text(rendered(name, language), encoding="utf-8")
        context = self._browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=scripts)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.goto(path.as_uri())
        return page


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Reader:
    return Reader(browser, tmp_path)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_page_asks_for_nothing_but_itself(reader: Reader, name: str) -> None:
    page = reader.open(name)
    assert reader.requests == [page.url]
    assert reader.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_language_switches(reader: Reader, *, scripts: bool) -> None:
    page = reader.open("busy", "zh", scripts=scripts)
    assert page.locator("#named-h").inner_text() == "会被通报点名吗？"
    page.locator("label[for=lang-en]").click()
    assert page.locator("#named-h").inner_text() == "Would it be named?"
    if scripts:
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("select[name=owner] option").first.inner_text() == "all"


def test_the_language_switches_by_keyboard(reader: Reader) -> None:
    page = reader.open("busy", "zh")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "lang-zh"
    outline = "getComputedStyle(document.querySelector('label[for=lang-zh]')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("ArrowRight")
    assert page.locator("#data-h").inner_text() == "What does it do with which data?"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_phone_never_scrolls_sideways(reader: Reader, name: str, language: str) -> None:
    page = reader.open(name, language, width=390)
    # Opened parts must fit as well.
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_cell_of_the_map_opens_its_evidence(reader: Reader, *, scripts: bool) -> None:
    page = reader.open("busy", "en", scripts=scripts)
    link = page.locator("#map table a").first
    target = (link.get_attribute("href") or "")[1:]
    link.click()
    page.locator(f"[id='{target}']").wait_for(state="visible", timeout=5_000)


def test_a_flow_to_an_sdk_is_a_way_with_its_ends_named(reader: Reader) -> None:
    page = reader.open("ordered", "en")
    cell = page.locator("#map td", has=page.locator(".goal", has_text="JPush"))
    cell.locator("a").click()
    row = page.locator("#map .places li", has_text="Android ID → JPush")
    row.locator("summary").click()
    told = row.inner_text()
    assert "possible" in told
    steps = [one.inner_text() for one in row.locator("ol.path li").all()]
    assert [part in step for part, step in zip(("Secure.getString", "Hash.of", "setAlias"), steps, strict=True)] == [
        True,
        True,
        True,
    ]


def test_the_timeline_says_in_words_what_its_signs_say(reader: Reader) -> None:
    page = reader.open("ordered", "en")
    page.locator("#timeline summary").click()
    rows = {row.locator("th").inner_text(): row.inner_text() for row in page.locator("#timeline tbody tr").all()}
    assert "started: 1" in rows["Umeng Analytics"]
    assert "told: 1" in rows["JPush"]
    assert page.locator("#timeline .lanes .step").count() == 4


def test_the_cards_can_be_narrowed(reader: Reader) -> None:
    page = reader.open("busy", "en")
    cards = page.locator(".card:visible")
    every = cards.count()
    page.locator("select[name=status]").select_option("violated")
    assert 0 < cards.count() < every
    assert {card.get_attribute("data-status") for card in cards.all()} == {"violated"}
    assert page.locator("#shown .n").inner_text() == str(cards.count())


def test_without_scripts_every_card_shows_and_no_dead_control(reader: Reader) -> None:
    page = reader.open("busy", "en", scripts=False)
    assert page.locator(".card:visible").count() == page.locator(".card").count() > 0
    assert not page.locator("#filters").is_visible()


def test_hostile_strings_run_nothing(reader: Reader) -> None:
    page = reader.open("hostile", "en", width=390)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert reader.complaints == []
    assert page.locator("img").count() == 0
    # Even a script that got in would not run: the policy knows our own by its digest.
    page.evaluate(
        "const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one)"
    )
    assert page.evaluate("window.ran") is None


def test_paper_shows_what_was_folded(reader: Reader) -> None:
    page = reader.open("busy", "en")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    assert page.pdf().startswith(b"%PDF")


def test_targets_are_large_enough(reader: Reader) -> None:
    page = reader.open("busy", "zh", width=390)
    # WCAG 2.2, 2.5.8: 24 by 24 CSS pixels, links inside a sentence apart.
    for selector in (".switch label", ".contents a", "summary", ".filters select", ".matrix td a"):
        for one in page.locator(selector).all():
            if one.is_visible():
                box = one.bounding_box()
                assert box is not None
                assert box["height"] >= 24, selector
                assert box["width"] >= 24, selector
