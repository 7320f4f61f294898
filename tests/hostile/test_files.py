"""What is no regular file, and names made to deceive a terminal: one clean sentence, exit 3, and never a wait."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assaymark import sandbox
from assaymark.model.errors import CannotInspect
from assaymark.testing.apk import Apk


def _reason(path: Path) -> str:
    with pytest.raises(CannotInspect) as caught:
        sandbox.inspect(path, bounds=sandbox.Bounds(wall_seconds=20))
    return caught.value.reason


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.apk")
    assert _reason(tmp_path / "pipe.apk") == "unreadable"


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_not_read(device: str) -> None:
    assert _reason(Path(device)) == "unreadable"


def test_a_socket_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.apk")
        assert _reason(Path("socket.apk")) == "unreadable"


def test_a_link_to_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.apk").symlink_to(tmp_path / "b.apk")
    (tmp_path / "b.apk").symlink_to(tmp_path / "a.apk")
    assert _reason(tmp_path / "a.apk") == "unreadable"


def test_a_link_to_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.apk").symlink_to(tmp_path / "nothing")
    assert _reason(tmp_path / "a.apk") == "not-found"


def test_a_link_to_a_package_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.apk").write_bytes(Apk().build())
    (tmp_path / "link.apk").symlink_to("real.apk")
    assert sandbox.inspect(tmp_path / "link.apk").subject["package"] == "com.example.app"


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    assert _reason(tmp_path / ("x" * 300)) == "unreadable"
    assert _reason(tmp_path / "a\0b.apk") == "not-found"


HOSTILE_NAMES = {
    "line break": b"a\nERROR: certified.apk",
    "terminal command": b"\x1b[2J\x1b[31mred.apk",
    "reordered text": "\u202efdp.kpa".encode(),
    "not UTF-8": b"\xff\xfe.apk",
    "braces": b"{file}{0}%s.apk",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", HOSTILE_NAMES)
def test_a_hostile_name_gives_one_clean_sentence(tmp_path: Path, kind: str, language: str) -> None:
    path = tmp_path / os.fsdecode(HOSTILE_NAMES[kind])
    path.write_bytes(b"no archive")
    done = subprocess.run(
        [sys.executable, "-m", "assaymark", "inspect", path, "--lang", language], capture_output=True, timeout=60
    )
    assert done.returncode == 3
    assert done.stdout == b""
    message = done.stderr.decode("utf-8").rstrip("\n")
    assert message.isprintable()
    assert "Traceback" not in message
