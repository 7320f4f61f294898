"""Split sets, XAPK and APKS: a base APK and its splits in one archive, as one subject.

Formats: bundletool writes `toc.pb` beside `splits/*.apk` or `standalones/*.apk`; XAPK carries `manifest.json`. What
counts here is what Android would install: one APK without `split` in its manifest, and the APKs of the same package
with one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from assaymark import _engine
from assaymark.extend import reader
from assaymark.formats.android.manifest import MEMBER
from assaymark.formats.apk import member_sizes, read_part
from assaymark.formats.program import Gap, Part, Program
from assaymark.model.errors import CannotInspect

MAX_PARTS = 200
MAX_PART_BYTES = 512 << 20
"""Bounds on the packages inside one set; what is over them becomes a gap."""

UNREAD = "nested-package-unread"
_ALL_CODE = ("api_call", "component", "consent_gate", "flow", "permission", "sdk", "sdk_call", "setting")


@reader
class SplitSetReader:
    """Reads a set of APKs in one archive."""

    format = "apks"

    def sniff(self, members: Collection[str]) -> bool:
        """Say whether the archive holds APKs and is none itself."""
        return MEMBER not in members and any(member.lower().endswith(".apk") for member in members)

    def open(self, name: str, package: _engine.Package) -> Program:
        """Give the `Program`. Raises `CannotInspect` if no base package can be read."""
        members = member_sizes(package)
        gaps: list[Gap] = []
        parts = _parts(name, package, members, gaps)
        base = _base(name, parts, gaps)
        manifest = base.needed_manifest
        splits: list[Part] = []
        for part in parts:
            if part is base or part.manifest is None:
                continue
            if part.manifest.package != manifest.package or part.manifest.split is None:
                gaps.append(_unread(part.name, "it is not a split of the base package"))
                continue
            splits.append(part)
            manifest = manifest.with_split(part.manifest)
        form = "xapk" if "manifest.json" in members else "apks"
        container = Part(
            name=f"set.{form}",
            role="container",
            format=form,
            sha256=package.sha256(),
            size=package.size,
            package=package,
            members=members,
            manifest=None,
            resources=None,
        )
        return Program(form, container.sha256, container.size, (base, *splits, container), manifest, tuple(gaps))


def _unread(member: str, why: str, kind: str = UNREAD) -> Gap:
    return Gap(kind, f"a package inside the set was not read: {why}", member, hides=_ALL_CODE)


def _parts(name: str, package: _engine.Package, members: Collection[str], gaps: list[Gap]) -> list[Part]:
    inner = sorted({member for member in members if member.lower().endswith(".apk")})
    if len(inner) > MAX_PARTS:
        why = f"only the first {MAX_PARTS} of {len(inner)} packages were read"
        gaps.append(_unread("", why, kind="limit-hit"))
    parts: list[Part] = []
    for member in inner[:MAX_PARTS]:
        try:
            nested = package.nested(member, MAX_PART_BYTES)
            parts.append(read_part(f"{name}!{member}", nested, role="split", member=member, gaps=gaps))
        except _engine.EngineError as error:
            kind, _offset, detail = error.args
            gaps.append(_unread(member, str(detail), kind="limit-hit" if kind == "limit-hit" else UNREAD))
        except CannotInspect as error:
            gaps.append(_unread(member, str(error)))
    return parts


def _base(name: str, parts: list[Part], gaps: list[Gap]) -> Part:
    bases = [part for part in parts if part.manifest is not None and part.manifest.split is None]
    if not bases and (hit := next((gap for gap in gaps if gap.kind == "limit-hit"), None)):
        raise CannotInspect("too-large", f"{name}: {hit.reason}", file=name, detail=hit.reason)
    if not bases:
        raise CannotInspect("no-manifest", f"{name} holds no base package that can be read", file=name)
    # A set made for several devices holds several complete packages ("standalones"): the largest is inspected.
    chosen = max(bases, key=lambda part: (part.size, part.name))
    index = parts.index(chosen)
    parts[index] = replace(chosen, role="base")
    return parts[index]
