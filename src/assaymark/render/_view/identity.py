"""Who was inspected, and by which versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import Report
from assaymark.render._view.words import Both, Code, Shown, both, clean, joined, same, say

_ICON = re.compile(r"data:image/(?:png|webp);base64,[A-Za-z0-9+/]{4,262144}={0,2}")


@dataclass(frozen=True, slots=True)
class Identity:
    """The card beside the answers."""

    label: Both
    icon: str
    """launcher icon as a `data:` URL of a bitmap, or an empty string"""
    package: str
    version: str
    format: str
    size: str
    digest: str
    signers: tuple[str, ...]
    schemes: tuple[str, ...]
    facts: tuple[tuple[Both, Shown], ...]
    """name and value of each line of the card"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Versions and digests that a second run needs."""

    engine: str
    packs: tuple[tuple[Both, Code, Code], ...]
    """title, id and version, digest"""
    files: tuple[tuple[str, str], ...]
    """catalog files with their digests"""
    detectors: tuple[str, ...]


def identity(report: Report) -> Identity:
    """Give the identity of the subject; the package name stands in for a missing label."""
    subject: Mapping[str, Any] = report["subject"]
    package = clean(subject.get("package"))
    name = clean(subject.get("version_name"), 60)
    code = clean(subject.get("version_code"), 20)
    version = f"{name} ({code})" if name and code else name or code
    label = both({"zh": subject.get("label_zh") or subject.get("label"), "en": subject.get("label")}, package)
    signers = tuple(clean(one, 80) for one in (subject.get("signers") or ())[:4])
    schemes = tuple(clean(one, 10) for one in (subject.get("schemes") or ())[:6])
    size = size_words(subject.get("size"))
    digest = clean(subject.get("key"), 80)
    levels = " – ".join(clean(subject[one], 10) for one in ("min_sdk", "target_sdk") if subject.get(one) is not None)
    signed = [same(one) for one in schemes]
    packs = joined((_pack(one) for one in _packs(report)), most=8)
    facts: list[tuple[Both, Shown]] = [
        (say("render.id-package"), Code(package)),
        (say("render.id-version"), Code(version)),
        (say("render.id-format"), Code(" · ".join(part for part in (clean(subject.get("format"), 20), size) if part))),
        (say("render.id-levels"), Code(levels)),
        (say("render.id-signature"), joined(signed) if signed else say("render.id-unsigned")),
        *((say("render.id-signer"), Code(one)) for one in signers),
        (say("render.id-digest"), Code(digest)),
        (say("render.id-packs"), packs),
        (say("render.id-engine"), Code(_engine(report))),
    ]
    return Identity(
        label=label if label.en else say("render.no-name"),
        icon=_icon(report),
        package=package,
        version=version,
        format=clean(subject.get("format"), 20),
        size=size,
        digest=digest,
        signers=signers,
        schemes=schemes,
        facts=tuple((head, value) for head, value in facts if any(value)),
    )


def origin(report: Report) -> Origin:
    """Give what made this report."""
    engine: Mapping[str, Any] = report["engine"]
    return Origin(
        engine=_engine(report),
        packs=tuple(
            (
                both(one.get("title"), one["id"]),
                Code(f"{clean(one['id'], 80)} {clean(one.get('version'), 20)}".strip()),
                Code(clean(one.get("sha256"), 80)),
            )
            for one in _packs(report)
        ),
        files=tuple((clean(name, 80), clean(digest, 80)) for name, digest in (engine.get("catalogs") or {}).items()),
        detectors=tuple(
            f"{clean(name, 80)} {clean(version, 10)}" for name, version in (engine.get("detectors") or {}).items()
        ),
    )


def size_words(size: object) -> str:
    """Give a size in bytes as people read it (decimal units)."""
    if not isinstance(size, int):
        return ""
    if size < 1000:
        return f"{size} B"
    amount, unit = size / 1000, "kB"
    for bigger in ("MB", "GB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, bigger
    return f"{amount:.1f} {unit}"


def _icon(report: Report) -> str:
    """Give the icon of the package. Only base64 of the two bitmap formats that the readers give is let through."""
    for row in report["evidence"].get("artifact", ()):
        found = row.get("icon")
        if row.get("role") in ("package", "base") and isinstance(found, str) and _ICON.fullmatch(found):
            return found
    return ""


def _packs(report: Report) -> list[Mapping[str, Any]]:
    return list(report["engine"].get("packs") or ())


def _pack(pack: Mapping[str, Any]) -> Both:
    title, version = both(pack.get("title"), pack["id"]), clean(pack.get("version"), 20)
    return Both(f"{title.zh} {version}".strip(), f"{title.en} {version}".strip())


def _engine(report: Report) -> str:
    engine = report["engine"]
    return f"{clean(engine.get('name'), 40)} {clean(engine.get('version'), 40)}".strip()
