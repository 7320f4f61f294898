"""Settings: properties of the package that bear on protection, presence and autonomy.

What it observes: values of the manifest and of the network security configuration, with the platform's default where
the package says nothing.
Why it matters: they decide whether traffic may be read on the way, whether data can be copied off, whether the app
starts itself, hides, or watches other apps.
Limits: what code changes at run time (a component switched off, a custom trust manager) is not here.
Source: https://developer.android.com/guide/topics/manifest/application-element,
.../privacy-and-security/security-config.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark import _engine
from assaymark.extend import Emission, detector
from assaymark.formats.android.manifest import Component, Element
from assaymark.formats.program import Part, Program
from assaymark.model.tables import GAP, SETTING, Row

SELF_START = (
    "android.intent.action.BOOT_COMPLETED",
    "android.intent.action.LOCKED_BOOT_COMPLETED",
    "android.intent.action.QUICKBOOT_POWERON",
    "com.htc.intent.action.QUICKBOOT_POWERON",
    "android.intent.action.MY_PACKAGE_REPLACED",
    "android.intent.action.PACKAGE_FULLY_REMOVED",
    "android.intent.action.MEDIA_MOUNTED",
    "android.intent.action.NEW_OUTGOING_CALL",
    "android.intent.action.PHONE_STATE",
    "android.provider.Telephony.SMS_RECEIVED",
    "android.bluetooth.device.action.ACL_CONNECTED",
    "android.bluetooth.device.action.ACL_DISCONNECTED",
)
"""Broadcasts of the system that start a process without the user, on every version of Android.

