"""No catalog is read that holds a row without source, date or way it is known: the file itself, with that left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from inspect import unwrap
from pathlib import Path

import pytest

from assaymark.catalog import apis, blindspots, data, fingerprints, flows, permissions, reading, sdks, secrets
from assaymark.catalog.addresses import load_network_calls, load_not_endpoints, load_top_level
from assaymark.model.errors import InvalidCatalog

LOADERS: dict[str, Callable[[], object]] = {
    "apis.toml": apis.load_apis,
    "blindspots.toml": blindspots.load_blindspots,
    "callbacks.toml": flows.load_flow_rules,
    "data.toml": data.load_data,
    "fingerprints.toml": fingerprints.load_learned,
    "inputs.toml": flows.load_flow_rules,
    "network_calls.toml": load_network_calls,
    "not_endpoints.toml": load_not_endpoints,
    "permissions.toml": permissions.load_permissions,
    "secrets.toml": secrets.load_secrets,
    "sinks.toml": flows.load_flow_rules,
    "summaries.toml": flows.load_flow_rules,
    "top_level.toml": load_top_level,
    # Each file on its own: load_sdks would stop at the first.
    **{
        file: partial(lambda name: sdks.read_sdks(name, reading.load(name), reading.load(sdks.FILE)), file)
        for file in reading.files_below(sdks.ROWS)
    },
}


OTHERS = {
    "consent.toml",  # words, not rows: tests/unit/catalog/test_consent_words.py
    "sdks.toml",  # what the rows below sdks/ share: sources, makers, purposes, keys
}


def test_every_file_is_among_them() -> None:
    files = {path.relative_to(reading.FOLDER).as_posix() for path in reading.FOLDER.rglob("*.toml")}
    assert files == LOADERS.keys() | OTHERS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in reading.FOLDER.rglob("*.toml"):
        copy = tmp_path / path.relative_to(reading.FOLDER)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(reading, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", LOADERS)
@pytest.mark.parametrize("key", ["source", "checked", "known"])
def test_a_file_whose_rows_lack_it_is_refused(file: str, key: str, folder: Path) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    without = re.sub(rf"""(?<![\w-]){key} = ("[^"]*"|'[^']*')(, )?""", "", text)
    assert without != text
    (folder / file).write_text(without, encoding="utf-8")
    with pytest.raises(InvalidCatalog, match=f"{key} is not a text"):
        unwrap(LOADERS[file])()


@pytest.mark.parametrize("file", LOADERS)
def test_a_day_that_is_none_is_refused(file: str, folder: Path) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(re.sub(r"checked = (['\"])[^'\"]*", r"checked = \1today", text), encoding="utf-8")
    with pytest.raises(InvalidCatalog, match="checked is 'today', not a day"):
        unwrap(LOADERS[file])()


@pytest.mark.parametrize("file", LOADERS)
def test_a_source_that_is_not_listed_is_refused(file: str, folder: Path) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(re.sub(r"(?<!\w)source = (['\"])[^'\"]*", r"source = \1hearsay", text), encoding="utf-8")
    with pytest.raises(InvalidCatalog, match="source is 'hearsay'"):
        unwrap(LOADERS[file])()


def test_a_whole_file_is_read(folder: Path) -> None:
    assert all(unwrap(load)() for load in LOADERS.values())
