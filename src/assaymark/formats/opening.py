"""From a path to a `Program`: the checks before a format is asked, and the choice of the format."""

from __future__ import annotations

import stat
from pathlib import Path

from assaymark import _engine, extend
from assaymark.formats.apk import member_sizes
from assaymark.formats.program import Program
from assaymark.model.errors import CannotInspect


def open_program(path: Path) -> Program:
    """Open a file with the reader of its format.

    Raises `CannotInspect` with the reason: the path is missing, a folder, unreadable or empty; the file is no
    archive, a broken one, or an archive of no known format; or the format's reader found no manifest that it can
    read.
    """
    name = path.name
    try:
        if path.is_dir():
            raise CannotInspect("is-directory", f"{name} is a folder", file=name)
        status = path.stat()
    except FileNotFoundError:
        raise CannotInspect("not-found", f"{name} does not exist", file=name) from None
    except OSError as error:
        raise CannotInspect("unreadable", f"{name}: {error.strerror}", file=name, detail=error.strerror) from None
    except ValueError:
        raise CannotInspect("not-found", "a file name cannot hold a null character", file=name) from None
    if not stat.S_ISREG(status.st_mode):  # a pipe would wait for a writer, a device may never end
        raise CannotInspect("unreadable", f"{name} is no regular file", file=name, detail="not a regular file")
    if status.st_size == 0:
        raise CannotInspect("empty", f"{name} is empty", file=name)
    package = open_archive(path)
    members = member_sizes(package)
    for reader in extend.readers():
        if reader.sniff(members):
            program: Program = reader.open(name, package)
            return program
    # An app bundle (AAB) has code and manifest in other places; it is a format of its own, not a broken APK.
    if "BundleConfig.pb" not in members and any(member.endswith(".dex") for member in members):
        raise CannotInspect("no-manifest", f"{name} has code and no AndroidManifest.xml", file=name)
    raise CannotInspect("not-a-package", f"{name} is an archive, but no app package of a known format", file=name)


def open_archive(path: Path) -> _engine.Package:
    """Open an archive on disk. Raises `CannotInspect` in place of the engine's error."""
    name = path.name
    try:
        return _engine.Package.open(path)
    except _engine.EngineError as error:
        kind, _offset, detail = error.args
        reason = {"io": "unreadable", "not-this-format": "not-a-package", "limit-hit": "too-large"}.get(
            kind, "broken-archive"
        )
        raise CannotInspect(reason, f"{name}: {detail}", file=name, detail=detail) from None
