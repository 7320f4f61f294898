"""Apps that carry many SDKs: each is recognised, with the version that is stated, and nothing else is."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.catalog import Sdk, load_sdks
from assaymark.model.tables import SDK
from assaymark.testing.sdks import sdk_app

CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS", "/nowhere"))
EACH = 40

# Those that state a version come first, so that one app has as many stated versions as there can be.
SDKS = sorted((one for one in load_sdks() if not one.library), key=lambda one: not one.version)
APPS = [SDKS[start : start + EACH] for start in range(0, len(SDKS), EACH)]


def recognised(path: Path) -> Mapping[str, tuple[object, ...]]:
    """Version, presence and whether it can run, of each SDK found, by id."""
    _program, evidence, _runs = pipeline.collect(path)
    at = SDK.position
    return {
        str(row[at["id"]]): tuple(row[at[name]] for name in ("version", "presence", "reachable"))
        for row in evidence["sdk"]
    }


@pytest.mark.parametrize("sdks", APPS, ids=lambda sdks: f"{sdks[0].id}-{sdks[-1].id}")
def test_an_app_with_forty_sdks_is_recognised_completely(sdks: list[Sdk], tmp_path: Path) -> None:
    app, versions = sdk_app(sdks)
    path = tmp_path / "app.apk"
    path.write_bytes(app.build())
    assert recognised(path) == {id: (version, "bundled", True) for id, version in versions.items()}  # noqa: A001


def test_the_first_app_states_a_version_of_every_sdk() -> None:
    assert len(APPS[0]) == EACH
    assert all(sdk_app(APPS[0])[1].values())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_the_mixes_of_the_corpus_are_recognised_completely() -> None:
    """What the table beside the mixes states of those that were not renamed."""
    folder = CORPUS / "sdk" / "made"
    names = {one.id: (one.packages, one.name) for one in load_sdks()}
    stated: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader((folder / "expected-sdks.csv").read_text(encoding="utf-8").splitlines()):
        if row["obfuscated"] in ("no", ""):
            stated.setdefault(row["apk"], []).append(row)
    assert len(stated) == 3
    for file, rows in stated.items():
        found = recognised(folder / file)
        wanted = {}
        for row in rows:
            packages = [name for name in row["packages"].split(";") if name]
            ids = [
                id
                for id, (held, _name) in names.items()  # noqa: A001
                if id in found and any(one.startswith(name) for one in held for name in packages)
            ]
            # Where the table states no version, the package may state one all the same.
            wanted |= {id: found[id][0] if row["version"] == "unknown" else row["version"] for id in ids}  # noqa: A001
            assert bool(ids) is bool(packages), row["sdk"]
        assert {id: version for id, (version, *_rest) in found.items()} == wanted, file  # noqa: A001
