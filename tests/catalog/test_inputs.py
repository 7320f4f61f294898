"""Each row of `inputs.toml` for what a user types: an element of a layout that it names, and one that it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.analysis.flow import _widgets
from assaymark.catalog.flows import load_flow_rules
from assaymark.formats.opening import open_program
from assaymark.testing.apk import Apk

RULES = load_flow_rules()
CASES = [
    *((one.data, "field", f'android:inputType="{value:#x}"') for one in RULES.widgets for value in sorted(one.inputs)),
    *((one.data, "field", f'android:hint="({word})"') for one in RULES.widgets for word in one.words),
]


def told(tmp_path: Path, name: str, attribute: str) -> list[str]:
    layout = f"""<LinearLayout xmlns:android="http://schemas.android.com/apk/res/android">
        <EditText android:id="@+id/{name}" {attribute}/><EditText android:id="@+id/other" android:inputType="0x1"/>
    </LinearLayout>"""
    app = tmp_path / "app.apk"
    app.write_bytes(Apk(files={"layout/main.xml": layout}).make().data)
    return [data for _number, data in _widgets(open_program(app), RULES)]


@pytest.mark.parametrize(("data", "name", "attribute"), CASES)
def test_a_field_is_told_by_its_type_and_by_its_hint(tmp_path: Path, data: str, name: str, attribute: str) -> None:
    assert told(tmp_path, name, attribute) == [data]


@pytest.mark.parametrize("attribute", ['android:inputType="0x2"', 'android:hint="How many?"'])
def test_any_other_field_is_not(tmp_path: Path, attribute: str) -> None:
    assert told(tmp_path, "field", attribute) == []
