"""Inspection in a child process with bounded memory and time.

A hostile file fails its own inspection with a typed reason, never the process that asked for it.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from os import PathLike
from pathlib import Path

from assaymark.model.errors import AssaymarkError, CannotInspect
from assaymark.model.report import Report


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one inspection may use: bytes of memory (a mapped package does not count), seconds of CPU and of waiting."""

    memory: int = 1 << 30
    cpu_seconds: int = 300
    wall_seconds: int = 600


def inspect(path: str | PathLike[str], *, packs: Sequence[str] | None = None, bounds: Bounds | None = None) -> Report:
    """Do what `pipeline.inspect` does, in a child process.

    Raises what it raises, and `CannotInspect` with reason `out-of-memory`, `out-of-time` or `crashed`.
    """
    return Report.from_json(inspect_as_json(path, packs=packs, bounds=bounds))


def inspect_as_json(
    path: str | PathLike[str], *, packs: Sequence[str] | None = None, bounds: Bounds | None = None
) -> bytes:
    """Do what `inspect` does, and give the report as JSON bytes, as the child wrote them."""
    bounds = bounds or Bounds()
    # fork: the child starts with the modules that the parent has imported. The parent must have no threads.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(sender, str(path), packs, bounds), daemon=True)
    child.start()
    sender.close()
    name = Path(path).name
    try:
        if not receiver.poll(bounds.wall_seconds):
            child.kill()
            raise CannotInspect(
                "out-of-time", f"{name}: over {bounds.wall_seconds} seconds", file=name, seconds=bounds.wall_seconds
            )
        message = receiver.recv_bytes()
    except (EOFError, OSError):  # it ended before its answer, or in the middle of it
        child.join()
        raise _death(name, child.exitcode, bounds) from None
    finally:
        receiver.close()
    child.join()
    return _unpack(message)


def _child(sender: Connection, path: str, packs: Sequence[str] | None, bounds: Bounds) -> None:
    _bound(bounds)
    if not os.environ.get("ASSAYMARK_DEBUG"):
        _silence()
    try:
        from assaymark import pipeline  # here, so that the parent does not pay for it

        sender.send_bytes(b"R" + pipeline.inspect(path, packs=packs or pipeline.DEFAULT_PACKS).to_json().encode())
    except AssaymarkError as error:
        sender.send_bytes(b"E" + _pack_error(error))
    except MemoryError:
        os._exit(_EXIT_MEMORY)
    except Exception as error:
        name = Path(path).name
        detail = type(error).__name__
        if os.environ.get("ASSAYMARK_DEBUG"):
            raise
        sender.send_bytes(b"E" + _pack_error(CannotInspect("crashed", f"{name}: {detail}", file=name, detail=detail)))


_EXIT_MEMORY = 71


def _silence() -> None:
    # What a dying engine writes to the terminal is no sentence for a user; the parent says how the child ended.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _bound(bounds: Bounds) -> None:
    # RLIMIT_DATA and not RLIMIT_AS: a package of two gigabytes is mapped, and costs no memory of its own.
    limit = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    for what, value in ((limit, bounds.memory), (resource.RLIMIT_CPU, bounds.cpu_seconds), (resource.RLIMIT_CORE, 0)):
        try:
            _soft, hard = resource.getrlimit(what)
            resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
        except (OSError, ValueError):  # a platform that does not bound this; the time limit of the parent still holds
            continue


def _pack_error(error: AssaymarkError) -> bytes:
    import json

    reason = error.reason if isinstance(error, CannotInspect) else None
    value = {
        "type": type(error).__name__,
        "reason": reason,
        "message": str(error),
        "params": {k: str(v) for k, v in error.params.items()},
    }
    return json.dumps(value).encode()


def _unpack(message: bytes) -> bytes:
    if message[:1] == b"R":
        return message[1:]
    import json

    from assaymark.model import errors

    value = json.loads(message[1:])
    kind = getattr(errors, value["type"], AssaymarkError)
    if kind is CannotInspect:
        raise CannotInspect(value["reason"], value["message"], **value["params"])
    raise kind(value["message"], **value["params"])


def _death(name: str, code: int | None, bounds: Bounds) -> CannotInspect:
    if code == -signal.SIGXCPU:
        return CannotInspect(
            "out-of-time", f"{name}: over {bounds.cpu_seconds} CPU seconds", file=name, seconds=bounds.cpu_seconds
        )
    if code in (_EXIT_MEMORY, -signal.SIGABRT, -signal.SIGKILL):
        # The engine aborts when an allocation is refused; the system kills when the machine runs out.
        megabytes = bounds.memory >> 20
        return CannotInspect("out-of-memory", f"{name}: over {megabytes} MB", file=name, megabytes=megabytes)
    return CannotInspect("crashed", f"{name}: the inspection ended with code {code}", file=name, detail=f"code {code}")