Source: https://developer.android.com/develop/background-work/background-tasks/broadcasts/broadcast-exceptions.
"""

SELF_START_ONCE = {
    "android.net.conn.CONNECTIVITY_CHANGE": 24,
    "android.intent.action.REBOOT": 26,
    "android.intent.action.USER_PRESENT": 26,
    "android.intent.action.PACKAGE_ADDED": 26,
    "android.intent.action.PACKAGE_REMOVED": 26,
    "android.intent.action.PACKAGE_REPLACED": 26,
    "android.intent.action.ACTION_POWER_CONNECTED": 26,
    "android.intent.action.ACTION_POWER_DISCONNECTED": 26,
    "android.net.wifi.STATE_CHANGE": 26,
    "android.net.wifi.WIFI_STATE_CHANGED": 26,
    "android.bluetooth.adapter.action.STATE_CHANGED": 26,
}
"""Broadcasts that no longer start a package from this target level on: they reach only receivers made in code."""

_SYSTEM_ACTIONS = ("android.", "androidx.", "com.android.")
"""How the actions start that the system, its widgets and its media buttons call components by."""

_NEEDS_NO_ICON = frozenset(
    {
        "android.permission.BIND_INPUT_METHOD",
        "android.permission.BIND_QUICK_SETTINGS_TILE",
        "android.permission.BIND_WALLPAPER",
        "android.permission.BIND_DREAM_SERVICE",
    }
)
"""Who may bind the services of packages that people reach in other ways than through the launcher."""

_SPECIAL_PERMISSIONS = {
    "android.permission.QUERY_ALL_PACKAGES": ("query-all-packages", "observes-others"),
    "android.permission.REQUEST_INSTALL_PACKAGES": ("install-packages", "neutral"),
    "android.permission.SYSTEM_ALERT_WINDOW": ("overlay-window", "observes-others"),
}

_BOUND_BY = {
    "android.permission.BIND_ACCESSIBILITY_SERVICE": ("accessibility-service", "observes-others"),
    "android.permission.BIND_NOTIFICATION_LISTENER_SERVICE": ("notification-listener", "observes-others"),
    "android.permission.BIND_DEVICE_ADMIN": ("device-admin", "neutral"),
}


@detector(id="setting", version=2, emits=(SETTING, GAP), reads=())
def setting(program: Program) -> Iterator[Emission]:
    """Give the settings of the application, of its components and of its network security configuration."""
    part = program.base
    for row in _application(program, part):
        yield SETTING, row
    yield from _network_security(program, part)
    for one in program.manifest.components:
        for row in _component(one, program.manifest.target_sdk):
            yield SETTING, row
    yield SETTING, _launcher(program, part)


def _row(at: str, name: str, value: object, scope: str, origin: str, effect: str) -> Row:
    worded = str(value).lower() if isinstance(value, bool) else str(value)
    return SETTING.row(at, name=name, value=worded, scope=scope, origin=origin, effect=effect)


def _application(program: Program, part: Part) -> Iterator[Row]:
    manifest = program.manifest
    application = manifest.application or Element("application", 0)
    at = part.place(f"AndroidManifest.xml:{application.line}")

    debuggable = application.flag("debuggable")
    origin = "manifest" if debuggable is not None else "platform-default"
    yield _row(at, "debuggable", bool(debuggable), "app", origin, "weakens" if debuggable else "neutral")

    backup = application.flag("allowBackup")
    narrowed = application.text("fullBackupContent") or application.text("dataExtractionRules")
    origin = "manifest" if backup is not None else "platform-default"
    open_backup = backup is not False
    # From target level 31 on a cable no longer copies the data of a released app; what is left is the user's own cloud.
    weak = open_backup and not narrowed and (manifest.target_sdk < 31 or bool(debuggable))
    yield _row(at, "allow-backup", open_backup, "app", origin, "weakens" if weak else "neutral")

    if not application.reference("networkSecurityConfig"):
        cleartext = application.flag("usesCleartextTraffic")
        # Without a statement, cleartext is allowed up to target level 27 and forbidden from 28 on.
        allowed = cleartext if cleartext is not None else manifest.target_sdk < 28
        origin = "manifest" if cleartext is not None else "platform-default"
        yield _row(
            at,
            "cleartext-traffic",
            "allowed" if allowed else "forbidden",
            "app",
            origin,
            "weakens" if allowed else "protects",
        )

    target = manifest.target_sdk
    origin = "manifest" if manifest.stated_target_sdk is not None else "platform-default"
    yield _row(at, "target-sdk", target, "app", origin, "weakens" if target < 23 else "neutral")
    if application.flag("testOnly"):
        yield _row(at, "test-only", True, "app", "manifest", "neutral")
    if shared := manifest.root.text("sharedUserId"):
        yield _row(at, "shared-user-id", shared, "app", "manifest", "neutral")
    for permission in manifest.permissions:
        if permission.name in _SPECIAL_PERMISSIONS:
            name, effect = _SPECIAL_PERMISSIONS[permission.name]
            yield _row(permission.at, name, "requested", "app", "manifest", effect)


def _component(one: Component, target_sdk: int) -> Iterator[Row]:
    at = one.at
    if not one.enabled:
        return
    for kind in one.foreground_service:
        yield _row(at, "foreground-service", kind, one.name, "manifest", "runs-in-background")
    if one.kind == "receiver":
        for action in one.actions:
            if action in SELF_START or action in SELF_START_ONCE:
                starts = target_sdk < SELF_START_ONCE.get(action, target_sdk + 1)
                yield _row(at, "self-start", action, one.name, "manifest", "starts-itself" if starts else "neutral")
    if one.permission in _BOUND_BY:
        name, effect = _BOUND_BY[one.permission]
        yield _row(at, name, "declared", one.name, "manifest", effect)
    elif one.exported and one.permission is None and one.kind not in ("activity", "activity-alias"):
        # Screens are made to be opened; a component that only the system's actions call is open to others in name only.
        system_only = bool(one.actions) and all(action.startswith(_SYSTEM_ACTIONS) for action in one.actions)
        effect = "neutral" if system_only else "weakens"
        yield _row(at, "exported-without-permission", one.kind, one.name, "manifest", effect)


def _launcher(program: Program, part: Part) -> Row:
    icons = [one for one in program.manifest.components if one.launcher]
    enabled = [one for one in icons if one.enabled]
    at = part.place("AndroidManifest.xml")
    if not enabled:
        return _row(at, "launcher-icon", "none", "app", "manifest", "neutral" if _needs_no_icon(program) else "hides")
    if any(one.kind == "activity-alias" for one in icons) and len(icons) > 1:
        return _row(at, "launcher-icon", "several-switchable", "app", "manifest", "hides")
    return _row(at, "launcher-icon", "one" if len(enabled) == 1 else "several", "app", "manifest", "neutral")


def _needs_no_icon(program: Program) -> bool:
    """Say whether a package has no screen to open, or is a test, a keyboard, a tile, a wallpaper or the launcher."""
    components = [one for one in program.manifest.components if one.enabled]
    if program.manifest.root.first("instrumentation") is not None:
        return True
    home = any("android.intent.category.HOME" in each.categories for one in components for each in one.filters)
    screens = any(one.kind in ("activity", "activity-alias") for one in components)
    return home or not screens or any(one.permission in _NEEDS_NO_ICON for one in components)


def _network_security(program: Program, part: Part) -> Iterator[Emission]:
    application = program.manifest.application
    reference = application.reference("networkSecurityConfig") if application else 0
    if not reference:
        return
    name = str(application.text("networkSecurityConfig")) if application else ""
    member = part.place(name)
    try:
        config = part.package.xml(name)
    except _engine.EngineError as error:
        reason = f"the network security configuration cannot be read: {error.args[2]}"
        yield (
            GAP,
            GAP.row(member, kind="resource-unread", reason=reason, member=member, hides=("setting",), weight="partial"),
        )
        return
    for row in _network_rows(config, member, program.manifest.target_sdk):
        yield SETTING, row


def _network_rows(config: _engine.Xml, member: str, target_sdk: int) -> Iterator[Row]:
    elements = config.elements()
    values = {(owner, name): (raw, data) for owner, _ns, name, _id, raw, _kind, data in config.attributes()}
    texts = {owner: text for owner, text, _line in config.texts()}
    default_allowed = target_sdk < 28

    def allowed(element: int) -> bool | None:
        raw, data = values.get((element, "cleartextTrafficPermitted"), (None, None))
        if raw is not None:
            return str(raw).lower() == "true"
        return None if data is None else data != 0

    base: bool | None = None
    for index, (parent, _depth, _ns, tag, _line) in enumerate(elements):
        at = f"{member}:{tag}"
        if tag == "base-config":
            base = allowed(index)
        elif tag == "domain" and parent is not None and elements[parent][3] == "domain-config":
            permitted = allowed(parent)
            if permitted is not None:
                host = texts.get(index, "").strip()
                effect = "weakens" if permitted else "protects"
                yield _row(at, "cleartext-traffic", "allowed" if permitted else "forbidden", host, "resource", effect)
        elif tag == "certificates" and values.get((index, "src"), ("", 0))[0] == "user":
            anchors = elements[parent][0] if parent is not None else None
            within = elements[anchors][3] if anchors is not None else ""
            debug_only = within == "debug-overrides"
            scope = "debug builds" if debug_only else "app" if within == "base-config" else "host"
            effect = "neutral" if debug_only else "weakens"
            yield _row(at, "network-security-config", "user-ca-trusted", scope, "resource", effect)
        elif tag == "pin-set":
            yield _row(at, "network-security-config", "pinned", "host", "resource", "protects")
    permitted = base if base is not None else default_allowed
    origin = "resource" if base is not None else "platform-default"
    yield _row(
        member,
        "cleartext-traffic",
        "allowed" if permitted else "forbidden",
        "app",
        origin,
        "weakens" if permitted else "protects",
    )
