"""The demo app, built from the sources in `demo/`: an invented weather app that misbehaves on purpose.

`python -m assaymark.testing.demo OUT.apk` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assaymark.testing.apk import Apk
from assaymark.testing.dex import AssemblyError
from assaymark.testing.picture import png
from assaymark.testing.resources import read_folder

SOURCES = Path(__file__).resolve().parents[3] / "demo"
"""The sources in a checkout; an installed package does not carry them."""

_PALETTE = {".": (0x4F, 0xA8, 0xE8), "o": (0xFF, 0xD5, 0x4F), "-": (0xFF, 0xEC, 0xB3), "w": (0xFF, 0xFF, 0xFF)}


def demo_app(sources: Path = SOURCES) -> Apk:
    """Give the demo app's sources. Raises `FileNotFoundError` where there are none, `AssemblyError` for broken ones."""
    strings, files = read_folder(sources / "res")
    icon = (sources / "icon.txt").read_text(encoding="utf-8").split()
    smali = {
        path.relative_to(sources).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((sources / "smali").rglob("*.smali"))
    }
    return Apk(
        manifest=(sources / "AndroidManifest.xml").read_text(encoding="utf-8"),
        smali=smali,
        strings=strings,
        files={**files, "mipmap/icon.png": png(icon, _PALETTE, scale=6)},
        schemes=("v1", "v2", "v3"),
    )


def main(arguments: list[str]) -> int:
    """Write the demo app to the file named; give the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m assaymark.testing.demo OUT.apk\n")
        return 2
    try:
        Path(arguments[0]).write_bytes(demo_app().build())
    except (AssemblyError, OSError) as error:
        sys.stderr.write(f"the demo app was not built: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
