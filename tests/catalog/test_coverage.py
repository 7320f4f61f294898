"""Every table of the catalog has tests that take it row by row; a new table, or a row that its loader drops, fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli

from assaymark.catalog import load_apis, load_data, load_permissions, load_purposes, load_sdks
from assaymark.catalog.addresses import load_network_calls, load_not_endpoints, load_top_level
from assaymark.catalog.blindspots import load_blindspots
from assaymark.catalog.fingerprints import load_learned
from assaymark.catalog.reading import FOLDER
from assaymark.catalog.secrets import load_secrets

TESTS = Path(__file__).parents[1]

ROWS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "apis.toml": (load_apis, "catalog/test_apis.py", "enumerate(load_apis())"),
    "blindspots.toml": (load_blindspots, "catalog/test_blindspots.py", "ROWS = load_blindspots()"),
    "data.toml": (load_data, "catalog/test_data.py", 'parametrize("one", load_data()'),
    "fingerprints.toml": (
        lambda: load_learned().artefacts,
        "unit/catalog/test_fingerprints.py",
        "load_learned().artefacts",
    ),
    "network_calls.toml": (load_network_calls, "catalog/test_addresses.py", "enumerate(load_network_calls())"),
    "not_endpoints.toml": (load_not_endpoints, "catalog/test_addresses.py", 'parametrize("row", load_not_endpoints()'),
    "permissions.toml": (load_permissions, "catalog/test_permissions.py", "load_permissions()"),
    "sdks": (load_sdks, "unit/catalog/test_sdks_recognised.py", "ROWS = [row for row in load_sdks()"),
    "secrets.toml": (load_secrets, "unit/analysis/test_secrets.py", 'parametrize("row", load_secrets()'),
    "top_level.toml": (load_top_level, "catalog/test_addresses.py", "list(load_top_level().items())"),
}
"""By file: what gives all its rows, the tests that go through them, and how they do."""

ELSEWHERE = {
    "consent.toml": "unit/catalog/test_consent_words.py",  # lists of words
    "sdks.toml": "unit/catalog/test_sdks.py",  # what the rows of sdks/ share
    # Rules of data flow: code is made from each row, or a page of tests/flow has it; a row without a case fails.
    "callbacks.toml": "catalog/test_flow_coverage.py",
    "inputs.toml": "catalog/test_inputs.py",
    "sinks.toml": "catalog/test_flow_coverage.py",
    "summaries.toml": "catalog/test_flow_coverage.py",
}


def written(file: str) -> Sequence[dict[str, Any]]:
    """Give the rows that stand in a file, or in the files of a folder, as TOML has them."""
    paths = sorted((FOLDER / file).glob("*.toml")) if (FOLDER / file).is_dir() else [FOLDER / file]
    trees = [tomli.loads(path.read_text(encoding="utf-8")) for path in paths]
    rows = [row for tree in trees for group in tree["group"] for row in group["rows"]]
    if file == "top_level.toml":
        return [{"name": name} for row in rows for name in row["names"].split()]
    return rows


def test_every_file_is_tested_somewhere() -> None:
    files = {path.relative_to(FOLDER).parts[0] for path in FOLDER.rglob("*.toml")}
    assert files == ROWS.keys() | ELSEWHERE.keys()
    assert all((TESTS / path).is_file() for path in ELSEWHERE.values())


@pytest.mark.parametrize("file", ROWS)
def test_no_row_is_dropped_on_the_way_to_its_test(file: str) -> None:
    load, test, form = ROWS[file]
    assert len(load()) == len(written(file))
    assert form in (TESTS / test).read_text(encoding="utf-8")


def test_purposes_are_those_of_the_rows() -> None:
    assert load_purposes().keys() >= {one.purpose for one in load_sdks()}
