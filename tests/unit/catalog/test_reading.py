"""A wrong row is refused by name; defaults of a group reach its rows; digests are those of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

import assaymark.catalog
from assaymark.catalog import digest
from assaymark.catalog.apis import read_apis
from assaymark.catalog.blindspots import read_blindspots
from assaymark.catalog.data import read_categories
from assaymark.catalog.permissions import read_permissions
from assaymark.catalog.reading import parse
from assaymark.catalog.sdk_calls import Consent, Switch
from assaymark.catalog.sdks import read_sdks
from assaymark.model.errors import InvalidCatalog

SOURCES = '[sources]\ndocs = { title = "Docs", url = "https://example.org" }\n'
COMMON = 'source = "docs"\nchecked = "2026-11-21"\nknown = "documentation"\n'
PURPOSES = '[purposes]\npush = { zh = "推送", en = "push" }\nlibrary = { zh = "程序库", en = "library" }\n'
VENDORS = '[vendors]\nv = { zh = "厂", en = "V", country = "CN" }\n'

Read = Callable[[str, Mapping[str, object]], object]


def permissions(file: str, tree: Mapping[str, object]) -> object:
    return read_permissions(file, tree, frozenset({"android.permission.CAMERA"}))


def group(rows: str, common: str = COMMON, head: str = SOURCES) -> Mapping[str, object]:
    return parse("x.toml", f"{head}[[group]]\n{common}rows = [\n{rows}\n]\n")


API = 'id = "a", data = "imei", kind = "method", class = "a.B", name = "c"'
SDK = 'id = "a", name = "A", name_zh = "甲", vendor = "v", purpose = "push", packages = ["a.b"]'
OTHER_SDK = SDK.replace('id = "a"', 'id = "z"')
CATEGORY = 'id = "x", zh = "甲", en = "x"'
SPOT = 'id = "x", kind = "packed", name = "X", name_zh = "甲", weight = "total", libraries = ["liba.so"]'
PERMISSION = 'name = "CAMERA", protection = "dangerous", zh = "相机", en = "camera"'


@pytest.mark.parametrize(
    ("read", "row", "fault"),
    [
        (read_apis, API.replace('"imei"', '"no-such"'), "no such data category: no-such"),
        (read_apis, API.replace('"method"', '"call"'), "kind is 'call'"),
        (read_apis, f'{API}, sort = "x"', "unknown: sort"),
        (read_apis, f'{API}, api_levels = "x"', "api_levels is 'x'"),
        (read_apis, f'{API}, api_levels = "0-5"', "api_levels is '0-5'"),
        (read_apis, f'{API}, note_zh = "只"', "a note is there in one language only"),
        (read_apis, f"{API}, permission = [1]", "permission is not a list of texts"),
        (read_apis, f'{API}, permission = ["A", "A"]', "permission repeats itself"),
        (read_apis, f'{API}, argument = ["*"]', "argument has a *"),
        (read_apis, f'{API}, subclasses = "yes"', "subclasses is neither true nor false"),
        (read_apis, f'{API}, source = "elsewhere"', "source is 'elsewhere'"),
        (read_apis, f'{API}, source = "maven:only:two"', "source is 'maven:only:two'"),
        (read_apis, f'{API}, checked = "yesterday"', "checked is 'yesterday'"),
        (read_apis, f'{API}, known = "hearsay"', "known is 'hearsay'"),
        (read_apis, API.replace('name = "c"', 'name = "c*"'), "name has a *"),
        (read_apis, 'id = "a", data = "imei", kind = "method", name = "c"', "a string has no class"),
        (read_apis, f"{API} }},\n{{ {API}", "stands twice"),
        (read_blindspots, SPOT.replace('"packed"', '"x"'), "kind is 'x'"),
        (read_blindspots, SPOT.replace('"total"', '"x"'), "weight is 'x'"),
        (read_blindspots, SPOT.replace("libraries", "weak"), "it has marks or a structure"),
        (read_blindspots, f'{SPOT}, structure = "stub"', "it has marks or a structure"),
        (read_blindspots, f'{SPOT}, structure = "x"', "structure is 'x'"),
        (read_blindspots, f'{SPOT}, weak = ["libz.so"]', "weak names what is not a mark"),
        (read_blindspots, f'{SPOT}, weak = ["liba.so"]', "its only mark is weak"),
        (read_blindspots, f'{SPOT}, classes = ["a/B"]', "not spelled as code spells it"),
        (read_blindspots, f'{SPOT}, calls = ["loadUrl"]', "not spelled as code spells it"),
        (read_blindspots, f"{SPOT} }},\n{{ {SPOT}", "stands twice"),
        (read_categories, f'{CATEGORY}, parent = "y"', "parent 'y' does not stand above it"),
        (read_categories, f"{CATEGORY} }},\n{{ {CATEGORY}", "stands twice"),
        (read_categories, 'id = "x", zh = "甲"', "en is not a text"),
        (permissions, f"{PERMISSION}, since = 0", "since is not an API level"),
        (permissions, f"{PERMISSION}, since = true", "since is not an API level"),
        (permissions, f"{PERMISSION}, since = 30, until = 20", "it ends before it begins"),
        (permissions, f'{PERMISSION}, data = ["y"]', "no such data category: y"),
        (read_sdks, SDK.replace('"push"', '"x"'), "purpose is 'x'"),
        (read_sdks, SDK.replace('"v"', '"w"'), "vendor is 'w'"),
        (read_sdks, SDK.replace('"a.b"', ""), "packages is empty"),
        (read_sdks, f"{SDK}, library = true", "library and purpose contradict"),
        (read_sdks, f'{SDK}, version = [{{ kind = "guess" }}]', "version is not a known way"),
        (read_sdks, f"{SDK} }},\n{{ {OTHER_SDK}", "a.b: stands twice"),
        (read_sdks, f'{SDK}, init = ["a.b.start"]', "init: 'a.b.start' is not dotted.Class.method"),
        (read_sdks, f'{SDK}, init = ["a.B.c"], pre_init = ["a.B.c"]', "both init and allowed before consent: a.B.c"),
        (read_sdks, f'{SDK}, pre_init = ["a.B.c"], alone_starts = true', "alone_starts needs both"),
        (read_sdks, f'{SDK}, init = ["a.B.c"], consent = [{{ method = "a.B.c" }}]', "both init and allowed before"),
        (read_sdks, f'{SDK}, unseen = ["a.b"]', "the row is not from an artefact"),
        (read_sdks, f'{SDK}, known = "artefact", unseen = ["a.c"]', "unseen names what is not in the row"),
        (read_sdks, f'{SDK}, consent = [{{ method = "agree" }}]', "'agree' is not dotted.Class.method"),
        (read_sdks, f'{SDK}, consent = [{{ method = "a.B.c", argument = 0 }}]', "argument and agreed go together"),
        (read_sdks, f'{SDK}, consent = [{{ method = "a.B.c", agreed = "true" }}]', "argument and agreed go together"),
        (read_sdks, f'{SDK}, consent = [{{ method = "a.B.c", argument = -1, agreed = "1" }}]', "not the position"),
        (
            read_sdks,
            f'{SDK}, consent = [{{ method = "a.B.c", argument = 0, agreed = "yes" }}]',
            "'yes' is not a constant",
        ),
        (read_sdks, f'{SDK}, consent = [{{ method = "a.B.c", means = "maybe" }}]', "means is 'maybe'"),
        (read_sdks, f'{SDK}, consent = [{{ method = "a.B.c", data = ["imei"] }}]', "unknown: data"),
        (read_sdks, f'{SDK}, switches = [{{ off = "false" }}]', "switch needs one of method, override, meta_data"),
        (read_sdks, f'{SDK}, switches = [{{ method = "a.B.c" }}]', "a call turns on or off"),
        (read_sdks, f'{SDK}, switches = [{{ method = "a.B.c", off = "false" }}]', "a call turns on or off"),
        (read_sdks, f'{SDK}, switches = [{{ override = "a.B.c", turns = "off" }}]', "a call turns on or off"),
        (read_sdks, f'{SDK}, switches = [{{ override = "a.B.c", argument = 0, off = "false" }}]', "a call turns on"),
        (read_sdks, f'{SDK}, switches = [{{ override = "a.B.c", off = "no" }}]', "'no' is not a constant"),
        (read_sdks, f'{SDK}, switches = [{{ meta_data = "k", off = "false", data = ["y"] }}]', "category: y"),
    ],
)
def test_a_wrong_row_is_refused_and_named(read: Read, row: str, fault: str) -> None:
    head = SOURCES + (PURPOSES + VENDORS if read is read_sdks else "")
    with pytest.raises(InvalidCatalog, match=r"x\.toml") as refused:
        read("x.toml", group(f"{{ {row} }},", head=head))
    assert fault in str(refused.value)
    assert refused.value.params["file"] == "x.toml"
    assert refused.value.params["row"]


@pytest.mark.parametrize("missing", ["source", "checked", "known"])
@pytest.mark.parametrize(
    ("read", "row"),
    [
        (read_apis, API),
        (read_blindspots, SPOT),
        (read_categories, CATEGORY),
        (permissions, PERMISSION),
        (read_sdks, SDK),
    ],
)
def test_a_row_without_source_or_date_is_refused(read: Read, row: str, missing: str) -> None:
    common = "".join(line for line in COMMON.splitlines(keepends=True) if not line.startswith(missing))
    with pytest.raises(InvalidCatalog, match=f"{missing} is not a text"):
        read("x.toml", group(f"{{ {row} }},", common, SOURCES + PURPOSES + VENDORS))


@pytest.mark.parametrize(
    "text", ["= 1", "x = 1", "[sources]\n", '[sources]\na = "b"\n[[group]]\nrows = []', SOURCES + "group = 1"]
)
def test_a_file_that_is_no_catalog_is_refused(text: str) -> None:
    with pytest.raises(InvalidCatalog, match=r"x\.toml"):
        read_apis("x.toml", parse("x.toml", text))


def test_a_row_takes_its_groups_defaults_and_may_differ() -> None:
    common = f'{COMMON}kind = "method"\nclass = "a.B"\ndata = "imei"\n'
    first, second = read_apis("x.toml", group('{ name = "c" },\n{ name = "d", data = "imsi" },', common))
    assert (first.id, first.title, first.data, first.source.title) == ("B.c", "a.B.c", "imei", "Docs")
    assert (second.id, second.data) == ("B.d", "imsi")


def test_what_an_app_tells_an_sdk_is_read() -> None:
    row = (
        f'{SDK}, init = ["a.B.start"], pre_init = ["a.B.<init>"], auto_init = ["a.b.Provider"], consent = ['
        '{ method = "a.B.shown", means = "shown" }, { method = "a.B.agree", argument = 1, agreed = "a.B$Way.YES" }], '
        'switches = [{ meta_data = "a.auto", off = "never" }, { method = "a.B.stop", turns = "off" }, '
        '{ override = "a.C.mayLocate", off = "false", data = ["location"] }]'
    )
    (sdk,) = read_sdks("x.toml", group(f"{{ {row} }},", head=SOURCES + PURPOSES + VENDORS))
    assert (sdk.vendor, sdk.vendor_zh, sdk.country) == ("V", "厂", "CN")
    assert (sdk.init, sdk.pre_init, sdk.auto_init) == (("a.B.start",), ("a.B.<init>",), ("a.b.Provider",))
    assert sdk.consent == (
        Consent("a.B.shown", None, "", "shown"),
        Consent("a.B.agree", 1, "a.B$Way.YES", "agreed"),
    )
    assert sdk.switches == (
        Switch("meta_data", "a.auto", None, "never", "", ()),
        Switch("method", "a.B.stop", None, "", "off", ()),
        Switch("override", "a.C.mayLocate", None, "false", "", ("location",)),
    )


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (SOURCES + VENDORS, "purposes is not a table"),
        (SOURCES + PURPOSES, "vendors is not a table"),
        (SOURCES + PURPOSES + VENDORS.replace("CN", "China"), "country is 'China', not two letters"),
        (SOURCES + PURPOSES + VENDORS.replace('en = "V"', 'en = "V", web = "x"'), "unknown: web"),
        (SOURCES + VENDORS + PURPOSES.replace(', en = "push"', ""), "push: en is not a text"),
    ],
)
def test_what_rows_share_is_checked_too(head: str, fault: str) -> None:
    with pytest.raises(InvalidCatalog) as refused:
        read_sdks("x.toml", group(f"{{ {SDK} }},", head=head))
    assert fault in str(refused.value)


def test_digests_are_those_of_the_files() -> None:
    folder = Path(assaymark.catalog.__file__).parent
    expected = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.toml")}
    rows = sorted((folder / "sdks").glob("*.toml"))
    expected["sdks/*.toml"] = sha256(b"".join(path.read_bytes() for path in rows)).hexdigest()
    assert digest() == expected
    assert {"apis.toml", "data.toml", "permissions.toml", "sdks.toml"} <= digest().keys()
    assert list(digest()) == sorted(digest())
