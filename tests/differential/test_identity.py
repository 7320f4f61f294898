"""Identity, permissions and counts of every package against aapt, apk-info, dexllm, `dexdump` and the corpus list.

What differs on purpose is listed in `docs/differences/packages.md`; `others.py` says how to compare the whole corpus.
"""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
import subprocess
import zipfile
import zlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assaymark import pipeline
from assaymark._engine import Code
from assaymark.model.errors import CannotInspect
from differential.others import ALL, CORPUS, Tally, apks, dex_members, rank, sample

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the repository"),
    pytest.mark.timeout(7200 if ALL else 300),
]


@cache
def chosen() -> tuple[Path, ...]:
    """Give the packages to compare, damaged ones among them."""
    return tuple(sample(apks(damaged=True), 40, 1_500_000))


@cache
def ours(path: Path) -> dict[str, Any] | None:
    """Give what our report says about a package; `None` if there is no report."""
    try:
        report = pipeline.inspect(path, packs=())
    except CannotInspect:
        return None
    base = next(row for row in report.evidence["artifact"] if row["role"] in ("package", "base"))
    asked = {row["name"]: row["max_sdk"] for row in report.evidence["permission"] if row["requested"]}
    return {**base, "permissions": asked, "gaps": [row["kind"] for row in report.evidence["gap"]]}


FUZZED = "malformed/made/axml-fuzz-*"
"""Manifests with bytes changed at random: each reader gives up at another place."""


def place(path: Path) -> str:
    return path.relative_to(CORPUS).as_posix()


def text(value: object) -> str:
    """Write a value as the tools print it: nothing as the empty text."""
    return "" if value is None else str(value)


def badging(output: str) -> dict[str, Any]:
    """Read the lines of `aapt dump badging` that state identity and permissions."""
    found: dict[str, Any] = {"permissions": {}}
    for line in output.splitlines():
        if package := re.match(r"package: name='(.*?)' versionCode='(.*?)' versionName='(.*?)'(?: |$)", line):
            found |= {"package": package[1], "version_code": package[2], "version_name": package[3]}
        elif sdk := re.match(r"(sdkVersion|targetSdkVersion):'(.*)'$", line):
            found[sdk[1]] = sdk[2]
        elif label := re.match(r"application: label='(.*)' icon='", line):
            found["label"] = label[1]
        elif asked := re.match(r"uses-permission(?:-sdk-23)?: name='(.*?)'(?: maxSdkVersion='(\d+)')?$", line):
            found["permissions"].setdefault(asked[1], int(asked[2]) if asked[2] else None)
    return found


def implied(output: str) -> set[str]:
    """Give the permissions that aapt adds to those asked for."""
    return set(re.findall(r"^uses-implied-permission: name='(.*?)'", output, re.MULTILINE))


@pytest.mark.skipif(shutil.which("aapt") is None, reason="aapt is not installed")
def test_aapt_reads_the_same_identity() -> None:
    """Package, versions, platform levels, label and permissions are those of `aapt dump badging`."""
    tally = Tally("aapt")
    for path in chosen():
        run = subprocess.run(["aapt", "dump", "badging", path], capture_output=True, check=False)
        output = run.stdout.decode("utf-8", "replace")
        theirs, mine = badging(output), ours(path)
        if "package" not in theirs or mine is None:
            tally.equal[f"read by: aapt {'package' in theirs}, here {mine is not None}"] += 1
            continue
        tally.equal["packages"] += 1
        at = place(path)
        for fact in ("package", "version_name", "version_code"):
            tally.compare(fact, at, text(mine[fact]), theirs[fact])
        # What a manifest does not state is 1, and for the target the lowest level; aapt prints only what is stated.
        lowest = theirs.get("sdkVersion", "1")
        tally.compare("min_sdk", at, text(mine["min_sdk"]), lowest)
        tally.compare("target_sdk", at, text(mine["target_sdk"]), theirs.get("targetSdkVersion", lowest))
        if "label" in theirs:
            tally.compare("label", at, text(mine["label"]), theirs["label"])
        asked = {name: limit for name, limit in theirs["permissions"].items() if name not in implied(output)}
        tally.compare("permissions", at, mine["permissions"], asked)
    assert not tally.unexplained(
        ("label", "malformed/apktool/aapt1__issue1730__*"),
        ("permissions", FUZZED),
        ("version_name", FUZZED),
    )
    assert tally.equal["packages"] > 10


@pytest.mark.skipif(importlib.util.find_spec("apk_info") is None, reason="apk-info is not installed")
def test_apk_info_reads_the_same_identity() -> None:
    """Package, versions, platform levels, label and permissions are those of apk-info."""
    import apk_info

    tally = Tally("apk-info")
    for path in chosen():
        mine = ours(path)
        try:
            other = apk_info.APK(path)
        except (apk_info.APKError, ValueError):
            other = None
        if other is None or mine is None or other.get_package_name() is None:
            tally.equal[f"read by: apk-info {other is not None}, here {mine is not None}"] += 1
            continue
        tally.equal["packages"] += 1
        at = place(path)
        tally.compare("package", at, text(mine["package"]), text(other.get_package_name()))
        tally.compare("version_name", at, text(mine["version_name"]), text(other.get_version_name()))
        tally.compare("version_code", at, text(mine["version_code"]), text(other.get_version_code()))
        tally.compare("min_sdk", at, text(mine["min_sdk"]), other.get_min_sdk_version() or "1")
        tally.compare("target_sdk", at, mine["target_sdk"] or mine["min_sdk"] or 1, other.get_target_sdk_version())
        tally.compare("label", at, text(mine["label"]), text(other.get_application_label()))
        asked = {*other.get_permissions(), *other.get_permissions_sdk23()}
        tally.compare("permissions", at, set(mine["permissions"]), asked)
    assert not tally.unexplained(
        ("label", FUZZED),
        ("label", "malformed/apkinspector/*"),
        ("label", "malformed/axml/*"),
        ("permissions", FUZZED),
        ("version_name", FUZZED),
    )
    assert tally.equal["packages"] > 10


