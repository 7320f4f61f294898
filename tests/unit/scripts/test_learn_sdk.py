"""What a made artefact teaches: its features, its row, and nothing of the artefact itself."""

from __future__ import annotations

import sys
import zipfile
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from assaymark.catalog import fingerprints, reading
from assaymark.catalog.fingerprints import ROW, SHARED, Learned, read_learned
from assaymark.testing.dex import assemble
from assaymark.testing.java import JavaCase, compile_all, tools

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "learn_sdk.py"
DAY = "2026-11-22"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give the script as a module; it can start no program."""
    spec = spec_from_file_location("learn_sdk", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "learn_sdk", module)  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FOLDER", reading.FOLDER)
    return module


@pytest.fixture
def book(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder into which what is learned goes: nothing yet."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    monkeypatch.setattr(script, "FOLDER", folder)
    monkeypatch.setattr(fingerprints, "FOLDER", folder)
    script.Book([], [], {}).write()
    monkeypatch.setattr(fingerprints, "load_learned", lambda: learned(folder))
    monkeypatch.setattr(fingerprints, "load_table", lambda: (folder / fingerprints.TABLE).read_bytes())
    return folder


def learned(folder: Path) -> Learned:
    text = (folder / fingerprints.FILE).read_text(encoding="utf-8")
    return read_learned(fingerprints.FILE, reading.parse(fingerprints.FILE, text))


def rows(folder: Path) -> list[tuple[int, int]]:
    return [(library, bits) for *_, library, bits in ROW.iter_unpack((folder / fingerprints.TABLE).read_bytes())]


def worker(name: str, *words: str) -> str:
    lines = [f".class public L{name};", ".super Ljava/lang/Object;"]
    lines += ['.field public static final VERSION:Ljava/lang/String; = "4.2.0"'] if "Client" in name else []
    lines += [".method public static run(Landroid/content/Context;)V", "    .locals 1"]
    for word in words:
        lines += [
            f'    const-string v0, "{word} of the worker"',
            "    invoke-virtual {p0}, Landroid/content/Context;->getPackageName()Ljava/lang/String;",
            "    invoke-virtual {p0}, Landroid/content/Context;->getFilesDir()Ljava/io/File;",
            "    invoke-virtual {p0}, Landroid/content/Context;->getCacheDir()Ljava/io/File;",
        ]
    return "\n".join([*lines, "    return-void", ".end method", ""])


def artefact(path: Path, *sources: str) -> Path:
    path.write_bytes(assemble("\n".join(sources)).data)
    return path


WORDS = tuple(f"step {number}" for number in range(12))
OURS = (worker("cn/jpush/android/Client", *WORDS), worker("cn/jpush/android/Work", *(f"{one} more" for one in WORDS)))
SOURCE = ["--source", "maven:com.example:push:4.2.0", "--version", "4.2.0", "--day", DAY]


def test_an_artefact_is_learned_with_its_source(script: ModuleType, book: Path, tmp_path: Path) -> None:
    path = artefact(tmp_path / "push.dex", *OURS)
    assert script.main([str(path), *SOURCE]) == 0
    [one] = learned(book).artefacts
    assert (one.sdk, one.version, one.source.title, one.classes) == ("jpush", "4.2.0", SOURCE[1], 2)
    assert (one.sha256, one.checked) == (sha256(path.read_bytes()).hexdigest(), DAY)
    assert one.features == len(rows(book)) > 20
    assert set(rows(book)) == {(0, 1)}
    assert learned(book).table == sha256((book / fingerprints.TABLE).read_bytes()).hexdigest()


def test_it_prints_the_start_of_a_row(
    script: ModuleType, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main([str(artefact(tmp_path / "push.dex", *OURS)), *SOURCE])
    printed = capsys.readouterr().out
    assert "packages = ['cn.jpush.android']" in printed
    assert "{ kind = 'static-field', class = 'cn.jpush.android.Client', field = 'VERSION' }" in printed
    assert f"source = '{SOURCE[1]}'\nknown = 'artefact'" in printed


def test_the_same_again_changes_nothing(script: ModuleType, book: Path, tmp_path: Path) -> None:
    path = artefact(tmp_path / "push.dex", *OURS)
    script.main([str(path), *SOURCE])
    before = {one.name: one.read_bytes() for one in book.iterdir()}
    script.main([str(path), *SOURCE])
    assert {one.name: one.read_bytes() for one in book.iterdir()} == before


def test_another_version_has_what_it_shares_and_what_is_its_own(script: ModuleType, book: Path, tmp_path: Path) -> None:
    script.main([str(artefact(tmp_path / "push.dex", *OURS)), *SOURCE])
    newer = (OURS[0], worker("cn/jpush/android/Work", *(f"{one} anew" for one in WORDS)))
    options = ["--source", "maven:com.example:push:5.0.0", "--version", "5.0.0", "--day", DAY]
    script.main([str(artefact(tmp_path / "newer.dex", *newer)), *options])
    assert {bits for _, bits in rows(book)} == {0b01, 0b10, 0b11}
    assert learned(book).versions("jpush") == ("4.2.0", "5.0.0")


def test_what_two_sdks_have_tells_neither(script: ModuleType, book: Path, tmp_path: Path) -> None:
    script.main([str(artefact(tmp_path / "push.dex", *OURS)), *SOURCE])
    alone = len(rows(book))
    copied = OURS[1].replace("cn/jpush/android", "com/tencent/bugly")
    options = ["--source", "maven:com.example:crash:1.0", "--version", "1.0", "--day", DAY]
    script.main([str(artefact(tmp_path / "crash.dex", copied)), *options])
    shared = sum(library == SHARED for library, _ in rows(book))
    assert len(rows(book)) == alone
    assert 10 < shared < alone
    assert learned(book).libraries == ("jpush", "bugly")


def test_others_classes_are_left_out(
    script: ModuleType, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = worker("org/stranger/library/Helper", *(f"{one} strange" for one in WORDS))
    script.main([str(artefact(tmp_path / "push.dex", *OURS, stranger)), *SOURCE])
    assert learned(book).artefacts[0].classes == 2
    assert "left out: org.stranger.library" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sources", "options", "fault"),
    [
        (OURS, ["--version", "1.0"], "needs --source"),
        ((worker("org/nobody/knows/It", *WORDS),), SOURCE, "add a row first"),
        (OURS, [*SOURCE, "--sdk", "no-such-sdk"], "no-such-sdk"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_changes_nothing(
    sources: tuple[str, ...],
    options: list[str],
    fault: str,
    script: ModuleType,
    book: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {one.name: one.read_bytes() for one in book.iterdir()}
    assert script.main([str(artefact(tmp_path / "push.dex", *sources)), *options]) == 1
    assert fault in capsys.readouterr().err
    assert {one.name: one.read_bytes() for one in book.iterdir()} == before


def test_a_list_is_learned_and_one_that_fails_costs_itself(script: ModuleType, book: Path, tmp_path: Path) -> None:
    path = artefact(tmp_path / "push.dex", *OURS)
    listed = tmp_path / "list.txt"
    listed.write_text(f"# two artefacts\n{path} {' '.join(SOURCE)}\n{tmp_path / 'gone.dex'} --sdk jpush\n", "utf-8")
    assert script.main(["--anew", "--file", str(listed)]) == 1
    assert [one.sdk for one in learned(book).artefacts] == ["jpush"]


@pytest.mark.skipif(tools() is None, reason="no compiler of test apps (make tools)")
def test_class_files_of_an_aar_are_read(
    script: ModuleType, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = "\n".join(
        f'context.getPackageName(); context.getFilesDir(); context.getSharedPreferences("{one} of it", 0);'
        for one in WORDS
    )
    text = (
        "package cn.jpush.android;\npublic class Client {\n"
        f"public static void run(android.content.Context context) {{ {steps} }}\n}}\n"
    )
    found = tools()
    assert found is not None
    compile_all({"sdk": JavaCase({"Client.java": text}, "-keep class ** { *; }")}, tmp_path, found)
    classes = tmp_path / "classes.jar"
    with zipfile.ZipFile(classes, "w") as jar:
        jar.write(
            tmp_path / "sdk" / "classes" / "cn" / "jpush" / "android" / "Client.class", "cn/jpush/android/Client.class"
        )
        jar.writestr("META-INF/versions/9/module-info.class", b"not for us")
    path = tmp_path / "push.aar"
    with zipfile.ZipFile(path, "w") as aar:
        aar.write(classes, "classes.jar")
        aar.writestr(
            "AndroidManifest.xml", '<manifest><application><service android:name="a.Push"/></application></manifest>'
        )
        aar.writestr("jni/arm64-v8a/libpush.so", b"")
    monkeypatch.setattr(script, "KEPT", tmp_path / "kept")
    monkeypatch.setenv("D8_JAR", str(found.d8))
    monkeypatch.setenv("ANDROID_JAR", str(found.platform))
    assert script.main([str(path), *SOURCE]) == 0
    assert learned(book).artefacts[0].features > 5
