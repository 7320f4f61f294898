from __future__ import annotations

from pathlib import Path

from assaymark import pipeline
from assaymark.formats.opening import open_program
from assaymark.testing.apk import Apk

BRANCH = """
.class public Lcom/example/app/Main;
.super Landroid/app/Activity;

.method protected onCreate(Landroid/os/Bundle;)V
    .locals 2
    const-string v0, "phone"
    invoke-virtual {p0, v0}, Landroid/app/Activity;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/telephony/TelephonyManager;
    invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    move-result-object v0
    const-string v1, "00"
    invoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    if-eqz v0, :end
    invoke-static {v1, v1}, Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I
    :end
    return-void
.end method
"""


def flows(path: Path, *, implicit: bool) -> list[dict[str, object]]:
    report = pipeline.inspect(path, implicit_flows=implicit)
    return list(report.evidence.get("flow", []))


def test_a_branch_carries_data_only_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    path.write_bytes(Apk(smali=BRANCH).build())
    assert flows(path, implicit=False) == []
    [row] = flows(path, implicit=True)
    assert "implicit" in row["derived"]


def test_two_runs_give_the_same_flows(tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    path.write_bytes(Apk(smali=BRANCH).build())
    assert open_program(path).sha256
    assert flows(path, implicit=True) == flows(path, implicit=True)
