"""Secrets: every row of the catalog finds its examples and passes over what looks alike; values are masked."""

from __future__ import annotations

import pytest

from assaymark.analysis.secrets import mask, secrets_in
from assaymark.catalog.secrets import Secret, load_secrets


def _kinds(text: str, row: Secret) -> list[str]:
    return [found.kind for found in secrets_in(text, row.names[0] if row.names else None)]


@pytest.mark.parametrize("row", load_secrets(), ids=lambda row: row.id)
def test_examples_are_found(row: Secret) -> None:
    for text in row.examples:
        assert _kinds(text, row) == [row.id]


@pytest.mark.parametrize("row", load_secrets(), ids=lambda row: row.id)
def test_near_misses_are_passed_over(row: Secret) -> None:
    for text in row.near:
        assert _kinds(text, row) == []


@pytest.mark.parametrize("row", load_secrets(), ids=lambda row: row.id)
def test_a_mark_stands_in_every_match(row: Secret) -> None:
    if row.marks:
        assert all(any(mark in text for mark in row.marks) for text in row.examples)


def test_a_named_value_needs_its_name() -> None:
    value = "8f3b1c7d9e2a4605b7c1d3e5f7092a4c"
    assert [found.kind for found in secrets_in(value, "WX_APP_SECRET")] == ["app-secret"]
    assert list(secrets_in(value, "checksum")) == []
    assert list(secrets_in(value)) == []


def test_a_masked_value_keeps_six_characters() -> None:
    assert mask("AKIAQ3WTJX5RZM7NLB2K") == "AKIA…14…2K"
    assert mask("weather:key") == "…11…"
