"""Owners of classes, ways to a version, and prefixes that no two SDKs share."""

from __future__ import annotations

import pytest

from assaymark.catalog import VersionSource, load_sdks, owner_of, sdks_by_id


@pytest.mark.parametrize(
    ("class_name", "owner"),
    [
        ("cn.jpush.android.api.JPushInterface", "jpush"),
        ("cn.jiguang.a.a.c.b", "jcore"),
        ("cn.jiguang.verifysdk.api.JVerificationInterface", "jverification"),
        ("com.umeng.commonsdk.UMConfigure$1", "umeng-common"),
        ("com.umeng.message.PushAgent", "umeng-push"),
        ("com.tencent.mm.opensdk.openapi.WXAPIFactory", "wechat-opensdk"),
        ("com.tencent.example.App", None),
        ("com.facebook.AccessToken", "facebook"),
        ("com.facebook.unheard.Of", None),
        ("com.facebook.react.ReactActivity", "react-native"),
        ("com.google.android.gms.ads.AdView", "google-ads"),
        ("com.google.android.gms.common.Anything", "google-play-services"),
        ("cn.jpushed.Other", None),
        ("Main", None),
        ("", None),
    ],
)
def test_the_longest_prefix_of_whole_segments_owns_a_class(class_name: str, owner: str | None) -> None:
    assert owner_of(class_name) == owner


def test_no_prefix_belongs_to_two_and_none_is_an_umbrella_of_many_makers() -> None:
    prefixes = [prefix for sdk in load_sdks() for prefix in sdk.packages]
    assert len(prefixes) == len(set(prefixes))
    umbrellas = {
        "com",
        "cn",
        "io",
        "org",
        "net",
        "android",
        "java",
        "com.google",
        "com.tencent",
        "com.alibaba",
        "com.baidu",
    }
    umbrellas |= {
        "com.huawei",
        "com.xiaomi",
        "com.android",
        "com.google.android",
        "com.bytedance",
        "com.facebook",
        "com.netease",
    }
    assert umbrellas & set(prefixes) == set()


def test_a_prefix_below_anothers_belongs_to_the_same_maker_or_another_purpose() -> None:
    # A narrower prefix of the same SDK would say nothing.
    for sdk in load_sdks():
        for prefix in sdk.packages:
            assert not any(prefix.startswith(f"{other}.") for other in sdk.packages), prefix


@pytest.mark.parametrize(
    ("sdk", "text", "version"),
    [
        ("jpush", "3.1.8", "3.1.8"),
        ("jpush", "[3.1.8]", None),
        ("mipush", "3_0_3", "3.0.3"),
        ("mipush", "5_1_1-C", "5.1.1"),
        ("amap-map", "libAMapSDK_MAP_v8_0_0.so", "8.0.0"),
        ("amap-map", "libfoo.so", None),
        ("jcore", "action:init - sdkVersion:1.1.7, buildId:155", "1.1.7"),
        ("wechat-opensdk", "android 6.8.34", "6.8.34"),
        ("umeng-common", " 9.8.9\n", "9.8.9"),
        ("umeng-common", "", None),
    ],
)
def test_a_version_is_read_from_the_text_at_its_place(sdk: str, text: str, version: str | None) -> None:
    assert sdks_by_id()[sdk].version[0].version(text) == version


def test_groups_that_did_not_take_part_are_left_out() -> None:
    way = VersionSource("string", "", "", "", "", "", r"v(\d+)(?:-(\d+))?")
    assert (way.version("v1-2"), way.version("v1")) == ("1.2", "1")
