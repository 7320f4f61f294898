"""Third-party SDKs: whose code is in the package, in which version.

What it observes: Java packages, telling classes, native libraries, manifest marks, assets and strings of the SDK catalog.
Why it matters: most personal information that leaves a phone leaves through an SDK, and the policy must name it.
Limits: an SDK whose names were all replaced (R8 with repackaging) is not recognised by names. A version is given only where the
package states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assaymark import _engine, catalog
from assaymark.analysis.code import CodeView, code_of
from assaymark.catalog import Sdk
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import SDK

MAX_VERSION_FILE = 64 << 10


@dataclass(slots=True)
class _Found:
    """What spoke for one SDK."""

    known_by: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    classes: int = 0
    reachable: bool = False
    at: str = ""

    def note(self, mark: str, at: str) -> None:
        self.known_by.add(mark)
        self.at = self.at or at


@detector(id="sdk", version=1, emits=(SDK,))
def sdk(program: Program) -> Iterator[Emission]:
    """Give one row for each SDK recognised; plain libraries that receive no data are left out."""
    code = code_of(program)
    found = _look(program, code)
    for one in catalog.load_sdks():
        marks = found.get(one.id)
        if marks is None or one.library:
            continue
        version, source = _version(program, code, one)
        yield SDK, SDK.row(
            marks.at,
            id=one.id,
            name=one.name,
            name_zh=one.name_zh,
            vendor=one.vendor,
            vendor_zh=one.vendor_zh,
            version=version,
            version_from=source,
            presence=_presence(marks),
            purpose=one.purpose,
            known_by=tuple(sorted(marks.known_by)),
            confidence=_confidence(marks),
            packages=tuple(sorted(marks.packages)),
            classes=marks.classes,
            reachable=marks.reachable,
            data=one.data,
        )


def _presence(marks: _Found) -> str:
    if marks.classes or "library" in marks.known_by:
        return "bundled"
    return "referenced" if marks.known_by & {"reference", "manifest", "asset"} else "string"


def _confidence(marks: _Found) -> str:
    strong = marks.known_by & {"package", "class", "library", "manifest"}
    if marks.classes and (len(strong) > 1 or marks.classes > 3):
        return "high"
    return "medium" if strong or "asset" in marks.known_by else "low"


def _look(program: Program, code: CodeView) -> dict[str, _Found]:
    found: dict[str, _Found] = {}

    def marks(sdk_id: str) -> _Found:
        return found.setdefault(sdk_id, _Found())

    for package, defined, reachable in code.packages():
        owner = catalog.owner_of(package + ".")
        if owner is not None and defined:
            one = marks(owner)
            one.note("package", package)
            one.packages.add(package)
            one.classes += defined
            one.reachable |= reachable > 0
    members = _member_names(program)
    for row in catalog.load_sdks():
        for package in code.referenced(row.packages):
            if row.id not in found or not found[row.id].classes:
                marks(row.id).note("reference", package)
        for name in row.classes:
            if code.has_classes([name])[0]:
                marks(row.id).note("class", name)
        for library in row.libraries:
            if library in members.libraries:
                marks(row.id).note("library", members.libraries[library])
        for asset in row.assets:
            if asset in members.files:
                marks(row.id).note("asset", members.files[asset])
        for mark in row.manifest:
            if place := _manifest_mark(program, mark):
                marks(row.id).note("manifest", place)
    _strings(code, found)
    return found


def _strings(code: CodeView, found: dict[str, _Found]) -> None:
    wanted = [(text, row.id) for row in catalog.load_sdks() for text in row.strings]
    for hit in code.string_uses([text for text, _ in wanted]):
        found.setdefault(wanted[hit.selector][1], _Found()).note("string", hit.place)


@dataclass(frozen=True, slots=True)
class _Members:
    libraries: dict[str, str]
    files: dict[str, str]


def _member_names(program: Program) -> _Members:
    libraries: dict[str, str] = {}
    files: dict[str, str] = {}
    for part in program.packages:
        for name in part.members:
            place = part.place(name)
            files.setdefault(name, place)
            if name.startswith("lib/"):
                libraries.setdefault(name.rpartition("/")[2], place)
    return _Members(libraries, files)


def _manifest_mark(program: Program, mark: str) -> str | None:
    manifest = program.manifest
    for one in manifest.components:
        if mark == one.name or any(authority.endswith(mark) for authority in one.authorities if mark.startswith(".")):
            return one.at
        if any(key == mark for key, _value in one.meta_data):
            return one.at
    return program.base.place("AndroidManifest.xml") if mark in manifest.meta_data else None


def _version(program: Program, code: CodeView, one: Sdk) -> tuple[str | None, str | None]:
    for way in one.version:
        value, source = _try_version(program, code, way)
        if value and re.search(r"\d", value):
            return value.strip(), source
    return None, None


def _try_version(program: Program, code: CodeView, way: catalog.VersionWay) -> tuple[str | None, str | None]:
    match way.kind:
        case "static-field":
            return code.static_string(way.cls, way.field), f"{way.cls}.{way.field}"
        case "meta-data":
            return program.manifest.meta_data.get(way.key), f"meta-data {way.key}"
        case "resource":
            return _resource(program, way.name), f"resource {way.name}"
        case "properties" | "asset":
            return _from_file(program, way), way.path
        case "library-name":
            for name in _member_names(program).libraries:
                if found := re.fullmatch(way.pattern, name):
                    return found.group(1), name
    return None, None


def _resource(program: Program, name: str) -> str | None:
    for part in program.packages:
        if part.resources is not None and (reference := part.resources.find(name)):
            return next((string for _qualifier, _kind, _data, string in part.resources.resolve(reference) if string), None)
    return None


def _from_file(program: Program, way: catalog.VersionWay) -> str | None:
    pattern = way.pattern or rf"(?m)^\s*{re.escape(way.key)}\s*[=:]\s*(\S+)"
    for part in program.packages:
        if not part.package.contains(way.path):
            continue
        try:
            content = part.package.read(way.path, MAX_VERSION_FILE).decode("utf-8", "replace")
        except _engine.EngineError:
            continue
        if found := re.search(pattern, content):
            return found.group(1)
    return None
