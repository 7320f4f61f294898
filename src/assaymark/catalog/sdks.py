"""Third-party SDKs and common libraries: who makes them, how to recognise them, what they are documented to collect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.kept import kept
from assaymark.catalog.reading import Row, Source, load, refuse_duplicates, rows
from assaymark.model.errors import InvalidCatalog

FILE = "sdks.toml"

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


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an SDK is for."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class VersionSource:
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


@dataclass(frozen=True, slots=True)
class Sdk:
    """One SDK or library."""

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
    """Methods that start it, `dotted.Class.method`."""
    consent: tuple[str, ...]
    """What takes the user's decision: `dotted.Class.method`, a class to implement, or `meta-data:KEY`."""
    source: Source
    checked: str
    known: str


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


def read_sdk(row: Row, purposes: Mapping[str, Purpose]) -> Sdk:
    """Give the SDK that a row describes. Raises `InvalidCatalog`."""
    made = Sdk(
        id=row.text("id"),
        name=row.text("name"),
        name_zh=row.text("name_zh"),
        vendor=row.text("vendor"),
        vendor_zh=row.text("vendor_zh"),
        country=row.text("country"),
        purpose=row.one_of("purpose", tuple(purposes)),
        library=row.flag("library"),
        packages=row.texts("packages"),
        classes=row.texts("classes"),
        libraries=row.texts("libraries"),
        manifest=row.texts("manifest"),
        assets=row.texts("assets"),
        strings=row.texts("strings"),
        data=row.texts("data"),
        version=tuple(_read_version(row, table) for table in row.tables("version")),
        init=row.texts("init"),
        consent=row.texts("consent"),
        source=row.source(),
        checked=row.checked(),
        known=row.known(),
    )
    row.finish()
    refuse_unknown(row, made.data)
    if made.library != (made.purpose == "library"):
        row.refuse("library and purpose contradict each other")
    if made.library and made.data:
        row.refuse("a library receives no data")
    if not re.fullmatch("[A-Z]{2}", made.country):
        row.refuse(f"country is {made.country!r}, not two letters")
    return made


def read_purposes(file: str, tree: Mapping[str, object]) -> Mapping[str, Purpose]:
    """Give the purposes of a parsed file by id. Raises `InvalidCatalog`."""
    table = tree.get("purposes")
    if not isinstance(table, dict):
        raise InvalidCatalog(f"{file}: purposes is not a table", file=file, row="purposes", fault="not a table")
    return {key: _read_purpose(file, key, names) for key, names in table.items()}


def _read_purpose(file: str, key: str, names: object) -> Purpose:
    row = Row(file, {"id": key, **names} if isinstance(names, dict) else {"id": key}, {})
    made = Purpose(row.text("id"), row.text("zh"), row.text("en"))
    row.finish()
    return made


def read_sdks(file: str, tree: Mapping[str, object]) -> tuple[Sdk, ...]:
    """Give the SDKs of a parsed file. No package prefix belongs to two of them. Raises `InvalidCatalog`."""
    purposes = read_purposes(file, tree)
    made = tuple(read_sdk(row, purposes) for row in rows(file, tree))
    refuse_duplicates(file, (sdk.id for sdk in made))
    refuse_duplicates(file, (prefix for sdk in made for prefix in sdk.packages))
    return made


@cache
def _tree() -> Mapping[str, object]:
    return load(FILE)


@kept
def load_sdks() -> tuple[Sdk, ...]:
    """Give all SDKs and libraries, in the order of the file."""
    return read_sdks(FILE, _tree())


@kept
def load_purposes() -> Mapping[str, Purpose]:
    """Give the purposes of SDKs by id."""
    return read_purposes(FILE, _tree())


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
