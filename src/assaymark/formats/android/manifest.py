"""The Android manifest as types, read from the engine's element list.

Rules of the platform, as documented at https://developer.android.com/guide/topics/manifest/manifest-intro and, for
default values of `android:exported`, at
https://developer.android.com/guide/topics/manifest/activity-element#exported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from assaymark import _engine

MEMBER = "AndroidManifest.xml"
ANDROID = "http://schemas.android.com/apk/res/android"

# Types of Res_value (ResourceTypes.h).
_REFERENCE, _STRING, _FLOAT, _DECIMAL, _HEX, _BOOLEAN, _DYNAMIC_REFERENCE = 0x01, 0x03, 0x04, 0x10, 0x11, 0x12, 0x07

FOREGROUND_SERVICE_TYPES = (
    (1 << 0, "dataSync"),
    (1 << 1, "mediaPlayback"),
    (1 << 2, "phoneCall"),
    (1 << 3, "location"),
    (1 << 4, "connectedDevice"),
    (1 << 5, "mediaProjection"),
    (1 << 6, "camera"),
    (1 << 7, "microphone"),
    (1 << 8, "health"),
    (1 << 9, "remoteMessaging"),
    (1 << 10, "systemExempted"),
    (1 << 11, "shortService"),
    (1 << 12, "fileManagement"),
    (1 << 13, "mediaProcessing"),
    (1 << 30, "specialUse"),
)
"""Bits of `android:foregroundServiceType` (android.content.pm.ServiceInfo)."""

_PROTECTION = {0: "normal", 1: "dangerous", 2: "signature", 3: "signature", 4: "normal"}


class Attribute(NamedTuple):
    """One attribute: `value` is what Android would use, references resolved in the default configuration."""

    name: str
    value: str | int | bool | None
    reference: int = 0


class Element:
    """One element of the manifest with its attributes of the android name space (and those without one) by name."""

    __slots__ = ("attributes", "children", "line", "name")

    def __init__(self, name: str, line: int) -> None:
        """Start an element without attributes and children."""
        self.name = name
        self.line = line
        self.attributes: dict[str, Attribute] = {}
        self.children: list[Element] = []

    def all(self, *names: str) -> list[Element]:
        """Give the direct children of these names, in order."""
        return [child for child in self.children if child.name in names]

    def first(self, name: str) -> Element | None:
        """Give the first direct child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def text(self, name: str) -> str | None:
        """Give an attribute as text."""
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        value = attribute.value
        if value is None or isinstance(value, str):
            return value
        return str(value).lower() if isinstance(value, bool) else str(value)

    def number(self, name: str) -> int | None:
        """Give an attribute as a whole number; `None` if it is not one."""
        attribute = self.attributes.get(name)
        if attribute is None or attribute.value is None:
            return None
        if isinstance(attribute.value, int):
            return int(attribute.value)
        try:
            return int(attribute.value, 0)
        except ValueError:
            return None

    def flag(self, name: str) -> bool | None:
        """Give an attribute as a truth value; `None` if it is absent or is not one."""
        attribute = self.attributes.get(name)
        if attribute is None or attribute.value is None:
            return None
        value = attribute.value
        if isinstance(value, str):
            return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
        return bool(value)

    def reference(self, name: str) -> int:
        """Give the resource id that an attribute refers to, or 0."""
        attribute = self.attributes.get(name)
        return attribute.reference if attribute else 0


@dataclass(frozen=True, slots=True)
class UsesPermission:
    """A permission asked for."""

    name: str
    max_sdk: int | None
    at: str


@dataclass(frozen=True, slots=True)
class DefinedPermission:
    """A permission that the package defines."""

    name: str
    protection: str
    at: str


class IntentFilter(NamedTuple):
    """One intent filter."""

    actions: tuple[str, ...]
    categories: tuple[str, ...]
    links: tuple[str, ...]
    types: tuple[str, ...] = ()
    """Media types."""


_LAUNCHERS = frozenset({"android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER"})


class Component(NamedTuple):
    """An activity, activity-alias, service, receiver or provider; `exported` and `enabled` as Android decides them."""

    kind: str
    name: str
    target: str | None
    enabled: bool
    exported: bool
    exported_by: str
    permission: str | None
    process: str | None
    filters: tuple[IntentFilter, ...]
    authorities: tuple[str, ...]
    foreground_service: tuple[str, ...]
    meta_data: tuple[tuple[str, str], ...]
    launcher: bool
    """Whether it shows an icon in the launcher, of a phone or of a television."""
    at: str

    @property
    def actions(self) -> tuple[str, ...]:
        """All actions of its filters, sorted."""
        return _merged([one.actions for one in self.filters])

    @property
    def categories(self) -> tuple[str, ...]:
        """All categories of its filters, sorted."""
        return _merged([one.categories for one in self.filters])

    @property
    def links(self) -> tuple[str, ...]:
        """All links of its filters, sorted."""
        return _merged([one.links for one in self.filters])


