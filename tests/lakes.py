"""Small apps by the dozen, and what a lake says of them; shared by the tests of lake, batch, judge and ask."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assaymark.batch import Batch, Summary
from assaymark.batch import run as run_module
from assaymark.lake import connect
from assaymark.testing.apk import Apk

MANIFEST = """<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.example.app{number}">
  <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="{target}"/>
  {permissions}
  <application android:allowBackup="{backup}" android:label="App {number}"/>
</manifest>"""

PERMISSIONS = ("READ_PHONE_STATE", "CAMERA", "READ_CONTACTS", "ACCESS_FINE_LOCATION")


def small_app(number: int) -> bytes:
    """Give a package that differs from every other one; its permissions follow from the bits of its number."""
    asked = [name for bit, name in enumerate(PERMISSIONS) if number >> bit & 1]
    lines = "".join(f'<uses-permission android:name="android.permission.{name}"/>' for name in asked)
    backup = "true" if number % 3 else "false"
    text = MANIFEST.format(number=number, target=23 + number % 12, permissions=lines, backup=backup)
    return Apk(manifest=text, schemes=()).build()


def write_apps(folder: Path, count: int) -> Path:
    """Write `count` packages below a folder, some in folders of their own."""
    for number in range(count):
        place = folder / (f"part{number % 3}" if number % 3 else ".") / f"app{number:03d}.apk"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(small_app(number))
    return folder


def run_batch(folder: Path, lake: Path, **options: object) -> Summary:
    """Run a batch without any display."""
    return Batch(folder, lake, **{"jobs": 2, **options}).run(lambda _summary: None)  # type: ignore[arg-type]


def outcomes(lake: Path) -> dict[str, tuple[str, str]]:
    """Give status and reason by name of the file; no file may be there twice, and evidence only of the inspected."""
    with connect(lake) as connection:
        rows = connection.execute("SELECT name, status, coalesce(reason, ''), app FROM outcome").fetchall()
        artifacts = Counter(app for (app,) in connection.execute("SELECT app FROM artifact").fetchall())
    assert len({app for *_, app in rows}) == len(rows)
    assert artifacts == Counter({app: 1 for _, status, _, app in rows if status == "inspected"})
    return {name: (status, reason) for name, status, reason, _ in rows}


def die_at(point: int, folder: Path, lake: Path) -> None:
    """Run a batch in this process and kill it before the `point`-th step that makes something count."""
    steps = 0
    own = os.getpid()

    def counted(work: Callable[..., None]) -> Callable[..., None]:
        def step(*arguments: Any, **options: Any) -> None:
            nonlocal steps
            if os.getpid() == own:
                steps += 1
                if steps == point:
                    os.kill(own, signal.SIGKILL)
            work(*arguments, **options)

        return step

    Path.replace = counted(Path.replace)  # type: ignore[assignment,method-assign]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    run_module.SHARD_APPS = 3
    run_batch(folder, lake)
