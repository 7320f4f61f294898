"""Pages as tests, with an inspection that is made up: what must pass passes, what must fail says why."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assaymark.testing.literate import Mismatch, PageError, read_page, run_case

PAGE = """\
# clipboard

What it is about.

## A read

```smali
.class public Lcom/example/app/Main;
.super Landroid/app/Activity;
.method public go()V
    .locals 1
    const/4 v0, 0x0
    invoke-virtual {v0}, La/Clip;->get()V    # evidence: api_call data=clipboard reachable=true
    return-void
.end method
```

```evidence
not api_call data=imei
setting name="two words"
artifact native_libraries=libx.so version_code=7
```

## Nothing

```xml
<manifest package="a.b"/>
```

No evidence.
"""

CALL = {"class": "com.example.app.Main", "method": "go", "descriptor": "()V", "offset": 1}


def report(*, rows: int = 1, status: str = "succeeded", **tables: list[Mapping[str, Any]]) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "api_call": [{"id": "x", "data": "clipboard", "reachable": True, **CALL}],
        "setting": [{"id": "y", "name": "two words"}],
        "artifact": [{"id": "z", "native_libraries": ["libx.so", "liby.so"], "version_code": 7}],
        **tables,
    }
    run = {"id": "clipboard", "rows": rows, "status": status, "problem": None}
    return {"coverage": {"detectors": [run]}, "evidence": evidence}


def read(text: str) -> list[Any]:
    return read_page(Path("clipboard.md"), text)


def test_a_page_that_holds(tmp_path: Path) -> None:
    first, second = read(PAGE)
    assert (first.title, first.line, first.detector) == ("A read", 5, "clipboard")
    run_case(first, lambda _: report(), tmp_path)
    assert (tmp_path / "case.apk").read_bytes()[:4] == b"PK\3\4"
    run_case(second, lambda _: report(rows=0), tmp_path)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"data": "clipboard", "reachable": False, **CALL}, "reachable=false"),
        ({"data": "clipboard", "reachable": True, **CALL, "offset": 2}, "offset=2"),
        ({"data": "clipboard", "reachable": True, **CALL, "method": "other"}, "method=other"),
    ],
)
def test_a_row_elsewhere_is_a_failure_that_shows_it(tmp_path: Path, row: dict[str, Any], shown: str) -> None:
    with pytest.raises(Mismatch, match=r"clipboard.md:13: expected api_call data=clipboard") as caught:
        run_case(read(PAGE)[0], lambda _: report(api_call=[row]), tmp_path)
    assert shown in str(caught.value)


@pytest.mark.parametrize(
    "found",
    [
        report(api_call=[]),
        report(api_call=[*report()["evidence"]["api_call"], {"data": "imei", **CALL}]),
        report(setting=[{"name": "two"}]),
        report(artifact=[{"native_libraries": ["libx"], "version_code": 7}]),
        report(artifact=[{"native_libraries": ["libx.so"], "version_code": None}]),
        report(status="failed"),
        {**report(), "coverage": {"detectors": []}},
    ],
)
def test_other_evidence_fails(tmp_path: Path, found: dict[str, Any]) -> None:
    with pytest.raises(Mismatch):
        run_case(read(PAGE)[0], lambda _: found, tmp_path)


def test_no_evidence_means_no_row_of_this_detector(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="gave 1 rows, expected none"):
        run_case(read(PAGE)[1], lambda _: report(rows=1), tmp_path)


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("# only prose\n", "no section"),
        ("## A\n```smali\n.class LA;\n.super LB;\n```\n", "clipboard.md:1: 'A' expects nothing"),
        ("```smali\n```\nNo evidence.\n", "before the first heading"),
        ("## A\n```smali\n", "clipboard.md:2: the block is not closed"),
        ("## A\n```python\n```\n", "expected a block of"),
        ("## A\n```evidence\nno_table a=b\n```\n", "clipboard.md:3: expected a table"),
        ("## A\n```evidence\nsdk colour=red\n```\n", "expected a column of sdk"),
        ("## A\n```toml\na=\n```\n", "clipboard.md:2"),
        ("## A\n```xml\n<a/>\n```\n```xml\n<a/>\n```\n", "second manifest"),
        ('## A\n```evidence\nsdk name="open\n```\n', "clipboard.md:3"),
    ],
)
def test_pages_that_say_nothing_testable(page: str, complaint: str) -> None:
    with pytest.raises(PageError, match=complaint):
        read(page)


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ("```toml\n[option]\nx=1\n```\nNo evidence.", "unknown option 'option'"),
        ("```toml\n[options]\nsing=[]\n```\nNo evidence.", "unknown option 'sing'"),
        ("```smali\n.class LA; # evidence: api_call data=imei\n.super LB;\n```", "no instruction"),
    ],
)
def test_cases_that_cannot_be_built(tmp_path: Path, section: str, complaint: str) -> None:
    with pytest.raises(PageError, match=complaint):
        run_case(read(f"## A\n{section}\n")[0], lambda _: report(rows=0), tmp_path)


def test_toml_fills_the_package(tmp_path: Path) -> None:
    import zipfile

    page = """\
## A
```toml
[options]
sign = []
[resources.strings]
a = "x"
[resources.strings-zh-rCN]
a = "天"
[resources.files]
"raw/a.txt" = "hello"
[assets]
"b.bin" = { hex = "00ff" }
"c.bin" = { dex = ".class LA; .super LB;" }
[libs]
"x86/libx.so" = "elf"
```
No evidence.
"""
    run_case(read(page)[0], lambda _: report(rows=0), tmp_path)
    with zipfile.ZipFile(tmp_path / "case.apk") as archive:
        assert archive.read("assets/b.bin") == b"\0\xff"
        assert archive.read("assets/c.bin")[:4] == b"dex\n"
        assert archive.read("lib/x86/libx.so") == b"elf"
        assert archive.read("res/raw/a.txt") == b"hello"
        assert "天".encode() in archive.read("resources.arsc")
        assert "classes.dex" not in archive.namelist()


def test_pytest_collects_the_pages(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "clipboard.md").write_text(PAGE, encoding="utf-8")
    (pages / "unknown.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "fake.py").write_text(
        textwrap.dedent(f"""
        from types import SimpleNamespace
        def detectors():
            return [SimpleNamespace(id="clipboard")]
        def inspect(path):
            return {report(rows=1)!r}
        """)
    )
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\nliterate_pages = pages\n"
        "literate_inspect = fake:inspect\nliterate_detectors = fake:detectors\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "assaymark.testing.literate_plugin",
        "-p",
        "no:cacheprovider",
        "-rA",
        "pages",
    ]
    listed = subprocess.run([*command, "--continue-on-collection-errors"], cwd=tmp_path, capture_output=True, text=True)
    assert "PASSED pages/clipboard.md::A read" in listed.stdout
    assert "FAILED pages/clipboard.md::Nothing" in listed.stdout
    assert "no detector has the id 'unknown'" in listed.stdout
    assert "1 failed, 1 passed, 1 error" in listed.stdout
