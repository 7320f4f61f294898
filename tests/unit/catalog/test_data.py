"""The tree of data categories."""

from __future__ import annotations

import pytest

from assaymark.catalog import categories, load_data, name


def test_a_category_leads_to_its_root() -> None:
    assert categories("imsi") == ("imsi", "sim-identifier", "device-identifier")
    assert categories("device-identifier") == ("device-identifier",)


def test_every_category_ends_at_a_root() -> None:
    roots = {one.id for one in load_data() if not one.parent}
    assert {categories(one.id)[-1] for one in load_data()} == roots


def test_names_in_both_languages() -> None:
    assert (name("clipboard", "zh"), name("clipboard", "en")) == ("剪贴板", "clipboard")


def test_an_unknown_category_or_language_is_an_error() -> None:
    with pytest.raises(KeyError):
        categories("no-such")
    with pytest.raises(KeyError):
        name("clipboard", "fr")


def test_what_article_28_names_is_sensitive() -> None:
    sensitive = {one.id for one in load_data() if one.sensitive}
    assert {
        "biometric",
        "face",
        "belief",
        "specific-identity",
        "health",
        "medical",
        "bank-card",
        "movement-track",
    } <= sensitive
    assert not {"imei", "oaid", "coarse-location", "installed-apps", "clipboard"} & sensitive


def test_what_a_user_can_reset() -> None:
    resettable = {one.id: one.resettable for one in load_data()}
    assert resettable["oaid"] is True
    assert resettable["imei"] is False
    assert resettable["contacts"] is None
