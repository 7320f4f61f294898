"""The attributes of the android namespace that manifests and layouts use: ids, formats, named values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

NAMESPACE = "http://schemas.android.com/apk/res/android"


class Attribute(NamedTuple):
    """One attribute: resource id, formats (`string`, `boolean`, `enum`, …), numbers of its named values."""

    id: int
    formats: frozenset[str]
    values: Mapping[str, int]


@cache
def attributes() -> Mapping[str, Attribute]:
    """Give all known attributes by name, read from `android_attributes.txt`."""
    text = (files("assaymark.testing") / "android_attributes.txt").read_text(encoding="utf-8")
    found: dict[str, Attribute] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        number, name, formats, *values = line.split()
        pairs = (pair.split("=") for pair in values[0].split(",")) if values else ()
        found[name] = Attribute(
            int(number, 16),
            frozenset(formats.split("|")),
            MappingProxyType({key: int(value, 16) for key, value in pairs}),
        )
    return MappingProxyType(found)


FRAMEWORK = MappingProxyType(
    {
        "style/Theme": 0x01030005,
        "style/Theme.Dialog": 0x0103000B,
        "style/Theme.Light": 0x0103000C,
        "style/Theme.Translucent": 0x0103000F,
        "style/Theme.Translucent.NoTitleBar": 0x01030010,
        "style/Theme.NoDisplay": 0x01030055,
        "style/Theme.DeviceDefault": 0x01030128,
        "string/cancel": 0x01040000,
        "string/ok": 0x0104000A,
        "drawable/ic_menu_info_details": 0x01080041,
        "drawable/sym_def_app_icon": 0x01080093,
        "id/text1": 0x01020014,
        "id/button1": 0x01020019,
        "id/button2": 0x0102001A,
    }
)
"""Resources of the platform that sources may name as `@android:type/name`; any other is written as `@0x01030055`."""
