"""Packages as a whole: the same bytes each time, accepted by the platform's verifier, and split sets."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assaymark.testing.apk import Apk, config_split, manifest
from assaymark.testing.archive import STORED, Member, write_apks, write_archive, write_xapk
from assaymark.testing.demo import demo_app
from assaymark.testing.dex import AssemblyError
from assaymark.testing.picture import png

MAIN = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"

needs_apksigner = pytest.mark.skipif(not shutil.which("apksigner"), reason="apksigner is not installed")


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_same_sources_same_bytes() -> None:
    one, other = (
        Apk(manifest=manifest(permissions=["INTERNET"]), smali=MAIN, schemes=("v1", "v2", "v3")).build()
        for _ in range(2)
    )
    assert one == other


@needs_apksigner
@pytest.mark.parametrize("schemes", [("v1",), ("v2",), ("v3",), ("v1", "v2"), ("v2", "v3"), ("v1", "v2", "v3")])
def test_the_platform_verifies_the_signatures(tmp_path: Path, schemes: tuple[str, ...]) -> None:
    path = tmp_path / "a.apk"
    lowest = {"v1": 21, "v2": 24, "v3": 28}[schemes[0]]
    # More than a megabyte, so that the digest of the content has several chunks.
    big = {"x" * 90 + ".bin": bytes(range(256)) * 6000}
    path.write_bytes(
        Apk(
            manifest=manifest(min_sdk=lowest, target_sdk=29),
            smali=MAIN,
            assets=big,
            schemes=schemes,
            stored=frozenset(),
        ).build()
    )
    done = subprocess.run(
        ["apksigner", "verify", "--verbose", "--Werr", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # It names a scheme only where the lowest supported system would look at it.
    newest = schemes[-1]
    assert f"Verified using {newest} scheme" in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith(f"Verified using {newest}"))
    assert line.endswith("true")


@needs_apksigner
def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    data = Apk(smali=MAIN, schemes=("v1", "v2", "v3"), assets={"a": b"hello"}, stored=frozenset({"assets/a"})).build()
    path = tmp_path / "a.apk"
    path.write_bytes(data.replace(b"hello", b"hallo"))
    assert subprocess.run(["apksigner", "verify", str(path)], capture_output=True, check=False).returncode == 1


def test_unknown_schemes_are_refused() -> None:
    with pytest.raises(ValueError, match="v9"):
        Apk(schemes=("v9",)).build()


def test_members() -> None:
    made = Apk(
        smali={"classes.dex": MAIN, "classes2.dex": [".class LA;\n.super LB;", ".class LC;\n.super LB;"]},
        assets={"a/名.txt": "text"},
        libs={"x86/libx.so": b"elf"},
        members={"META-INF/x": "y", "AndroidManifest.xml": b"in its place"},
        schemes=(),
    ).make()
    assert names(made.data) == [
        "AndroidManifest.xml", "classes.dex", "classes2.dex", "assets/a/名.txt", "lib/x86/libx.so", "META-INF/x",
    ]  # fmt: skip
    assert made.contents["AndroidManifest.xml"] == b"in its place"
    assert list(made.dex) == ["classes.dex", "classes2.dex"]


def test_code_names_resources() -> None:
    text = MAIN + ".method a()V\n.locals 1\nconst v0, @string/hello\nreturn-void\n.end method\n"
    made = Apk(smali=text, strings={"": {"hello": "x", "again": "y"}}, schemes=()).make()
    assert (0x7F010001).to_bytes(4, "little") in made.dex["classes.dex"].data
    with pytest.raises(AssemblyError, match=r"<smali>:5: expected a resource that exists, found '@string/hello'"):
        Apk(smali=text, schemes=()).make()


def test_stored_members_are_aligned() -> None:
    for name in ("a", "ab", "abc", "abcd"):
        data = write_archive([Member("first", b"x" * 7, STORED), Member(name, b"MARK", STORED, alignment=4096)]).data
        assert data.index(b"MARK") % 4096 == 0
        assert names(data) == ["first", name]


def test_split_sets() -> None:
    base = Apk(smali=MAIN).build()
    chinese = config_split("com.example.app", "config.zh", strings={"zh-rCN": {"name": "名"}}).build()
    parts = {"base.apk": base, "split_config.zh.apk": chinese}
    assert names(write_apks(parts)) == list(parts)
    xapk = write_xapk(parts, package="com.example.app", version_code=3, label="名")
    assert names(xapk) == [*parts, "manifest.json"]
    with zipfile.ZipFile(io.BytesIO(xapk)) as archive:
        listing = json.loads(archive.read("manifest.json"))
        assert archive.read("base.apk") == base
    assert listing["package_name"] == "com.example.app"
    assert [one["file"] for one in listing["split_apks"]] == list(parts)


@needs_apksigner
def test_the_demo_app(tmp_path: Path) -> None:
    paths = [tmp_path / "one.apk", tmp_path / "two.apk"]
    for path in paths:
        subprocess.run([sys.executable, "-m", "assaymark.testing.demo", str(path)], check=True)
    assert paths[0].read_bytes() == paths[1].read_bytes() == demo_app().build()
    subprocess.run(["apksigner", "verify", "--Werr", str(paths[0])], check=True)


@pytest.mark.skipif(not shutil.which("dexdump"), reason="dexdump is not installed")
def test_the_demo_app_is_read_by_dexdump(tmp_path: Path) -> None:
    made = demo_app().make()
    (tmp_path / "a.dex").write_bytes(made.dex["classes.dex"].data)
    found = subprocess.run(
        ["dexdump", "-d", str(tmp_path / "a.dex")], capture_output=True, text=True, check=True
    ).stdout
    assert found.count("Class descriptor") == 18
    assert "Landroid/telephony/TelephonyManager;.getDeviceId:()Ljava/lang/String;" in found
    names = {place.owner for place in made.dex["classes.dex"].places}
    assert "com.example.adkit.AdIds" in names


def test_the_demo_command_explains_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assaymark.testing.demo"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    done = subprocess.run([*command, str(tmp_path / "no" / "a.apk")], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "was not built" in done.stderr


def test_pictures() -> None:
    data = png(["ab", "ba"], {"a": (255, 0, 0), "b": (0, 0, 255)}, scale=3)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[16:24] == (6).to_bytes(4, "big") * 2
    with pytest.raises(ValueError, match="lengths"):
        png(["a", "aa"], {"a": (0, 0, 0)})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<manifest", "AndroidManifest.xml:1: not well-formed"),
        (
            '<a xmlns:android="http://schemas.android.com/apk/res/android" android:nonsense="1"/>',
            "unknown attribute android:nonsense",
        ),
        (
            '<a xmlns:android="http://schemas.android.com/apk/res/android" android:exported="maybe"/>',
            "expected boolean",
        ),
        (
            '<a xmlns:android="http://schemas.android.com/apk/res/android" android:launchMode="x"/>',
            "standard, singleTop",
        ),
        (
            '<a xmlns:android="http://schemas.android.com/apk/res/android" android:label="@string/gone"/>',
            "resource that exists",
        ),
    ],
)
def test_faults_of_a_manifest_name_their_place(text: str, complaint: str) -> None:
    with pytest.raises(AssemblyError, match=complaint):
        Apk(manifest=text).build()


def test_faults_of_resources_name_their_place() -> None:
    with pytest.raises(AssemblyError, match=r"res/layout/main\.xml:1: not well-formed"):
        Apk(files={"layout/main.xml": "<a"}).build()
    with pytest.raises(AssemblyError, match="expected a path of folder and file"):
        Apk(files={"main.xml": "<a/>"}).build()
    with pytest.raises(AssemblyError, match="found 'sw600dp'"):
        Apk(strings={"sw600dp": {"a": "b"}}).build()
