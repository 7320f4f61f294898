"""Every permission of the catalog is told with its protection and data, and one that is only spelled alike is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assaymark import pipeline
from assaymark.catalog import Permission, load_permissions
from assaymark.model.tables import PERMISSION
from assaymark.testing.apk import Apk, manifest

MAIN = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[object, ...]]:
    names = [name for one in load_permissions() for name in (one.name, f"{one.name}_X")]
    path = tmp_path_factory.mktemp("permissions") / "app.apk"
    path.write_bytes(Apk(manifest=manifest(permissions=names), smali=MAIN).build())
    _program, evidence, _runs = pipeline.collect(path)
    at = PERMISSION.position
    return {
        str(row[at["name"]]): tuple(row[at[name]] for name in ("protection", "data", "background", "usage"))
        for row in evidence["permission"]
    }


@pytest.mark.parametrize("one", load_permissions(), ids=lambda one: one.name)
def test_a_permission_is_told(one: Permission, found: Mapping[str, tuple[object, ...]]) -> None:
    usage = "unused" if one.covered else "not-tracked"
    assert found[one.name] == (one.protection, one.data, one.background, usage)
    assert found[f"{one.name}_X"] == ("unknown", (), False, "not-tracked")