COUNTS = {"strings": "string_ids", "method_ids": "method_ids", "classes": "class_defs"}
"""Counts of the report, and of the header of a DEX file."""


@pytest.mark.skipif(shutil.which("dexdump") is None, reason="dexdump is not installed")
def test_dexdump_counts_the_same(tmp_path: Path) -> None:
    """Strings, method references and classes of a package are the sums of the headers that dexdump shows."""
    tally = Tally("dexdump -f")
    for path in chosen():
        mine = ours(path)
        if mine is None:
            continue
        theirs: Counter[str] = Counter()
        try:
            members = list(dex_members(path))
        except (OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
            tally.equal[f"not read by zipfile: {type(problem).__name__}"] += 1
            continue
        refused = 0
        for name, data in members:
            (tmp_path / name).write_bytes(data)
            run = subprocess.run(["dexdump", "-f", tmp_path / name], capture_output=True, check=False)
            refused += run.returncode != 0
            theirs.update(
                {
                    key: int(count)
                    for key, count in re.findall(r"(?m)^(\w+)_size +: (\d+)$", run.stdout.decode("utf-8", "replace"))
                }
            )
        if refused or not members:
            tally.equal["no DEX file" if not members else "refused by dexdump"] += 1
            continue
        tally.equal["packages"] += 1
        for fact, key in COUNTS.items():
            tally.compare(fact, place(path), mine[fact], theirs[key])
        tally.compare("dex_files", place(path), mine["dex_files"], len(members))
    assert not tally.unexplained()
    assert tally.equal["packages"] > 10


@pytest.mark.skipif(importlib.util.find_spec("dexllm") is None, reason="dexllm is not installed")
def test_dexllm_counts_the_same() -> None:
    """Classes, method and field references are those that dexllm lists; the classes by name."""
    import dexllm

    tally = Tally("dexllm counts")
    for path in sample(apks(damaged=False), 25, 1_500_000):
        try:
            other = dexllm.DexKit(str(path))
        except (RuntimeError, ValueError):
            tally.equal["refused by dexllm"] += 1
            continue
        code = Code.of_dex(list(dex_members(path)))
        if len(code.dex_names()) != other.dex_count():
            tally.equal["other DEX files loaded"] += 1
            continue
        tally.equal["packages"] += 1
        at, stats = place(path), code.stats()
        tally.compare("classes", at, sum(one["class_defs"] for one in stats), len(other.list_classes()))
        tally.compare("method_ids", at, sum(one["method_ids"] for one in stats), len(other.list_methods()))
        tally.compare("field_ids", at, sum(one["field_ids"] for one in stats), len(other.list_fields()))
        classes = sorted(name for _prefix, name in code.classes([""]))
        listed = sorted({name[1:-1].replace("/", ".") for name in other.list_classes()})
        tally.compare("names of classes", at, rank("\n".join(classes)), rank("\n".join(listed)))
    assert not tally.unexplained()
    assert tally.equal["packages"] > 10


@cache
def listed() -> dict[str, dict[str, str]]:
    """Give the rows of the corpus list by path."""
    with (CORPUS / "MANIFEST.tsv").open(encoding="utf-8", newline="") as rows:
        return {row["path"]: row for row in csv.DictReader(rows, delimiter="\t")}


def test_corpus_list_states_the_same() -> None:
    """Package, version and counts are those that the list of the corpus states (made with androguard and aapt)."""
    tally = Tally("corpus list")
    for path in chosen():
        mine, row = ours(path), listed().get(place(path))
        if mine is None or row is None or not row["dex_files"]:
            continue
        at = place(path)
        tally.equal["packages"] += 1
        if row["package"]:
            tally.compare("package", at, mine["package"], row["package"])
            version = "" if row["version"] == "None" else row["version"]
            if not version.startswith("@"):  # a reference, which the list does not follow
                tally.compare("version_name", at, text(mine["version_name"]), version)
            tally.compare("permissions", at, len(mine["permissions"]), int(row["permissions"] or 0))
        for fact in ("dex_files", "classes", "method_ids"):
            tally.compare(fact, at, mine[fact], int(row[fact]))
        tally.compare("methods_with_code", at, mine["code_methods"], int(row["methods_with_code"]))
    counts = ("dex_files", "classes", "method_ids", "methods_with_code")
    assert not tally.unexplained(
        *((fact, f"malformed/{kind}") for fact in counts for kind in ("made/*", "apktool/decode__duplicatedex__*")),
        *(("permissions", f"*/{name}") for name in ("duplicate.perm*", "obb.main.oldversion*", "org.sajeg.*")),
    )
    assert tally.equal["packages"] > 10
