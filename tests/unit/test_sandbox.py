"""A hostile file fails its own inspection, with a typed reason."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from assaymark import pipeline, sandbox
from assaymark.model.errors import CannotInspect
from assaymark.sandbox import Bounds


def _reason(monkeypatch: pytest.MonkeyPatch, work: object, **bounds: int) -> str:
    monkeypatch.setattr(pipeline, "inspect", work)
    with pytest.raises(CannotInspect) as caught:
        sandbox.inspect(Path("hostile.apk"), bounds=Bounds(**bounds))
    assert "hostile.apk" in str(caught.value)
    return caught.value.reason


def test_a_child_that_waits_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _reason(monkeypatch, lambda path, packs, implicit_flows: time.sleep(60), wall_seconds=1) == "out-of-time"


def test_a_child_that_computes_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin(path: str, packs: object, implicit_flows: bool) -> None:
        while True:
            pass

    assert _reason(monkeypatch, spin, cpu_seconds=1, wall_seconds=30) == "out-of-time"


def test_a_child_that_eats_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def eat(path: str, packs: object, implicit_flows: bool) -> None:
        held = []
        while True:
            held.append(bytearray(16 << 20))

    assert _reason(monkeypatch, eat, memory=256 << 20, wall_seconds=30) == "out-of-memory"


def test_a_child_that_dies_is_told_apart_from_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _reason(monkeypatch, lambda path, packs, implicit_flows: os.kill(os.getpid(), signal.SIGSYS)) == "crashed"


def test_an_unexpected_error_is_a_typed_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, packs: object, implicit_flows: bool) -> None:
        raise RuntimeError("a detail that no user should see")

    monkeypatch.setattr(pipeline, "inspect", fail)
    with pytest.raises(CannotInspect) as caught:
        sandbox.inspect(Path("odd.apk"))
    assert caught.value.reason == "crashed"
    assert "detail that no user" not in str(caught.value)


def test_a_refusal_keeps_its_reason_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, packs: object, implicit_flows: bool) -> None:
        raise CannotInspect("broken-manifest", "x", file="odd.apk", detail="root")

    monkeypatch.setattr(pipeline, "inspect", refuse)
    with pytest.raises(CannotInspect) as caught:
        sandbox.inspect(Path("odd.apk"))
    assert caught.value.reason == "broken-manifest"
    assert caught.value.params == {"file": "odd.apk", "detail": "root"}
