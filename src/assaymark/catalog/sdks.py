"""Third-party SDKs and common libraries: who makes them, how to recognise them, what they are documented to collect.

`sdks.toml` says what a row holds and has what rows share: vendors, purposes, sources. The rows lie in `sdks/`, one file
for a few purposes; a row is added in one of them and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, Source, files_below, load, refuse_duplicates, rows
from assaymark.catalog.sdk_calls import Consent, Switch, consents_of, methods_of, switches_of
from assaymark.model.errors import InvalidCatalog

FILE = "sdks.toml"
ROWS = "sdks"

VERSION_KINDS: Mapping[str, frozenset[str]] = {
    "static-field": frozenset({"class", "field"}),
    "class-string": frozenset({"class", "pattern"}),
    "string": frozenset({"pattern"}),
    "resource": frozenset({"name"}),
    "asset": frozenset({"path", "pattern"}),
    "properties": frozenset({"path", "key"}),
    "meta-data": frozenset({"key"}),
    "library-name": frozenset({"pattern"}),
}
"""Ways to a version, each with the keys that it needs; every way may have a `pattern`."""


class Purpose(NamedTuple):
    """What an SDK is for."""

    id: str
    zh: str
    en: str


class Vendor(NamedTuple):
    """Who makes an SDK."""

    id: str
    zh: str
    en: str
    country: str
    """ISO 3166, two letters."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the rows of all files share."""

    vendors: Mapping[str, Vendor]
    purposes: Mapping[str, Purpose]


class VersionSource(NamedTuple):
    """One way to the version of an SDK.

    `static-field`: constant value of `class_name`.`field`; `class-string`: a text constant in the code or fields of
    `class_name`; `string`: a text constant anywhere in the DEX files; `resource`: a string resource; `asset`: text of
    the archive member `path`; `properties`: `key` of the properties file `path`; `meta-data`: value of that key in the
    manifest; `library-name`: file name of a native library.
    """

    kind: str
    class_name: str
    field: str
    name: str
    path: str
    key: str
    pattern: str

    def version(self, text: str) -> str | None:
        """Give the version in a text found there, or `None` if it is none.

        The pattern must match the whole text; its groups joined by dots are the version, `_` read as a dot.
        """
        if not self.pattern:
            return text.strip() or None
        found = re.fullmatch(self.pattern, text.strip())
        return ".".join(part for part in found.groups() if part).replace("_", ".") if found else None


class Sdk(NamedTuple):
    """One SDK or library. A tuple, because hundreds of them are loaded whenever a process starts."""

    id: str
    name: str
    name_zh: str
    vendor: str
    vendor_zh: str
    country: str
    """Country of the vendor, ISO 3166 two letters."""
    purpose: str
    library: bool
    """Code of others that receives no data of its own: known for its owner, hidden from lists of recipients."""
    packages: tuple[str, ...]
    """Java prefixes that are its own; `a.b.*`: the classes of a.b, not of packages below it."""
    classes: tuple[str, ...]
    """Classes that tell it, dotted."""
    libraries: tuple[str, ...]
    """File names of native libraries; `*` for what varies."""
    manifest: tuple[str, ...]
    """Component classes, meta-data keys, or `.suffix` of a provider's authority."""
    assets: tuple[str, ...]
    """Paths below `assets/`; `*` for what varies."""
    strings: tuple[str, ...]
    """Text constants that tell it."""
    data: tuple[str, ...]
    """Data categories that its maker documents."""
    version: tuple[VersionSource, ...]
    """Ways to its version, the best first."""
    init: tuple[str, ...]
    """Methods that start it, and with it what it collects: `dotted.Class.method`."""
    auto_init: tuple[str, ...]
    """Components, mostly providers, that start it by standing in the manifest, before any code of the app runs."""
    pre_init: tuple[str, ...]
    """Methods that its maker's guide allows before the user agreed."""
    alone_starts: bool
    """Earlier versions knew no `init`: in an app that calls none, `pre_init` starts it."""
    consent: tuple[Consent, ...]
    """Calls that carry the user's decision."""
    switches: tuple[Switch, ...]
    """Ways to turn collection off or on."""
    source: Source
    checked: str
    known: str
    unseen: tuple[str, ...]
    """Names in this row that the artefact of its source does not hold: other versions or parts of the SDK, remembered.

    A version field stands as `dotted.Class.FIELD`, any other way to a version as its pattern.
    """

    def names(self) -> frozenset[str]:
        """Give every name of this row that an artefact can hold."""
        return frozenset(
            (
                *(*self.packages, *self.classes, *self.libraries, *self.manifest, *self.assets, *self.strings),
                *(*self.init, *self.auto_init, *self.pre_init),
                *(one.method for one in self.consent),
                *(one.name for one in self.switches),
                *(f"{way.class_name}.{way.field}" if way.field else way.pattern for way in self.version),
            )
        )


def _read_version(row: Row, table: Mapping[str, object]) -> VersionSource:
    values = {key: value for key, value in table.items() if isinstance(value, str) and value}
    kind = values.pop("kind", "")
    needed = VERSION_KINDS.get(kind)
    if needed is None or not needed <= values.keys() <= needed | {"pattern"} or len(values) + 1 != len(table):
        row.refuse(f"version is not a known way: {dict(table)}")
    # Patterns are compiled when a version is looked for: compiling all of them costs more than reading all rows.
    return VersionSource(
        kind=kind,
        class_name=values.get("class", ""),
        field=values.get("field", ""),
        name=values.get("name", ""),
        path=values.get("path", ""),
        key=values.get("key", ""),
        pattern=values.get("pattern", ""),
    )