def _merged(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Merge sorted lists without doubles into one."""
    if len(lists) <= 1:
        return lists[0] if lists else ()
    return tuple(sorted({name for one in lists for name in one}))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest.

    Numbers that it does not state are `None`; Android's defaults are applied where a property says so.
    """

    root: Element
    package: str
    split: str | None
    version_name: str | None
    version_code: int | None
    stated_min_sdk: int | None
    stated_target_sdk: int | None
    compile_sdk: int | None
    permissions: tuple[UsesPermission, ...]
    defined: tuple[DefinedPermission, ...]
    components: tuple[Component, ...]
    application: Element | None

    @property
    def min_sdk(self) -> int:
        """Lowest API level; 1 where none is stated."""
        return self.stated_min_sdk if self.stated_min_sdk is not None else 1

    @property
    def target_sdk(self) -> int:
        """API level whose rules hold; the lowest level where none is stated."""
        return self.stated_target_sdk if self.stated_target_sdk is not None else self.min_sdk

    @property
    def application_class(self) -> str | None:
        """Class of the application object, dotted and complete."""
        return complete_name(self.package, self.application.text("name")) if self.application else None

    @property
    def meta_data(self) -> dict[str, str]:
        """The application's meta-data."""
        return dict(_meta_data(self.application)) if self.application else {}

    def with_split(self, other: Manifest) -> Manifest:
        """Give this manifest with the components and permissions of a split added."""
        known = {(one.kind, one.name) for one in self.components}
        asked = {one.name for one in self.permissions}
        return replace(
            self,
            components=self.components + tuple(c for c in other.components if (c.kind, c.name) not in known),
            permissions=self.permissions + tuple(p for p in other.permissions if p.name not in asked),
            defined=self.defined + other.defined,
        )


def complete_name(package: str, name: str | None) -> str | None:
    """Complete a class name of the manifest: `.Main` and `Main` belong to the package."""
    if not name:
        return None
    if name.startswith("."):
        return package + name
    return name if "." in name else f"{package}.{name}"


def read_manifest(xml: _engine.Xml, resources: _engine.Resources | None, at: str = MEMBER) -> Manifest | None:
    """Give the manifest in a binary XML document, or `None` if its root is not `<manifest>` or names no package.

    `at` is the document's place, which the places of its elements start with.
    """
    root = _tree(xml, resources)
    if root is None or root.name != "manifest":
        return None
    package = root.text("package")
    if not package:
        return None
    application = root.first("application")
    uses_sdk = root.all("uses-sdk")
    return Manifest(
        root=root,
        package=package,
        split=root.text("split"),
        version_name=root.text("versionName"),
        version_code=_version_code(root),
        stated_min_sdk=_last(uses_sdk, "minSdkVersion"),
        stated_target_sdk=_last(uses_sdk, "targetSdkVersion"),
        compile_sdk=root.number("compileSdkVersion") or root.number("platformBuildVersionCode"),
        permissions=tuple(_permissions(root, at)),
        defined=tuple(
            DefinedPermission(
                name, _PROTECTION.get((one.number("protectionLevel") or 0) & 0xF, "unknown"), f"{at}:{one.line}"
            )
            for one in root.all("permission")
            if (name := one.text("name"))
        ),
        components=tuple(_components(application, package, uses_sdk, at)),
        application=application,
    )


def _tree(xml: _engine.Xml, resources: _engine.Resources | None) -> Element | None:
    elements: list[Element] = []
    for parent, _depth, _namespace, name, line in xml.elements():
        element = Element(name, line)
        if parent is not None and parent < len(elements):
            elements[parent].children.append(element)
        elements.append(element)
    for owner, namespace, name, _id, raw, kind, data in xml.attributes():
        # Attributes of foreign name spaces (tools, dist) never stand for those of Android. The first of two equal
        # names wins.
        attributes = elements[owner].attributes
        if (not namespace or namespace == ANDROID) and name not in attributes:
            attributes[name] = _attribute(name, raw, kind, data, resources)
    return elements[0] if elements else None


def _attribute(name: str, raw: str | None, kind: int, data: int, resources: _engine.Resources | None) -> Attribute:
    if kind == _STRING:
        return Attribute(name, raw)
    if kind in (_REFERENCE, _DYNAMIC_REFERENCE):
        return Attribute(name, default_value(resources, data), data)
    return Attribute(name, _plain(raw, kind, data))


def _plain(raw: str | None, kind: int, data: int) -> str | int | bool | None:
    if kind == _STRING:
        return raw
    if kind == _BOOLEAN:
        return data != 0
    if kind in (_DECIMAL, _HEX):
        return data - (1 << 32) if data >= 1 << 31 else data
    return raw


def default_value(resources: _engine.Resources | None, reference: int) -> str | int | bool | None:
    """Give the value of a resource in the default configuration, or in the first one that has it."""
    if resources is None or not reference:
        return None
    values = resources.resolve(reference)
    chosen = next((value for value in values if value[0] == ""), values[0] if values else None)
    if chosen is None:
        return None
    _qualifier, kind, data, string = chosen
    return _plain(string, kind, data)


def _version_code(root: Element) -> int | None:
    low = root.number("versionCode")
    if low is None:
        return None
    high = root.number("versionCodeMajor") or 0
    return (high & 0xFFFFFFFF) << 32 | (low & 0xFFFFFFFF)


def _last(elements: list[Element], name: str) -> int | None:
    # PackageParser reads every <uses-sdk> and the last one that states the attribute decides.
    return next((value for one in reversed(elements) if (value := one.number(name)) is not None), None)


def _permissions(root: Element, at: str) -> Iterator[UsesPermission]:
    for one in root.all("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m"):
        if name := one.text("name"):
            yield UsesPermission(name, one.number("maxSdkVersion"), f"{at}:{one.line}")


def _components(application: Element | None, package: str, uses_sdk: list[Element], at: str) -> Iterator[Component]:
    if application is None:
        return
    min_sdk = _last(uses_sdk, "minSdkVersion") or 1
    target_sdk = _last(uses_sdk, "targetSdkVersion") or min_sdk
    app_enabled = application.flag("enabled") is not False
    app_permission = application.text("permission")
    app_process = application.text("process")
    for one in application.all("activity", "activity-alias", "service", "receiver", "provider"):
        name = complete_name(package, one.text("name"))
        if name is None:
            continue
        filters = tuple(_filters(one)) if one.children else ()
        exported, why = _exported(one, bool(filters), min(target_sdk, 10_000))
        kinds = one.number("foregroundServiceType") or 0
        yield Component(
            kind=one.name,
            name=name,
            target=complete_name(package, one.text("targetActivity")),
            enabled=app_enabled and one.flag("enabled") is not False,
            exported=exported,
            exported_by=why,
            permission=_guard(one) or (app_permission if one.name != "activity-alias" else None),
            process=one.text("process") or app_process,
            filters=filters,
            authorities=tuple(authorities.split(";")) if (authorities := one.text("authorities")) else (),
            foreground_service=tuple(word for bit, word in FOREGROUND_SERVICE_TYPES if kinds & bit) if kinds else (),
            meta_data=tuple(_meta_data(one)) if one.children else (),
            launcher=one.name in ("activity", "activity-alias") and any(map(_launches, filters)),
            at=f"{at}:{one.line}",
        )


def _guard(element: Element) -> str | None:
    """Give the permission that a caller needs; of a provider that guards both reading and writing, that for reading."""
    reading, writing = element.text("readPermission"), element.text("writePermission")
    return element.text("permission") or (reading if writing else None)


def _exported(element: Element, has_filter: bool, target_sdk: int) -> tuple[bool, str]:
    stated = element.flag("exported")
    if stated is not None:
        return stated, "stated"
    if element.name == "provider":
        # Providers were exported by default until API level 17.
        return target_sdk < 17, "platform-default"
    return (True, "intent-filter") if has_filter else (False, "default")


def _filters(element: Element) -> Iterator[IntentFilter]:
    for one in element.children:
        if one.name != "intent-filter":
            continue
        held: dict[str, list[Element]] = {"action": [], "category": [], "data": []}
        for child in one.children:
            held.setdefault(child.name, []).append(child)
        data = held["data"]
        schemes = _texts(data, "scheme")
        links = {f"{scheme}://{host}" for scheme in schemes for host in _texts(data, "host") or [""]} if schemes else ()
        actions, categories = _texts(held["action"], "name"), _texts(held["category"], "name")
        yield IntentFilter(actions, categories, tuple(sorted(links)), _texts(data, "mimeType"))


def _texts(elements: list[Element], name: str) -> tuple[str, ...]:
    """Give an attribute of several elements as texts, each once, sorted."""
    if not elements:
        return ()
    found = {text for one in elements if (text := one.text(name))}
    return tuple(sorted(found)) if len(found) > 1 else tuple(found)


def _launches(one: IntentFilter) -> bool:
    return "android.intent.action.MAIN" in one.actions and not _LAUNCHERS.isdisjoint(one.categories)


def _meta_data(element: Element) -> Iterator[tuple[str, str]]:
    for one in element.all("meta-data"):
        name = one.text("name")
        value = one.text("value") or one.text("resource")
        if name and value is not None:
            yield name, value
