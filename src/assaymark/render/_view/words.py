"""Words for the page: sentences in both languages, names from the report, foreign strings made safe to look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from assaymark.model.report import Report
from assaymark.model.text import has_text, text

LIMIT = 240
"""Characters of one foreign string that are shown; the JSON report has all of them."""

NAME = 60
"""Characters of one name that are shown."""

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


class Both(NamedTuple):
    """One sentence or name in both languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Give the sentence in one language."""
        return self.zh if language == "zh" else self.en


class Code(NamedTuple):
    """A string of the package or of the program, the same in every language: a class, an address, a digest."""

    text: str


Shown = Both | Code
"""What a cell of a table holds."""


def clean(value: object, limit: int = LIMIT) -> str:
    """Give a foreign string so that it shows what it is: one line, bounded, no characters that hide or reorder text.

    Control, format (bidi overrides, zero-width), private and unassigned characters become U+FFFD; see Unicode TR 36,
    section 2.
    """
    if value is None:
        return ""
    whole = str(value)
    head = whole[:limit]
    if not head.isprintable():
        head = _made_visible(head)
    return head if len(whole) <= limit else head + "…"


@lru_cache(maxsize=4096)
def _made_visible(value: str) -> str:
    return "".join(map(_visible, value))


def _visible(char: str) -> str:
    if char in "\t\n\r":
        return " "
    return "\ufffd" if unicodedata.category(char) in _HIDDEN else char


def both(value: object, fallback: object = "", limit: int = 600) -> Both:
    """Give a `{zh, en}` object of the report as `Both`; one language stands in for the other, `fallback` for both."""
    found = value if isinstance(value, Mapping) else {}
    zh, en = clean(found.get("zh"), limit), clean(found.get("en"), limit)
    last = clean(fallback, limit)
    return Both(zh or en or last, en or zh or last)


def same(value: object) -> Both:
    """Give one foreign string as `Both`."""
    shown = clean(value)
    return Both(shown, shown)


def say(key: str, **params: object) -> Both:
    """Give a sentence of the locales in both languages; a parameter may be `Both` itself."""
    return Both(*(text(tag, key, **{name: _in(tag, value) for name, value in params.items()}) for tag in ("zh", "en")))


def say_kind(table: str, kind: object, **params: object) -> Both:
    """Give the sentence `table.kind`, or `table.other` with the kind's own name where the locales lack it."""
    key = f"{table}.{kind}"
    if has_text("zh", key) and has_text("en", key):
        return say(key, **params)
    return say(f"{table}.other", kind=clean(kind, 60), **params)


def _in(language: str, value: object) -> object:
    return value.of(language) if isinstance(value, Both) else value


def joined(parts: Iterable[Both], *, most: int = 6) -> Both:
    """Give names as one enumeration in each language, the rest of a long one as a number."""
    found = list(parts)
    shown, rest = found[:most], len(found) - most
    zh, en = "、".join(part.zh for part in shown), ", ".join(part.en for part in shown)
    if rest <= 0:
        return Both(zh, en)
    more = say("render.and-more", n=rest)
    return Both(f"{zh}{more.zh}", f"{en} {more.en}")


class Names:
    """Names of data categories, owners and permissions, as far as the report brings them; else their ids."""

    def __init__(self, report: Report) -> None:
        """Read the names that the report carries."""
        held: Mapping[str, Any] = report["coverage"].get("names") or {}
        self._data: Mapping[str, Any] = held.get("data") or {}
        self._sdk: Mapping[str, Any] = held.get("sdk") or {}
        self._permission: Mapping[str, Any] = held.get("permission") or {}
        self._purpose: Mapping[str, Any] = held.get("purpose") or {}
        self._product: Mapping[str, Any] = held.get("product") or {}
        self._rows = {row["id"]: row for row in report["evidence"].get("sdk", ())}

    def data(self, name: object) -> Both:
        """Give the name of a data category."""
        return both(self._data.get(str(name)), name, NAME)

    def parent(self, name: object) -> str:
        """Give the id of the category above, or an empty string where the report does not name it."""
        found = str((self._data.get(str(name)) or {}).get("parent") or "")
        return found if found in self._data else ""

    def sensitive(self, name: object) -> bool:
        """Say whether the category is marked sensitive."""
        return bool((self._data.get(str(name)) or {}).get("sensitive"))

    def owner(self, name: object) -> Both:
        """Give the name of an owner: the app itself, an SDK, or unknown code."""
        if name == "app":
            return say("render.owner-app")
        if name in (None, "", "unknown"):
            return say("render.owner-unknown")
        row = self._rows.get(str(name), {})
        named = {"zh": row.get("name_zh") or row.get("name"), "en": row.get("name") or row.get("name_zh")}
        return both(self._sdk.get(str(name)) or named, name, NAME)

    def permission(self, name: object) -> Both | None:
        """Give what a permission is for, where the report says it."""
        found = self._permission.get(str(name))
        return both(found, name, NAME) if found else None

    def purpose(self, name: object) -> Both:
        """Give what an SDK is for."""
        found = self._purpose.get(str(name))
        return both(found, name, NAME) if found else say_kind("render.purpose", name)

    def product(self, name: object) -> Both:
        """Give the name of a packer or framework."""
        return both(self._product.get(str(name)), name, NAME)