def read_sdk(row: Row, head: Head) -> Sdk:
    """Give the SDK that a row describes. Raises `InvalidCatalog`."""
    vendor = head.vendors[row.one_of("vendor", tuple(head.vendors))]
    made = Sdk(
        id=row.text("id"),
        name=row.text("name"),
        name_zh=row.text("name_zh"),
        vendor=vendor.en,
        vendor_zh=vendor.zh,
        country=vendor.country,
        purpose=row.one_of("purpose", tuple(head.purposes)),
        library=row.flag("library"),
        packages=row.texts("packages"),
        classes=row.texts("classes"),
        libraries=row.texts("libraries"),
        manifest=row.texts("manifest"),
        assets=row.texts("assets"),
        strings=row.texts("strings"),
        data=row.texts("data"),
        version=tuple(_read_version(row, table) for table in row.tables("version")),
        init=methods_of(row, "init"),
        auto_init=row.texts("auto_init"),
        pre_init=methods_of(row, "pre_init"),
        alone_starts=row.flag("alone_starts"),
        consent=consents_of(row),
        switches=switches_of(row),
        source=row.source(),
        checked=row.checked(),
        known=row.known(),
        unseen=row.texts("unseen"),
    )
    row.finish()
    refuse_unknown(row, made.data)
    if made.unseen and (made.known != "artefact" or not made.names().issuperset(made.unseen)):
        row.refuse("unseen names what is not in the row, or the row is not from an artefact")
    if made.library != (made.purpose == "library"):
        row.refuse("library and purpose contradict each other")
    if made.library and made.data:
        row.refuse("a library receives no data")
    if not made.packages:
        row.refuse("packages is empty")
    if made.alone_starts and not (made.init and made.pre_init):
        row.refuse("alone_starts needs both init and pre_init")
    if both := sorted(set(made.init) & {*made.pre_init, *(one.method for one in made.consent)}):
        row.refuse(f"both init and allowed before consent: {', '.join(both)}")
    return made


def read_head(file: str, tree: Mapping[str, object]) -> Head:
    """Give what all rows share, of a parsed file. Raises `InvalidCatalog`."""
    return Head(
        vendors={row.id: row for row in (_read_vendor(row) for row in _table(file, tree, "vendors"))},
        purposes={row.id: row for row in (_read_purpose(row) for row in _table(file, tree, "purposes"))},
    )


def _table(file: str, tree: Mapping[str, object], key: str) -> Iterator[Row]:
    table = tree.get(key)
    if not isinstance(table, dict):
        raise InvalidCatalog(f"{file}: {key} is not a table", file=file, row=key, fault="not a table")
    for name, values in table.items():
        yield Row(file, {"id": name, **values} if isinstance(values, dict) else {"id": name}, {})


def _read_purpose(row: Row) -> Purpose:
    made = Purpose(row.text("id"), row.text("zh"), row.text("en"))
    row.finish()
    return made


def _read_vendor(row: Row) -> Vendor:
    made = Vendor(row.text("id"), row.text("zh"), row.text("en"), row.text("country"))
    row.finish()
    if not re.fullmatch("[A-Z]{2}", made.country):
        row.refuse(f"country is {made.country!r}, not two letters")
    return made


def read_sdks(file: str, tree: Mapping[str, object], head: Mapping[str, object] | None = None) -> tuple[Sdk, ...]:
    """Give the SDKs of a parsed file; what rows share stands in `head`, or in the file itself.

    No package prefix belongs to two of them. Raises `InvalidCatalog`.
    """
    shared = tree if head is None else head
    known = read_head(FILE if head else file, shared)
    made = tuple(read_sdk(row, known) for row in rows(file, {**tree, "sources": shared.get("sources")}))
    _refuse_repeated(file, made)
    return made


def _refuse_repeated(file: str, made: Sequence[Sdk]) -> None:
    refuse_duplicates(file, (sdk.id for sdk in made))
    refuse_duplicates(file, (prefix for sdk in made for prefix in sdk.packages))


@cache
def _shared() -> Mapping[str, object]:
    return load(FILE)


@kept
def load_sdks() -> tuple[Sdk, ...]:
    """Give all SDKs and libraries, in the order of the files."""
    made = tuple(sdk for file in files_below(ROWS) for sdk in read_sdks(file, load(file), _shared()))
    _refuse_repeated(ROWS, made)
    return made


@kept
def load_purposes() -> Mapping[str, Purpose]:
    """Give the purposes of SDKs by id."""
    return read_head(FILE, _shared()).purposes


@cache
def sdks_by_id() -> Mapping[str, Sdk]:
    """Give all SDKs by id."""
    return {sdk.id: sdk for sdk in load_sdks()}


@cache
def _owners() -> Mapping[str, str]:
    return {prefix: sdk.id for sdk in load_sdks() for prefix in sdk.packages}


def owner_of(class_name: str) -> str | None:
    """Give the id of the SDK with the longest package prefix of this dotted class, or `None`. About a microsecond."""
    owners = _owners()
    package = class_name.rpartition(".")[0]
    owner = owners.get(f"{package}.*")
    while owner is None and package:
        owner = owners.get(package)
        package = package.rpartition(".")[0]
    return owner
