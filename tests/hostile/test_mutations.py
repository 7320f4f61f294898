"""A thousand damaged packages: each gives a report or a typed refusal, quickly, and no detector fails over them.

They run in twenty batches, so that the two processors of a small CI machine share them.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.model.errors import CannotInspect
from assaymark.model.report import Report
from assaymark.testing.apk import Apk, manifest
from assaymark.testing.damage import KINDS, mutations
from assaymark.testing.demo import demo_app

COUNT, BATCHES = 1000, 20
SECONDS = 10
"""The bound of one inspection, in CPU seconds; the usual one takes some hundredths."""


@cache
def apps() -> tuple[bytes, ...]:
    """Give the apps that are damaged: the demo, and a small one with everything else that a reader opens."""
    smali = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"
    second = ".class public Lcom/example/app/Second;\n.super Ljava/lang/Object;\n"
    small = Apk(
        manifest=manifest(permissions=["CAMERA", "READ_CONTACTS"], attributes='android:label="@string/name"'),
        smali={"classes.dex": smali, "classes2.dex": second},
        strings={"en": {"name": "Small"}, "zh": {"name": "小"}},
        libs={"arm64-v8a/libx.so": b"\x7fELF" + bytes(60)},
        schemes=("v1", "v2", "v3"),
        stored=frozenset({"classes2.dex"}),
    )
    return demo_app().build(), small.build()


@cache
def variants() -> list[tuple[str, bytes]]:
    """Give all variants: both apps by turns, every kind of damage many times."""
    share = COUNT // len(apps())
    return [
        (f"{number}-{name}", data)
        for number, app in enumerate(apps())
        for name, data in mutations(app, share, seed=20 + number)
    ]


def _outcome(path: Path) -> Report | CannotInspect:
    try:
        return pipeline.inspect(path)
    except CannotInspect as refusal:
        return refusal


def test_there_are_a_thousand_of_all_kinds() -> None:
    names = [name for name, _ in variants()]
    assert len(set(names)) == COUNT
    assert {name.split("-", 2)[2] for name in names} == set(KINDS)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_damaged_package_gives_a_report_or_a_typed_refusal(batch: int, tmp_path: Path) -> None:
    file = tmp_path / "hostile.apk"
    reports = 0
    for name, data in variants()[batch::BATCHES]:
        file.write_bytes(data)
        start = time.process_time()
        outcome = _outcome(file)
        assert time.process_time() - start < SECONDS, name
        if isinstance(outcome, CannotInspect):
            assert outcome.reason != "crashed", name
            continue
        reports += 1
        failed = [run["id"] for run in outcome.coverage["detectors"] if run["status"] != "succeeded"]
        assert not failed, name
        hidden = {table for gap in outcome.evidence["gap"] if gap["weight"] == "total" for table in gap["hides"]}
        assert outcome.coverage["code"]["classes"] or "api_call" in hidden, f"{name}: empty, and no gap says so"
    assert reports, "damage this mild must leave most packages readable"
