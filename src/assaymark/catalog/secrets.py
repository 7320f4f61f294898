"""Patterns of secrets that stand in packages: keys, tokens, passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from assaymark.catalog.reading import load, refuse_duplicates, rows

FILE = "secrets.toml"

CHECKS = ("jwt", "basic", "userinfo")
"""Tests that a pattern cannot make."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One kind of secret: found by its form, or where `names` stand by the name of what holds it."""

    id: str
    pattern: re.Pattern[str]
    marks: tuple[str, ...]
    names: tuple[str, ...]
    check: str
    examples: tuple[str, ...]
    near: tuple[str, ...]


@cache
def load_secrets() -> tuple[Secret, ...]:
    """Give all rows, in the order of the file. Raises `InvalidCatalog`."""
    made = []
    for row in rows(FILE, load(FILE)):
        try:
            pattern = re.compile(row.text("pattern"))
        except re.error as error:
            row.refuse(f"pattern: {error}")
        secret = Secret(
            id=row.text("id"),
            pattern=pattern,
            marks=row.texts("marks"),
            names=row.texts("names"),
            check=row.one_of("check", CHECKS, ""),
            examples=row.texts("examples"),
            near=row.texts("near"),
        )
        if bool(secret.marks) == bool(secret.names):
            row.refuse("found by marks or by names, one of them")
        if not secret.examples or not secret.near:
            row.refuse("an example or a near miss is missing")
        row.source()
        row.checked()
        row.known()
        row.finish()
        made.append(secret)
    refuse_duplicates(FILE, (secret.id for secret in made))
    return tuple(made)
