"""Every data category: a report names it, in both languages, where a package gives evidence of it.

One app holds every row of the catalogs that names a category: calls, permissions, SDKs, input fields. The categories
that nothing in a package tells are listed here: policies speak of them, and users give them in forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from assaymark import pipeline
from assaymark.catalog import Category, categories, load_apis, load_data, load_permissions, load_sdks
from assaymark.catalog.flows import load_flow_rules
from assaymark.model.tables import STATEMENT, TABLES
from assaymark.testing.apk import Apk, manifest

ONLY_IN_WORDS = set(
    """
    idfa build-fingerprint gender age marital-status id-copy driving-licence resume occupation belief specific-identity
    minor-information fingerprint fund-account credit medical im-contacts trip stay parcel vehicle house seat
    """.split()  # noqa: SIM905 - twenty-three lines otherwise
)

NAMED = {
    "api_call": {api.data for api in load_apis()},
    "permission": {data for one in load_permissions() for data in one.data},
    "sdk": {data for one in load_sdks() if not one.library for data in one.data},
    "flow": {one.data for one in load_flow_rules().widgets} | {source[0] for source in load_flow_rules().sources},
}
"""Categories by the table whose rows can name them."""

Names = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Names, Mapping[str, set[str]]]:
    """Give the names that a report of such an app holds, and the categories that each table has."""
    classes = {f"{prefix.removesuffix('.*')}.Stub" for one in load_sdks() for prefix in one.packages}
    smali = [f".class public L{name.replace('.', '/')};\n.super Ljava/lang/Object;\n" for name in sorted(classes)]
    path = tmp_path_factory.mktemp("data") / "app.apk"
    path.write_bytes(Apk(manifest=manifest(permissions=[one.name for one in load_permissions()]), smali=smali).build())
    report = pipeline.inspect(path)
    rows = {name: [one["data"] for one in report.evidence[name]] for name in NAMED}
    found = {
        name: {one for cell in cells for one in ([cell] if isinstance(cell, str) else cell)}
        for name, cells in rows.items()
    }
    return report["coverage"]["names"]["data"], found


def expected(one: Category) -> dict[str, Any]:
    return {"zh": one.zh, "en": one.en, "parent": one.parent, "sensitive": one.sensitive}


@pytest.mark.parametrize(
    "one", [one for one in load_data() if one.id in NAMED["permission"] | NAMED["sdk"]], ids=lambda one: one.id
)
def test_a_report_names_it_and_what_it_belongs_to(one: Category, told: tuple[Names, Mapping[str, set[str]]]) -> None:
    names, found = told
    assert one.id in found["permission"] | found["sdk"]
    for above in categories(one.id):
        assert names[above] == expected(next(each for each in load_data() if each.id == above))


@pytest.mark.parametrize("one", load_data(), ids=lambda one: one.id)
def test_whatever_names_it_a_report_knows_its_name(one: Category) -> None:
    rows = {name: [] for name in TABLES} | {"statement": [{"data": [one.id]}]}
    assert STATEMENT.position["data"]
    names = pipeline._names(rows)["data"]  # what reads policies fills this table
    assert names[one.id] == expected(one)
    assert set(names) == set(categories(one.id))


def test_no_category_is_forgotten() -> None:
    """A category is what rows name, what others belong to, or one of those that only words tell."""
    named = set().union(*NAMED.values())
    parents = {one.parent for one in load_data()}
    assert {one.id for one in load_data()} - named - parents == ONLY_IN_WORDS
