"""Code made to exhaust the search for the order of consent: it ends in a gap, within little memory."""

from __future__ import annotations

from pathlib import Path

from assaymark import sandbox
from assaymark.model.report import Report
from assaymark.sandbox import Bounds
from assaymark.testing.apk import LAUNCHER, Apk, manifest

_MEGABYTES = 400
_READ = (
    "Landroid/provider/Settings$Secure;->getString"
    "(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;"
)
_MAIN = """.class public Lcom/example/app/Main;
.super Landroid/app/Activity;
.method public onCreate(Landroid/os/Bundle;)V
    .registers 6
    invoke-static {{}}, Lcom/example/app/Main;->x()V
    invoke-virtual {{p0}}, Landroid/app/Activity;->getContentResolver()Landroid/content/ContentResolver;
    move-result-object v0
    const-string v1, "android_id"
    invoke-static {{v0, v1}}, {read}
    return-void
.end method
.method public static x()V
    .registers {registers}
{body}
    return-void
.end method
"""


def _inspect(tmp_path: Path, registers: int, body: str) -> Report:
    file = tmp_path / "hostile.apk"
    code = _MAIN.format(registers=registers, body=body, read=_READ)
    file.write_bytes(Apk(manifest=manifest(application=LAUNCHER), smali={"Main.smali": code}).build())
    return sandbox.inspect(file, bounds=Bounds(memory=_MEGABYTES << 20, cpu_seconds=20, wall_seconds=120))


def _orders(report: Report) -> list[str]:
    return [row["consent"] for row in report.evidence["api_call"]]


def _cut(report: Report) -> bool:
    return any(gap["kind"] == "consent-cut" for gap in report.evidence["gap"])


def test_registers_of_all_branches_are_bounded(tmp_path: Path) -> None:
    branches = "\n".join(f"    if-eqz v0, :a{at}\n    nop\n    :a{at}" for at in range(12_000))
    start = "    invoke-static {}, Ljava/lang/System;->nanoTime()J\n    move-result v0\n"
    report = _inspect(tmp_path, 65_000, start + branches)
    assert _orders(report) == ["no-gate"]
    assert _cut(report)


def test_many_branches_of_few_registers_are_followed(tmp_path: Path) -> None:
    branches = "\n".join(f"    if-eqz v0, :a{at}\n    nop\n    :a{at}" for at in range(3_000))
    start = "    invoke-static {}, Ljava/lang/System;->nanoTime()J\n    move-result v0\n"
    assert not _cut(_inspect(tmp_path, 16, start + branches))


def test_text_that_doubles_is_any_text_at_the_bound(tmp_path: Path) -> None:
    double = "    invoke-virtual {v0, v0}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;"
    report = _inspect(
        tmp_path, 2, '    const-string v0, "0123456789abcdef"\n' + f"{double}\n    move-result-object v0\n" * 40
    )
    assert _orders(report) == ["no-gate"]


def test_parts_of_a_long_text_are_not_kept(tmp_path: Path) -> None:
    long = "a" * 1_000_000
    cut = "    invoke-virtual {v0, v1}, Ljava/lang/String;->substring(I)Ljava/lang/String;\n    move-result-object v2\n"
    body = f'    const-string v0, "{long}"\n' + "".join(f"    const/16 v1, {at}\n{cut}" for at in range(1, 2_000))
    assert _orders(_inspect(tmp_path, 4, body)) == ["no-gate"]
