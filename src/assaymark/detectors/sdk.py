"""Third-party SDKs: whose code is in the package, in which version.

What it observes: Java packages, telling classes, native libraries, manifest marks, assets and strings of the catalog;
fingerprints learned from published artefacts, which survive renaming.
Why it matters: most personal information that leaves a phone leaves through an SDK, and the policy must name it.
Limits: an SDK whose names were all replaced (R8 with repackaging) is recognised if it was learned, and if enough of it
is left. A version is given where the package states it, or where fingerprints fit one learned version and no other:
code of a version that was not learned may look the same. Plain libraries that receive no data of their own are left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from assaymark import _engine, catalog
from assaymark.analysis.code import CODE_READS, CodeView, code_of
from assaymark.analysis.fingerprints import Match
from assaymark.analysis.marks import Members, members_of
from assaymark.catalog import Sdk, VersionSource
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import SDK

MAX_VERSION_FILE = 64 << 10
"""Bytes of a file that may state a version."""


@dataclass(slots=True)
class _Found:
    """What speaks for one SDK."""

    known_by: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    classes: int = 0
    reachable: bool = False
    at: str = ""
    fitting: str | None = None
    """The learned version that its fingerprints fit."""

    def note(self, mark: str, at: str) -> None:
        self.known_by.add(mark)
        self.at = self.at or at


@detector(id="sdk", version=2, emits=(SDK,), reads=CODE_READS)
def sdk(program: Program) -> Iterator[Emission]:
    """Give one row for each SDK recognised."""
    code = code_of(program)
    found = _look(program, code)
    for one in _rows():
        marks = found.get(one.id)
        if marks is None:
            continue
        version, source = _version(program, code, one)
        if version is None and marks.fitting:
            version, source = marks.fitting, "fingerprint"
        yield (
            SDK,
            SDK.row(
                marks.at,
                one.id,
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
            ),
        )


@cache
def _rows() -> tuple[Sdk, ...]:
    return tuple(one for one in catalog.load_sdks() if not one.library)


@cache
def _flat(mark: str) -> tuple[tuple[str, str], ...]:
    """Give (value, SDK id) of one kind of mark over all rows, so that each question is asked once."""
    return tuple((value, one.id) for one in _rows() for value in getattr(one, mark))


def _presence(marks: _Found) -> str:
    if marks.classes or marks.known_by & {"class", "fingerprint", "library"}:
        return "bundled"
    return "referenced" if marks.known_by & {"reference", "manifest", "asset"} else "string"


def _confidence(marks: _Found) -> str:
    strong = marks.known_by & {"package", "class", "fingerprint", "library", "manifest"}
    if len(strong) > 1 or marks.classes > 3:
        return "high"
    return "medium" if strong or "asset" in marks.known_by else "low"


def _look(program: Program, code: CodeView) -> dict[str, _Found]:
    found: dict[str, _Found] = {}

    def marks(sdk_id: str) -> _Found:
        return found.setdefault(sdk_id, _Found())

    known = {one.id for one in _rows()}
    for package, defined, reached in code.packages():
        owner = catalog.owner_of(f"{package}.C") if defined else None
        if owner in known:
            one = marks(owner)
            one.note("package", package)
            one.packages.add(package)
            one.classes += defined
            one.reachable |= reached > 0
    for match in code.matches():
        if match.sdk in known:
            _note_match(marks(match.sdk), match, code)
    classes = _flat("classes")
    for (name, owner), here in zip(classes, code.has_classes([name for name, _ in classes]), strict=True):
        if here:
            marks(owner).note("class", name)
    packages = _flat("packages")
    for position, name in code.referenced([package.removesuffix("*") for package, _ in packages]):
        owner = packages[position][1]
        if catalog.owner_of(name) == owner and not (owner in found and found[owner].classes):
            marks(owner).note("reference", name)
    members = members_of(program)
    for pattern, owner in _flat("libraries"):
        if place := members.library(pattern):
            marks(owner).note("library", place)
    for pattern, owner in _flat("assets"):
        if place := members.file(f"assets/{pattern}"):
            marks(owner).note("asset", place)
    names = _manifest_names(program)
    authorities = [(name, one.at) for one in program.manifest.components for name in one.authorities]
    for mark, owner in _flat("manifest"):
        if place := names.get(mark) or _authority(authorities, mark):
            marks(owner).note("manifest", place)
    strings = _flat("strings")
    for hit in code.string_uses([text for text, _ in strings]):
        marks(strings[hit.selector][1]).note("string", hit.place)
    return found


def _note_match(one: _Found, match: Match, code: CodeView) -> None:
    one.fitting = match.version
    # Classes that keep their names are counted by their packages.
    renamed = [name for name in code.classes_told(match.sdk) if catalog.owner_of(name) is None]
    one.note("fingerprint", next(iter([*renamed, *match.classes]), ""))
    one.classes += len(renamed)
    one.packages.update(name.rpartition(".")[0] for name in renamed)
    one.reachable |= code.any_runs(renamed)


def _manifest_names(program: Program) -> dict[str, str]:
    names = {key: program.base.place("AndroidManifest.xml") for key in program.manifest.meta_data}
    for one in program.manifest.components:
        names.setdefault(one.name, one.at)
        for key, _value in one.meta_data:
            names.setdefault(key, one.at)
    return names


def _authority(authorities: list[tuple[str, str]], mark: str) -> str | None:
    if not mark.startswith("."):
        return None
    return next((at for name, at in authorities if name.endswith(mark)), None)


def _version(program: Program, code: CodeView, one: Sdk) -> tuple[str | None, str | None]:
    for way in one.version:
        for text, source in _stated(program, code, way):
            version = way.version(text)
            if version and re.search(r"\d", version):
                return version, source
    return None, None


def _stated(program: Program, code: CodeView, way: VersionSource) -> Iterator[tuple[str, str]]:
    """Give the texts that may state the version, each with where it stands."""
    members = members_of(program)
    match way.kind:
        case "static-field":
            if text := code.static_string(way.class_name, way.field):
                yield text, f"{way.class_name}.{way.field}"
        case "class-string":
            for text in code.strings_of_class(way.class_name):
                yield text, way.class_name
        case "string":
            for hit in code.strings_holding([start] if (start := _literal_start(way.pattern)) else []):
                yield hit.text or "", hit.place
        case "meta-data":
            if text := program.manifest.meta_data.get(way.key):
                yield text, f"meta-data {way.key}"
        case "resource":
            yield from _resource(program, way.name)
        case "properties":
            for line in _lines(members, way.path):
                key, equals, value = line.partition("=")
                if equals and key.strip() == way.key:
                    yield value.strip(), way.path
        case "asset":
            for line in _lines(members, way.path):
                yield line, way.path
        case "library-name":
            for name in members.libraries:
                yield name, name


def _literal_start(pattern: str) -> str:
    """Give the text that everything matched by a pattern begins with."""
    found = re.match(r"(?:[^\\()\[\]{}.*+?^$|]|\\[.!()\[\]{}*+?^$|/-])*(?![*+?{])", pattern)
    return re.sub(r"\\(.)", r"\1", found.group(0)) if found else ""


def _resource(program: Program, name: str) -> Iterator[tuple[str, str]]:
    full = name if "/" in name else f"string/{name}"
    for part in program.packages:
        if part.resources is not None and (reference := part.resources.find(full)):
            for _qualifier, _kind, _data, text in part.resources.resolve(reference):
                if text:
                    yield text, f"resource {full}"


def _lines(members: Members, path: str) -> Iterator[str]:
    part = members.holder(path)
    if part is None:
        return
    try:
        content = part.package.read(path, MAX_VERSION_FILE)
    except _engine.EngineError:
        return  # damaged or too large: the version stays unknown
    yield from content.decode("utf-8", "replace").splitlines()
