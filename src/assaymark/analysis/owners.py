"""Whose code each class is: the app's, an SDK's, or unknown.

In this order, each where the ones before say nothing:

1. the Java package, by the catalog of SDKs and libraries;
2. fingerprints, which see through renaming;
3. the app's own packages: those of the manifest, of the application class and of the activities that start it;
4. neighbours: what names a class of the app is the app's, what only an SDK names is that SDK's.

The rest is `unknown`: code under a foreign name that no row of the catalog has, or renamed code that nothing tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assaymark import _engine, catalog
from assaymark.analysis.fingerprints import Match, match
from assaymark.formats.program import Program

APP = "app"
UNKNOWN = "unknown"

_NAME_PARTS = 3
"""Parts of a package name that tell an app: `com.example.shop` of `com.example.shop.ui`."""


class Owners:
    """The owners of all classes of a program. Made once by the code view."""

    def __init__(self, program: Program, code: _engine.Code, packages: Sequence[str]) -> None:
        """Match the fingerprints and spread the owners that are known. `packages` are all Java packages of the code."""
        self._package = program.manifest.package
        self._own = tuple(f"{prefix}." for prefix in own_packages(program))
        self._by_package: dict[str, str | None] = {}
        self._by_class: dict[str, str] = {}
        owners = {name: self._of_package(name) for name in packages}
        known = {name: owner for name, owner in owners.items() if owner is not None}
        self.matches: tuple[Match, ...] = match(code, {name: owner for name, owner in known.items() if owner != APP})
        found = {name: one.sdk for one in self.matches for name in one.classes}
        self._by_class = {name: sdk for name, sdk in found.items() if name.rpartition(".")[0] not in known}
        self._spread(code, known)

    def of(self, cls: str) -> str:
        """Give the owner of a dotted class: `app`, an SDK id, or `unknown`."""
        return self._by_class.get(cls) or self._of_package(cls.rpartition(".")[0]) or UNKNOWN

    def classes_of(self, sdk: str) -> list[str]:
        """Give the classes of an SDK that other ways than their package tell, sorted."""
        return sorted(name for name, owner in self._by_class.items() if owner == sdk)

    def _of_package(self, package: str) -> str | None:
        if package not in self._by_package:
            self._by_package[package] = self._look_up(package)
        return self._by_package[package]

    def _look_up(self, package: str) -> str | None:
        owner = catalog.owner_of(f"{package}.C")
        below = f"{package}.".startswith(f"{self._package}.")
        if owner is not None and not (below and owner == catalog.owner_of(f"{self._package}.C")):
            return owner
        # An app of an SDK's maker may lie below the SDK's own prefix.
        return APP if owner is not None or f"{package}.".startswith(self._own) else None

    def _spread(self, code: _engine.Code, packages: dict[str, str]) -> None:
        ids = [APP, *sorted({*packages.values(), *self._by_class.values()} - {APP})]
        number = {owner: at for at, owner in enumerate(ids)}
        known = {name: number[owner] for name, owner in packages.items()}
        classes = {name: number[owner] for name, owner in self._by_class.items()}
        for name, owner in _engine.spread_owners(code, known, classes):
            self._by_class[name] = ids[owner]


def own_packages(program: Program) -> tuple[str, ...]:
    """Give the prefixes of the packages that are the app's own, sorted."""
    manifest = program.manifest
    starts = {manifest.package, *map(_package, filter(None, [manifest.application_class]))}
    starts.update(_package(one.target or one.name) for one in manifest.components if one.enabled and one.launcher)
    return tuple(sorted(set(_shortened(starts))))


def _package(cls: str) -> str:
    return cls.rpartition(".")[0]


def _shortened(packages: Iterable[str]) -> Iterable[str]:
    for package in packages:
        if package and catalog.owner_of(f"{package}.C") is None:
            yield ".".join(package.split(".")[:_NAME_PARTS])
