"""Data categories: one tree of kinds of personal information, with the words of Chinese rules and of the app stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, Source, load, refuse_duplicates, rows

FILE = "data.toml"


@dataclass(frozen=True, slots=True)
class Category:
    """One category. `parent` is empty for a root."""

    id: str
    zh: str
    en: str
    parent: str
    sensitive: bool
    """Sensitive personal information in the sense of PIPL article 28."""
    resettable: bool | None
    """For an identifier: can the user change it without erasing the device. `None` for what is no identifier."""
    play: tuple[str, ...]
    """Google Play data safety types."""
    apple: tuple[str, ...]
    """Apple types, without the prefix `NSPrivacyCollectedDataType`."""
    necessary: tuple[str, ...]
    """Data of the necessary-information provisions of 2021 that this category stands for."""
    source: Source
    checked: str
    known: str


def read_category(row: Row) -> Category:
    """Give the category that a row describes. Raises `InvalidCatalog`."""
    made = Category(
        id=row.text("id"),
        zh=row.text("zh"),
        en=row.text("en"),
        parent=row.text("parent", ""),
        sensitive=row.flag("sensitive"),
        resettable=row.optional_flag("resettable"),
        play=row.texts("play"),
        apple=row.texts("apple"),
        necessary=row.texts("necessary"),
        source=row.source(),
        checked=row.checked(),
        known=row.known(),
    )
    row.finish()
    return made


def read_categories(file: str, tree: Mapping[str, object]) -> tuple[Category, ...]:
    """Give the categories of a parsed file, parents before children: there is no ring. Raises `InvalidCatalog`."""
    made: dict[str, Category] = {}
    held = list(rows(file, tree))
    categories = [read_category(row) for row in held]
    refuse_duplicates(file, (category.id for category in categories))
    for row, category in zip(held, categories, strict=True):
        if category.parent and category.parent not in made:
            row.refuse(f"parent {category.parent!r} does not stand above it")
        made[category.id] = category
    return tuple(categories)


@kept
def load_data() -> tuple[Category, ...]:
    """Give all data categories, parents before children."""
    return read_categories(FILE, load(FILE))


@cache
def categories_by_id() -> Mapping[str, Category]:
    """Give all data categories by id."""
    return {category.id: category for category in load_data()}


@cache
def categories(id: str) -> tuple[str, ...]:  # noqa: A002 - the word users know
    """Give a category and what it belongs to, up to the root: `("imei", "device-identifier")`. Raises `KeyError`."""
    chain = [id]
    while parent := categories_by_id()[chain[-1]].parent:
        chain.append(parent)
    return tuple(chain)


def name(id: str, language: str) -> str:  # noqa: A002
    """Give the name of a category in `zh` or `en`. Raises `KeyError`."""
    category = categories_by_id()[id]
    return {"zh": category.zh, "en": category.en}[language]


def refuse_unknown(row: Row, named: tuple[str, ...]) -> None:
    """Raise `InvalidCatalog` if a row names a data category that does not exist."""
    for one in named:
        if one not in categories_by_id():
            row.refuse(f"no such data category: {one}")
