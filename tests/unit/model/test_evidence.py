"""Collected evidence: sorted, without doubles, with ids that stay."""

from __future__ import annotations

import pytest

from assaymark.model.evidence import Evidence, as_object, from_object
from assaymark.model.tables import API_CALL, GAP, PERMISSION, SDK, TABLES, Row


def _permission(name: str, **cells: object) -> Row:
    return PERMISSION.row("AndroidManifest.xml", name=name, requested=True, defined=False, **cells)  # type: ignore[arg-type]


def _finish(*rows: Row) -> list[Row]:
    evidence = Evidence()
    evidence.add(PERMISSION, rows)
    return evidence.finish()["permission"]


def test_the_order_of_adding_does_not_show() -> None:
    a, b = _permission("a.A"), _permission("b.B")
    assert _finish(a, b) == _finish(b, a)


def test_equal_rows_are_kept_once() -> None:
    assert len(_finish(_permission("a.A"), _permission("a.A"))) == 1


def test_the_id_follows_the_key_and_nothing_else() -> None:
    [before] = _finish(_permission("a.A", usage="used"))
    [after] = _finish(_permission("a.A", usage="unused", max_sdk=28))
    [other] = _finish(_permission("a.B", usage="used"))
    assert before[0] == after[0] != other[0]
    assert str(before[0]).startswith("permission-")


def test_two_calls_of_one_method_get_different_ids() -> None:
    evidence = Evidence()
    cells = {"api": "x.Y.z", "class": "a.B", "method": "m", "descriptor": "()V", "data": "imei"}
    evidence.add(API_CALL, [API_CALL.row("classes.dex", offset=offset, **cells) for offset in (9, 3)])
    first, second = evidence.finish()["api_call"]
    assert API_CALL.cell(first, "offset") == 3
    assert second[0] == f"{first[0]}-2"


def test_an_sdk_row_is_named_by_its_catalog_id() -> None:
    evidence = Evidence()
    evidence.add(SDK, [SDK.row("classes.dex", "jpush", presence="bundled")])
    assert evidence.finish()["sdk"][0][0] == "jpush"


def test_rows_survive_their_json_form() -> None:
    row = GAP.row("x", kind="packed", hides=("api_call", "flow"), count=2, weight="total")
    assert from_object(GAP, as_object(GAP, row)) == row


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError):
        GAP.row("x", colour="red")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_is_well_formed(table: object) -> None:
    assert table.columns[0].name == "id"  # type: ignore[attr-defined]
    assert table.columns[1].name == "at"  # type: ignore[attr-defined]
    names = [column.name for column in table.columns]  # type: ignore[attr-defined]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)  # type: ignore[attr-defined]
