"""Extension points: found by their place, refused when taken twice."""

from __future__ import annotations

import pytest

from assaymark import extend
from assaymark.model.tables import GAP, TABLES


def test_our_own_are_found() -> None:
    assert {"api-call", "artifact", "component", "gap", "permission", "sdk", "setting"} <= {
        one.id for one in extend.detectors()
    }
    assert {"apk", "apks"} <= {one.format for one in extend.readers()}
    assert {"text", "json", "html"} <= {one.id for one in extend.renderers()}


def test_every_detector_has_a_page_of_cases_and_says_what_it_does(pytestconfig: pytest.Config) -> None:
    pages = pytestconfig.rootpath / "tests" / "detectors"
    for one in extend.detectors():
        assert (pages / f"{one.id}.md").exists(), one.id
        assert one.summary.endswith(".")
        assert set(one.emits) <= set(TABLES.values())


def test_a_taken_id_is_refused() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        extend.detector(id=extend.detectors()[0].id, version=1, emits=(GAP,))(lambda program: ())
