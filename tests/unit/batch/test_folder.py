"""Which files of a tree are taken for packages."""

from __future__ import annotations

import os
from pathlib import Path

from assaymark.batch.folder import packages


def test_packages_in_order_without_the_lake_links_to_folders_and_pipes(tmp_path: Path) -> None:
    for name in ("b.APK", "a/z.xapk", "a/digest", "a/notes.txt", "lake/permission/1.apk", "c.apks"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "ring").symlink_to(tmp_path)
    (tmp_path / "link.apk").symlink_to(tmp_path / "b.APK")
    (tmp_path / "gone.apk").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.apk")
    found = [path.relative_to(tmp_path).as_posix() for path in packages(tmp_path, tmp_path / "lake")]
    assert found == ["b.APK", "c.apks", "link.apk", "a/digest", "a/z.xapk"]
