"""What we find against labelled packages: sensitive calls of ConsentBench, SDKs of packages built with known ones.

Only presence is compared here; the order against consent has tests of its own.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from assaymark import pipeline
from differential.others import CORPUS

BENCH = CORPUS / "consentbench"
SDKS = CORPUS / "sdk" / "made"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not BENCH.is_dir(), reason="the shared corpus is not beside the repository"),
]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def scored(api: str) -> str:
    """Name an API as the benchmark does, which takes all forms of `requestPermissions` for one."""
    return "android.app.Activity.requestPermissions" if api.endswith(".requestPermissions") else api


@pytest.mark.parametrize("folder", [BENCH, BENCH / "minified"], ids=["plain", "minified"])
def test_sensitive_calls_of_consentbench(folder: Path) -> None:
    """Each labelled call is a row, none is a row twice, and no other call of a scored API is one."""
    known = {row["api"] for row in table(BENCH / "apis.csv")}
    expected: dict[str, Counter[tuple[str, str, str]]] = {}
    for row in table(folder / "expected.csv"):
        expected.setdefault(row["app"], Counter())[row["class"], row["method"], row["api"]] += 1
    packages = sorted((folder / "apks").glob("*.apk"))
    assert packages
    for path in packages:
        calls = pipeline.inspect(path, packs=()).evidence["api_call"]
        found = Counter((row["class"], row["method"], scored(row["api"])) for row in calls)
        assert Counter({key: count for key, count in found.items() if key[2] in known}) == expected.get(
            path.stem, Counter()
        ), path.stem


SDK_IDS = {
    "JPush (Jiguang)": "jpush",
    "JCore (Jiguang)": "jcore",
    "MiPush": "mipush",
    "WeChat Open SDK (libammsdk)": "wechat-opensdk",
}
"""The names of the list, and our ids."""


def test_sdks_of_made_packages() -> None:
    """The SDKs that a package was built with are found, whatever R8 renamed, and no others; versions too."""
    expected: dict[str, dict[str, str]] = {}
    for row in table(SDKS / "expected-sdks.csv"):
        found = expected.setdefault(row["apk"], {})
        if row["packages"]:
            readable = row["obfuscated"] == "no" and row["version"] != "unknown"
            found[SDK_IDS[row["sdk"]]] = row["version"] if readable else ""
    for name, wanted in expected.items():
        rows = {row["id"]: row["version"] for row in pipeline.inspect(SDKS / name, packs=()).evidence["sdk"]}
        assert rows.keys() == wanted.keys(), name
        assert {one: rows[one] for one in wanted if wanted[one]} == {one: text for one, text in wanted.items() if text}
