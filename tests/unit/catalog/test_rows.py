"""The linter of the catalog: what the loader cannot know, every row of every file."""

from __future__ import annotations

import re
from datetime import date

import pytest

from assaymark.catalog import (
    Api,
    Category,
    Permission,
    Sdk,
    load_apis,
    load_data,
    load_permissions,
    load_purposes,
    load_sdks,
    owner_of,
)
from assaymark.catalog.apis import ANY_CLASS
from assaymark.catalog.data import categories_by_id

CJK = re.compile("[\u4e00-\u9fff]")

Row = Api | Category | Permission | Sdk

ROWS: list[Row] = [*load_apis(), *load_data(), *load_permissions(), *load_sdks()]


def called(row: Row) -> str:
    return f"{type(row).__name__}:{row.name if isinstance(row, Permission) else row.id}"


def test_every_row_says_where_it_comes_from_and_when_it_was_checked() -> None:
    for row in ROWS:
        assert row.source.title, called(row)
        artefact = row.source.title.startswith(("maven:", "npm:"))
        assert artefact or row.source.url.startswith(("https://", "http://")), called(row)
        assert date(2026, 1, 1) <= date.fromisoformat(row.checked), called(row)
        # What was read from an artefact names the artefact; what is remembered does not claim one.
        if isinstance(row, Sdk):
            assert (row.known == "artefact") == artefact, called(row)


def test_the_catalog_is_as_deep_as_promised() -> None:
    sdks = load_sdks()
    assert len(load_apis()) >= 100
    assert sum(not sdk.library for sdk in sdks) >= 260
    assert sum(sdk.country == "CN" and not sdk.library for sdk in sdks) >= 160


def test_chinese_names_are_chinese_and_english_names_are_not() -> None:
    pairs = [
        *((one.zh, one.en) for one in load_data()),
        *((one.zh, one.en) for one in load_permissions()),
        *((one.zh, one.en) for one in load_purposes().values()),
        *((one.note_zh, one.note_en) for one in load_apis() if one.note_zh),
    ]
    assert [zh for zh, _ in pairs if not CJK.search(zh)] == []
    assert [en for _, en in pairs if CJK.search(en)] == []
    assert [sdk.id for sdk in load_sdks() if CJK.search(sdk.name + sdk.vendor)] == []
    # A brand may be the same word in both languages; then the vendor's name is Chinese.
    assert [sdk.id for sdk in load_sdks() if not CJK.search(sdk.name_zh + sdk.vendor_zh)] == []


def test_names_are_told_apart_in_both_languages() -> None:
    for names in ([one.zh for one in load_data()], [one.en for one in load_data()]):
        assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_an_api_is_spelled_as_code_spells_it() -> None:
    for api in load_apis():
        if api.kind != "string" and api.class_name != ANY_CLASS:
            assert re.fullmatch(r"([a-z][a-z0-9_]*\.)+[A-Za-z0-9_]+(\$[A-Za-z0-9_]+)*", api.class_name), api.id
            assert re.fullmatch(r"<init>|[A-Za-z_][A-Za-z0-9_]*", api.name), api.id
        assert not api.value or api.value.startswith("content://"), api.id
        assert all(re.fullmatch(r"[A-Za-z0-9_.]+", name) for name in api.permission), api.id


def test_every_permission_that_an_api_names_is_in_the_catalog() -> None:
    held = {permission.name for permission in load_permissions()}
    assert sorted({name for api in load_apis() for name in api.permission} - held) == []


def test_a_content_uri_field_leads_to_a_query_of_the_same_data() -> None:
    queries = [api for api in load_apis() if api.title == "android.content.ContentResolver.query"]
    for api in load_apis():
        if api.value:
            assert [query.data for query in queries if query.accepts(api.value)] == [api.data], api.id


def test_dangerous_permissions_have_a_group_and_identifiers_say_whether_they_can_be_reset() -> None:
    ungrouped = [one.name for one in load_permissions() if one.protection == "dangerous" and not one.group]
    assert ungrouped == ["com.android.permission.GET_INSTALLED_APPS"]
    identifiers = [
        one for one in load_data() if one.parent in ("device-identifier", "sim-identifier", "network-identifier")
    ]
    assert [one.id for one in identifiers if one.resettable is None] == []


def test_every_category_with_a_parent_has_a_parent_that_is_one() -> None:
    known = categories_by_id()
    assert [one.id for one in load_data() if one.parent and one.parent not in known] == []


@pytest.mark.parametrize("sdk", load_sdks(), ids=called)
def test_an_sdk_can_be_recognised_and_its_telling_classes_are_its_own(sdk: Sdk) -> None:
    assert sdk.packages
    for class_name in sdk.classes:
        assert owner_of(class_name) == sdk.id, class_name
    for prefix in sdk.packages:
        assert re.fullmatch(r"[A-Za-z_$][\w$]*(\.[\w$]+)*(\.\*)?", prefix)
    for library in sdk.libraries:
        assert re.fullmatch(r"lib[\w*.-]+\.so", library)
