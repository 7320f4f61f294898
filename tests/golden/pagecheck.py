"""A strict reader of our HTML pages: it refuses what a browser would quietly repair."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "br", "hr", "input", "img", "link"})
# Shapes of SVG may close themselves; html.parser reports them as start and end.
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def inside(self, tag: str) -> bool:
        up = self.parent
        while up:
            if up.tag == tag:
                return True
            up = up.parent
        return False

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class Page(HTMLParser):
    """The elements of a page in order. Raises `AssertionError` for one that is not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert not self._open, f"left open: {[one.tag for one in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in <{tag}>: {names}"
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        if parent:
            parent.children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a start"
        last = self._open.pop()
        assert last.tag == tag, f"</{tag}> closes <{last.tag} {last.attributes}> at line {self.getpos()[0]}"

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.text += data

    def all(self, tag: str) -> list[Element]:
        return [one for one in self.elements if one.tag == tag]


def faults(source: str) -> list[str]:
    """Give everything that is wrong with a page, one sentence each."""
    page = Page(source)
    out: list[str] = []
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    out += [f"id twice: {name}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    known = set(ids)
    for one in page.elements:
        for name in REFERENCES:
            out += [f"{name} to nothing: {ref}" for ref in one.attributes.get(name, "").split() if ref not in known]
        for name in ("href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href"):
            value = one.attributes.get(name)
            if value is None:
                continue
            if one.tag == "img" and value.startswith("data:image/"):
                continue
            if not value.startswith("#"):
                out.append(f"<{one.tag} {name}> leaves the page: {value[:80]}")
            elif value[1:] not in known:
                out.append(f"<{one.tag} {name}> to nothing: {value}")
        for value in one.attributes.values():
            if value.startswith("url(") and value[5:-1] not in known:
                out.append(f"paint to nothing: {value}")
        out += [f"<{one.tag}> has {name}" for name in one.attributes if name == "style" or name.startswith("on")]
        if one.tag in ("iframe", "object", "embed", "link", "base", "audio", "video"):
            out.append(f"element that loads: <{one.tag}>")
        if one.tag == "th" and "scope" not in one.attributes:
            out.append("header cell without scope")
        if one.tag == "svg" and one.attributes.get("aria-hidden") != "true":
            out.append("picture without words or aria-hidden")
    out += _headings(page)
    out += _languages(page)
    return out


def _headings(page: Page) -> list[str]:
    levels = [int(one.tag[1]) for one in page.elements if one.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    out = [f"heading level jumps from {a} to {b}" for a, b in pairwise(levels) if b > a + 1]
    if levels.count(1) != 1 or levels[0] != 1:
        out.append(f"first level headings: {levels.count(1)}")
    out += [
        f"empty heading: {one.tag}"
        for one in page.elements
        if one.tag in ("h1", "h2", "h3", "h4") and not one.text.strip()
    ]
    return out


def _languages(page: Page) -> list[str]:
    out = []
    for one in page.elements:
        if "zh" in one.classes and one.attributes.get("lang") != "zh-Hans":
            out.append(f"Chinese without lang: {one.text[:40]}")
        if "en" in one.classes and one.attributes.get("lang") != "en":
            out.append(f"English without lang: {one.text[:40]}")
        spoken = [child for child in one.children if child.classes & {"zh", "en"}]
        if sum("zh" in child.classes for child in spoken) * 2 != len(spoken):
            out.append(f"one language only in <{one.tag}>: {one.text[:60]}")
    return out
