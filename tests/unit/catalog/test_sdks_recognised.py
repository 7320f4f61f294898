"""Every row of the SDK catalog is recognised in a package made from it: by each kind of mark, and in its version.

A batch of rows goes into one package, and the detector must give exactly these rows: a mark that fits two SDKs fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from assaymark.analysis.code import code_of
from assaymark.catalog import Sdk, VersionSource, load_sdks
from assaymark.detectors.sdk import sdk as detector
from assaymark.formats.opening import open_program
from assaymark.formats.program import Program
from assaymark.model.tables import SDK
from assaymark.testing.apk import Apk, manifest

BATCH = 40
ROWS = [row for row in load_sdks() if not row.library]
LIBRARIES = [row for row in load_sdks() if row.library]

Found = Mapping[str, Mapping[str, Any]]


def batches(has: Callable[[Sdk], object], rows: list[Sdk] = ROWS) -> list[Any]:
    chosen = [row for row in rows if has(row)]
    parts = [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]
    return [pytest.param(part, id=f"{part[0].id}..{part[-1].id}") for part in parts]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Apk], Program]:
    def make(apk: Apk) -> Program:
        path = tmp_path / "made.apk"
        path.write_bytes(apk.build())
        return open_program(path)

    return make


def found(program: Program) -> Found:
    columns = [column.name for column in SDK.columns]
    rows = [dict(zip(columns, row, strict=True)) for _table, row in detector(program)]
    return {row["id"]: row for row in rows}


def descriptor(name: str) -> str:
    return f"L{name.replace('.', '/')};"


def stub_of(prefix: str) -> str:
    return f"{prefix.removesuffix('.*')}.Stub"


def define(name: str, body: str = "") -> str:
    return f".class public {descriptor(name)}\n.super Ljava/lang/Object;\n{body}"


def check_names(row: Sdk, cells: Mapping[str, Any]) -> None:
    stated = ("name", "name_zh", "vendor", "vendor_zh", "purpose", "data")
    assert [cells[column] for column in stated] == [getattr(row, column) for column in stated], row.id


def test_no_row_goes_untested() -> None:
    assert len(ROWS) + len(LIBRARIES) == len(load_sdks())
    assert all(row.packages for row in load_sdks())


@pytest.mark.parametrize("rows", batches(lambda row: row.packages))
def test_its_code_in_the_package_is_bundled(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    names = {name for row in rows for name in (*map(stub_of, row.packages), *row.classes)}
    given = found(opened(Apk(smali=[define(name) for name in sorted(names)])))
    assert given.keys() == {row.id for row in rows}
    for row in rows:
        cells = given[row.id]
        check_names(row, cells)
        assert cells["presence"] == "bundled", row.id
        assert "package" in cells["known_by"], row.id
        assert ("class" in cells["known_by"]) == bool(row.classes), row.id
        assert {prefix.removesuffix(".*") for prefix in row.packages} <= set(cells["packages"]), row.id
        assert cells["classes"] == len({*map(stub_of, row.packages), *row.classes}), row.id
        assert (cells["version"], cells["reachable"]) == (None, False), row.id


@pytest.mark.parametrize("rows", batches(lambda row: row.packages))
def test_calls_alone_are_a_reference(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    calls = "".join(
        f"    invoke-static {{}}, {descriptor(stub_of(prefix))}->go()V\n" for row in rows for prefix in row.packages
    )
    body = f".method protected go()V\n    .locals 0\n{calls}    return-void\n.end method\n"
    given = found(opened(Apk(smali=define("com.example.app.Main", body))))
    assert given.keys() == {row.id for row in rows}
    for row in rows:
        check_names(row, given[row.id])
        assert (given[row.id]["presence"], given[row.id]["known_by"]) == ("referenced", ("reference",)), row.id
        assert given[row.id]["classes"] == 0, row.id


@pytest.mark.parametrize("rows", batches(lambda row: row.libraries))
def test_its_native_library_is_bundled(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    libs = {f"arm64-v8a/{name.replace('*', '7')}": b"" for row in rows for name in row.libraries}
    given = found(opened(Apk(libs=libs)))
    assert given.keys() == {row.id for row in rows}
    assert {(cells["presence"], cells["known_by"]) for cells in given.values()} == {("bundled", ("library",))}


@pytest.mark.parametrize("mark", sorted({(mark, row.id) for row in ROWS for mark in row.libraries}))
def test_each_native_library_tells_its_sdk_alone(mark: tuple[str, str]) -> None:
    name, owner = mark
    shaped = name.replace("*", "7")
    matching = {
        row.id for row in ROWS for other in row.libraries if re.fullmatch(re.escape(other).replace(r"\*", ".*"), shaped)
    }
    assert matching == {owner}


@pytest.mark.parametrize("rows", batches(lambda row: row.manifest))
def test_its_manifest_mark_is_a_reference(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    marks = [mark for row in rows for mark in row.manifest]
    application = "\n".join(declared(number, mark) for number, mark in enumerate(marks))
    given = found(opened(Apk(manifest=manifest(application=application))))
    assert given.keys() == {row.id for row in rows}
    assert {(cells["presence"], cells["known_by"]) for cells in given.values()} == {("referenced", ("manifest",))}


def declared(number: int, mark: str) -> str:
    if mark.startswith("."):
        authority = quoteattr(f"com.example.app{mark}")
        return f'<provider android:name="com.example.app.P{number}" android:authorities={authority}/>'
    if re.fullmatch(r"[a-z][\w.]*\.[A-Z][a-z]\w*|[a-z][\w.]*\.[a-z]", mark):
        return f"<activity android:name={quoteattr(mark)}/>"
    return f'<meta-data android:name={quoteattr(mark)} android:value="7"/>'


@pytest.mark.parametrize("rows", batches(lambda row: row.assets))
def test_its_asset_is_a_reference(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    assets = {name.replace("*", "7"): "" for row in rows for name in row.assets}
    given = found(opened(Apk(assets=assets)))
    assert given.keys() == {row.id for row in rows}
    assert {(cells["presence"], cells["known_by"]) for cells in given.values()} == {("referenced", ("asset",))}


WAYS = [(row, way) for row in ROWS for way in row.version]


@pytest.mark.parametrize("turn", range(max(len(row.version) for row in ROWS)))
def test_each_way_to_a_version_gives_it(turn: int, opened: Callable[[Apk], Program]) -> None:
    rows = [row for row in ROWS if len(row.version) > turn]
    made = Stated()
    for row in rows:
        made.state(row.version[turn])
    for name in {stub_of(row.packages[0]) for row in rows} - made.bodies.keys():
        made.bodies[name] = ""
    given = found(opened(made.apk()))
    for row in rows:
        way = row.version[turn]
        text = sample(way)
        assert (given[row.id]["version"], bool(given[row.id]["version_from"])) == (way.version(text), True), row.id


def sample(way: VersionSource) -> str:
    """Give a text that states a version this way."""
    if not way.pattern:
        return "7.8.9"
    text = re.sub(r"\([^()]*\)\?|\[[^]]*\]\?", "", way.pattern)
    text = re.sub(r"\(\?:(\w+)\|[^()]*\)", r"\1", text).replace("(?:", "(")
    text = re.sub(r"\\d\+?", "7", text).replace(r"\S+", "7.8.9").replace(".+", "7.8.9")
    text = re.sub(r"(?<!\\)[()]", "", text).replace("\\", "")
    assert re.fullmatch(way.pattern, text), way.pattern
    return text


class Stated:
    """A package that states versions."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}
        self.strings: dict[str, str] = {}
        self.members: dict[str, str] = {}
        self.libs: dict[str, bytes] = {}
        self.meta_data: list[str] = []

    def state(self, way: VersionSource) -> None:
        text = sample(way)
        match way.kind:
            case "static-field":
                body = f'.field public static final {way.field}:Ljava/lang/String; = "{text}"\n'
                self.bodies[way.class_name] = self.bodies.get(way.class_name, "") + body
            case "class-string" | "string":
                name = way.class_name or f"com.example.app.C{len(self.bodies)}"
                body = f'    .locals 1\n    const-string v0, "{text}"\n    return-void\n'
                self.bodies[name] = f".method public static go()V\n{body}.end method\n"
            case "resource":
                self.strings[way.name] = text
            case "asset":
                self.members[way.path] = f"{text}\n"
            case "properties":
                self.members[way.path] = f"# made\n{way.key}={text}\n"
            case "meta-data":
                self.meta_data.append(f'<meta-data android:name="{way.key}" android:value="{text}"/>')
            case "library-name":
                self.libs[f"arm64-v8a/{text}"] = b""
            case _:
                pytest.fail(f"no test for {way.kind}")

    def apk(self) -> Apk:
        return Apk(
            manifest=manifest(application="\n".join(self.meta_data)),
            smali=[define(name, body) for name, body in sorted(self.bodies.items())],
            strings={"": self.strings} if self.strings else {},
            members=self.members,
            libs=self.libs,
        )


@pytest.mark.parametrize("rows", batches(lambda row: row.packages, LIBRARIES))
def test_code_of_a_library_has_its_owner_and_makes_no_row(rows: list[Sdk], opened: Callable[[Apk], Program]) -> None:
    names = {name for row in rows for name in (*map(stub_of, row.packages), *row.classes)}
    program = opened(Apk(smali=[define(name) for name in sorted(names)]))
    assert found(program) == {}
    owners = {prefix: code_of(program).owner(stub_of(prefix)) for row in rows for prefix in row.packages}
    assert owners == {prefix: row.id for row in rows for prefix in row.packages}
