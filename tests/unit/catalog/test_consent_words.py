"""The words of consent: what is refused while they are read, and what must hold between the roles."""

from __future__ import annotations

import pytest

from assaymark import catalog
from assaymark.catalog import consent
from assaymark.model.errors import InvalidCatalog


def test_every_role_has_words_in_both_languages() -> None:
    words = catalog.load_consent_words()
    for role in consent.ROLES:
        found = getattr(words, role)
        assert any(word.isascii() for word in found), role
        assert any(not word.isascii() for word in found), role


def test_no_word_both_agrees_and_declines() -> None:
    words = catalog.load_consent_words()
    assert not set(words.agree) & set(words.decline)
    assert not set(words.agree) & set(words.proceed)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[sources.a]\n[[words]]\nrole = "maybe"\nsource = "a"\nchecked = 2026-01-01', "not known"),
        ('[sources.a]\n[[words]]\nrole = "agree"\nsource = "b"\nchecked = 2026-01-01', "lack their source"),
        ('[sources.a]\n[[words]]\nrole = "agree"\nsource = "a"', "the day"),
        ('[sources.a]\n[[words]]\nrole = "agree"\nsource = "a"\nchecked = 2026-01-01\nfr = ["oui"]', "unknown keys fr"),
        ('[sources.a]\n[[words]]\nrole = "agree"\nsource = "a"\nchecked = 2026-01-01\nen = ["OK"]', "lower case"),
        ('[sources.a]\n[[words]]\nrole = "agree"\nsource = "a"\nchecked = 2026-01-01\nen = ["ok"]', "no words to"),
    ],
)
def test_faults_are_named(text: str, fault: str) -> None:
    with pytest.raises(InvalidCatalog, match=fault):
        consent.read_words(text)
