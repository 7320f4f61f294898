"""The words of consent: what a control says that agrees, and what a text says that speaks of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import tomli

from assaymark.catalog.kept import kept
from assaymark.catalog.reading import read_bytes
from assaymark.model.errors import InvalidCatalog

FILE = "consent.toml"

ROLES = ("agree", "decline", "proceed", "beside", "negation", "policy", "document", "permission", "tie")
"""What words are for: on controls that agree, that do not, that go on, beside these, and that turn them around; in
texts about personal information, that name a policy, that ask for a permission, that tie pressing something to
agreeing."""

_LANGUAGES = ("zh", "zh_hant", "en")


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """The words of each role, in lower case, all languages together."""

    agree: tuple[str, ...]
    decline: tuple[str, ...]
    proceed: tuple[str, ...]
    beside: tuple[str, ...]
    negation: tuple[str, ...]
    policy: tuple[str, ...]
    document: tuple[str, ...]
    permission: tuple[str, ...]
    tie: tuple[str, ...]

    def by_role(self) -> dict[str, list[str]]:
        """Give the words by role, as the engine takes them."""
        return {role: list(getattr(self, role)) for role in ROLES}


@kept
def load_consent_words() -> ConsentWords:
    """Give the words. Raises `InvalidCatalog` naming the group and the fault."""
    return read_words(read_bytes(FILE).decode("utf-8"))


def read_words(text: str) -> ConsentWords:
    """Read the words from the text of a catalog file. Raises as `load_consent_words` does."""
    content = tomli.loads(text)
    found: dict[str, tuple[str, ...]] = {}
    for group in content["words"]:
        role = group.get("role", "?")
        if role not in ROLES or role in found:
            raise InvalidCatalog(f"{FILE}: role {role!r} is not known, or stands there twice")
        if group.get("source") not in content["sources"] or not isinstance(group.get("checked"), date):
            raise InvalidCatalog(f"{FILE}: the words to {role} lack their source or the day they were checked")
        if unknown := group.keys() - {"role", "source", "checked", *_LANGUAGES}:
            raise InvalidCatalog(f"{FILE}: the words to {role} have unknown keys {', '.join(sorted(unknown))}")
        words = [word for language in _LANGUAGES for word in group.get(language, ())]
        if wrong := [word for word in words if word != word.strip().lower() or not word]:
            raise InvalidCatalog(f"{FILE}: {wrong[0]!r} is not in lower case without blanks around it")
        found[role] = tuple(dict.fromkeys(words))
    if missing := set(ROLES) - found.keys():
        raise InvalidCatalog(f"{FILE}: no words to {', '.join(sorted(missing))}")
    return ConsentWords(**found)
