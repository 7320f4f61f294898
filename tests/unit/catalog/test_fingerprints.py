"""What was learned is complete: every artefact has its source and digest, every number its SDK."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from assaymark import catalog
from assaymark.catalog.fingerprints import ROW, SHARED, VERSIONS, load_learned, load_table, read_learned
from assaymark.model.errors import InvalidCatalog


def test_every_library_is_an_sdk_of_the_catalog() -> None:
    assert set(load_learned().libraries) <= set(catalog.sdks_by_id())


def test_every_artefact_says_where_it_comes_from() -> None:
    for one in load_learned().artefacts:
        assert one.source.title.startswith(("maven:", "npm:")), asdict(one)
        assert len(one.sha256) == 64


def test_every_row_tells_a_known_library_and_versions_that_it_has() -> None:
    learned = load_learned()
    allowed = [1 << len(learned.versions(one)) for one in learned.libraries]
    assert max(len(learned.versions(one)) for one in learned.libraries) <= VERSIONS
    last = -1
    for low, high, library, bits in ROW.iter_unpack(load_table()):
        feature = high << 32 | low
        assert feature > last
        last = feature
        assert library == SHARED or bits < allowed[library]


def test_a_file_that_contradicts_itself_is_refused() -> None:
    tree = {"libraries": ["jpush"], "table": "", "sources": {}, "group": []}
    with pytest.raises(InvalidCatalog, match="jpush"):
        read_learned("some.toml", tree)
