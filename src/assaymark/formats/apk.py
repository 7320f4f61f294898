"""APK: one Android package in one file."""

from __future__ import annotations

from collections.abc import Collection

from assaymark import _engine
from assaymark.extend import reader
from assaymark.formats.android.manifest import MEMBER, Manifest, read_manifest
from assaymark.formats.program import Gap, Part, Program
from assaymark.model.errors import CannotInspect


@reader
class ApkReader:
    """Reads a single APK."""

    format = "apk"

    def sniff(self, members: Collection[str]) -> bool:
        """Say whether the archive has a manifest at the place where Android looks for it."""
        return MEMBER in members

    def open(self, name: str, package: _engine.Package) -> Program:
        """Give the `Program`. Raises `CannotInspect` for a manifest that cannot be read."""
        gaps: list[Gap] = []
        part = read_part(name, package, role="package", member="base.apk", gaps=gaps)
        return Program(self.format, part.sha256, part.size, (part,), part.needed_manifest, tuple(gaps))


def read_part(name: str, package: _engine.Package, *, role: str, member: str, gaps: list[Gap]) -> Part:
    """Read manifest and resource table of one APK; what cannot be read is added to `gaps`.

    `name` is the file's name for messages, `member` its name in the set. Raises `CannotInspect` (reason
    `broken-manifest`).
    """
    resources = read_resources(package, member, gaps)
    return Part(
        name=member,
        role=role,
        format="apk",
        sha256=package.sha256(),
        size=package.size,
        package=package,
        members=member_sizes(package),
        manifest=_manifest(name, package, resources, MEMBER if role == "package" else f"{member}!{MEMBER}"),
        resources=resources,
    )


def member_sizes(package: _engine.Package) -> dict[str, int]:
    """Give the names of an archive's members with the bytes stated for each, in the order of its directory.

    Of several with one name, the largest size is given.
    """
    members: dict[str, int] = {}
    for name, size, *_rest in package.entries():
        members[name] = max(size, members.get(name, 0))
    return members


def read_resources(package: _engine.Package, member: str, gaps: list[Gap]) -> _engine.Resources | None:
    """Give the resource table, or `None` with a gap if there is one that cannot be read."""
    try:
        return _engine.Resources.of(package)
    except _engine.EngineError as error:
        gaps.append(
            Gap(
                "resource-unread",
                f"the resource table cannot be read: {error.args[2]}",
                f"{member}!resources.arsc",
                hides=("policy_reference", "setting"),
            )
        )
        return None


def _manifest(name: str, package: _engine.Package, resources: _engine.Resources | None, at: str) -> Manifest:
    try:
        manifest = read_manifest(package.xml(MEMBER), resources, at)
    except _engine.EngineError as error:
        detail = error.args[2]
        raise CannotInspect("broken-manifest", f"{name}: {detail}", file=name, detail=detail) from None
    if manifest is None:
        detail = "its root is not <manifest>, or it names no package"
        raise CannotInspect("broken-manifest", f"{name}: {detail}", file=name, detail=detail)
    return manifest
