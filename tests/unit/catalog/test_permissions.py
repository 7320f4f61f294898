"""The dangerous permissions of the platform are complete; a permission is tracked exactly when an API names it."""

from __future__ import annotations

from assaymark.catalog import load_apis, load_permissions

BY_NAME = {one.name: one for one in load_permissions()}

# Runtime permissions of the platform up to API level 35 (developer.android.com/reference/android/Manifest.permission).
# fmt: off
DANGEROUS = [
    "ACCEPT_HANDOVER", "ACCESS_BACKGROUND_LOCATION", "ACCESS_COARSE_LOCATION", "ACCESS_FINE_LOCATION",
    "ACCESS_MEDIA_LOCATION", "ACTIVITY_RECOGNITION", "ANSWER_PHONE_CALLS", "BLUETOOTH_ADVERTISE", "BLUETOOTH_CONNECT",
    "BLUETOOTH_SCAN", "BODY_SENSORS", "BODY_SENSORS_BACKGROUND", "CALL_PHONE", "CAMERA", "GET_ACCOUNTS",
    "NEARBY_WIFI_DEVICES", "POST_NOTIFICATIONS", "PROCESS_OUTGOING_CALLS", "READ_CALENDAR", "READ_CALL_LOG",
    "READ_CONTACTS", "READ_EXTERNAL_STORAGE", "READ_MEDIA_AUDIO", "READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO",
    "READ_MEDIA_VISUAL_USER_SELECTED", "READ_PHONE_NUMBERS", "READ_PHONE_STATE", "READ_SMS", "RECEIVE_MMS",
    "RECEIVE_SMS", "RECEIVE_WAP_PUSH", "RECORD_AUDIO", "SEND_SMS", "USE_SIP", "UWB_RANGING", "WRITE_CALENDAR",
    "WRITE_CALL_LOG", "WRITE_CONTACTS", "WRITE_EXTERNAL_STORAGE",
]
# fmt: on


def test_the_platforms_dangerous_permissions_are_all_there() -> None:
    wrong = [name for name in DANGEROUS if BY_NAME[f"android.permission.{name}"].protection != "dangerous"]
    assert wrong == []


def test_special_access_is_not_called_dangerous() -> None:
    for name in ("SYSTEM_ALERT_WINDOW", "MANAGE_EXTERNAL_STORAGE", "PACKAGE_USAGE_STATS", "REQUEST_INSTALL_PACKAGES"):
        assert BY_NAME[f"android.permission.{name}"].protection == "special"
    assert BY_NAME["android.permission.QUERY_ALL_PACKAGES"].protection == "normal"


def test_a_permission_is_tracked_if_an_api_names_it() -> None:
    named = {name for api in load_apis() for name in api.permission}
    assert {one.name for one in load_permissions() if one.tracked} == named
    assert BY_NAME["android.permission.CAMERA"].tracked
    assert not BY_NAME["android.permission.VIBRATE"].tracked


def test_background_access_is_marked() -> None:
    assert BY_NAME["android.permission.ACCESS_BACKGROUND_LOCATION"].background
    assert not BY_NAME["android.permission.ACCESS_FINE_LOCATION"].background
