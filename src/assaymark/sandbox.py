"""Work on a hostile file in a child process with bounded memory and time.

A hostile file fails its own inspection with a typed reason, never the process that asked for it.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from os import PathLike
from pathlib import Path
from typing import Any

from assaymark.model.errors import AssaymarkError, CannotInspect
from assaymark.model.report import Report

Work = Callable[[str], bytes]
"""What a child does: a path in, bytes out. It may raise any `AssaymarkError`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one inspection may use: bytes of memory (a mapped package does not count), seconds of CPU and of waiting."""

    memory: int = 1 << 30
    cpu_seconds: int = 300
    wall_seconds: int = 600


def inspect(
    path: str | PathLike[str],
    *,
    packs: Sequence[str] | None = None,
    implicit_flows: bool = False,
    bounds: Bounds | None = None,
) -> Report:
    """Do what `pipeline.inspect` does, in a child process.

    Raises what it raises, and `CannotInspect` with reason `out-of-memory`, `out-of-time` or `crashed`.
    """
    return Report.from_json(inspect_as_json(path, packs=packs, implicit_flows=implicit_flows, bounds=bounds))


def inspect_as_json(
    path: str | PathLike[str],
    *,
    packs: Sequence[str] | None = None,
    implicit_flows: bool = False,
    bounds: Bounds | None = None,
) -> bytes:
    """Do what `inspect` does, and give the report as JSON bytes, as the child wrote them."""
    child = Child(path, partial(_report, packs=tuple(packs or ()), implicit_flows=implicit_flows), bounds)
    child.connection.poll(child.seconds_left())
    return child.result()


def _report(path: str, packs: Sequence[str], implicit_flows: bool) -> bytes:
    from assaymark import pipeline  # here, so that the parent does not pay for it

    report = pipeline.inspect(path, packs=packs or pipeline.DEFAULT_PACKS, implicit_flows=implicit_flows)
    return report.to_json().encode()


class Child:
    """One piece of work on one file, in a child process.

    The caller waits until `connection` can be read or `seconds_left()` is 0, then calls `result()` once. Many children
    may run side by side: `multiprocessing.connection.wait` tells which are ready.
    """

    def __init__(self, path: str | PathLike[str], work: Work, bounds: Bounds | None = None) -> None:
        """Start the work."""
        self._bounds = bounds or Bounds()
        self._name = Path(path).name
        # fork: the child starts with the modules that the parent has imported. The parent must have no threads.
        context = multiprocessing.get_context("fork")
        self.connection, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_child, args=(sender, str(path), work, self._bounds), daemon=True)
        self._deadline = time.monotonic() + self._bounds.wall_seconds
        self._process.start()
        sender.close()

    @property
    def killed(self) -> bool:
        """Say whether somebody else killed the child: the system when memory ran out, or a person."""
        return self._process.exitcode == -signal.SIGKILL

    def seconds_left(self) -> float:
        """Give how long the child may still take."""
        return max(0.0, self._deadline - time.monotonic())

    def result(self) -> bytes:
        """Give what the work gave, and end the child; one that has no answer yet is out of time.

        Raises what the work raised, and `CannotInspect` with reason `out-of-memory`, `out-of-time` or `crashed`.
        """
        name, seconds = self._name, self._bounds.wall_seconds
        try:
            if not self.connection.poll(0):
                self._process.kill()
                raise CannotInspect("out-of-time", f"{name}: over {seconds} seconds", file=name, seconds=seconds)
            message = self.connection.recv_bytes()
        except (EOFError, OSError):  # it ended before its answer, or in the middle of it
            self._process.join()
            raise _death(name, self._process.exitcode, self._bounds) from None
        finally:
            self._process.join()
            self.connection.close()
        return _unpack(message)

    def kill(self) -> None:
        """End the child, whatever it does; its work is lost."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _child(sender: Connection, path: str, work: Work, bounds: Bounds) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at Ctrl-C the parent speaks
    _bound(bounds)
    if not os.environ.get("ASSAYMARK_DEBUG"):
        _silence()
    try:
        sender.send_bytes(b"R" + work(path))
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
    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


_USUAL_DATA = 64 << 20
"""Bytes of data of a process of ours before it inspects: what a command line has."""


def _inherited_data() -> int:
    """Give the bytes of data, beyond the usual, that came along from the parent.

    A child that is forked from a large program (a server, a test run) shares its pages with it and has not used them;
    they count for the limit all the same.
    """
    try:
        with Path("/proc/self/status").open(encoding="ascii", errors="replace") as lines:
            kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return 0
    return max(0, kilobytes * 1024 - _USUAL_DATA)


def _bound(bounds: Bounds) -> None:
    # RLIMIT_DATA and not RLIMIT_AS: a package of two gigabytes is mapped, and costs no memory of its own.
    limit = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    memory = bounds.memory + _inherited_data()
    for what, value in ((limit, memory), (resource.RLIMIT_CPU, bounds.cpu_seconds), (resource.RLIMIT_CORE, 0)):
        try:
            _soft, hard = resource.getrlimit(what)
            resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
        except (OSError, ValueError):  # a platform that does not bound this; the time limit of the parent still holds
            continue


def _pack_error(error: AssaymarkError) -> bytes:
    import json

    reason = getattr(error, "reason", None)
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
    kind: Any = getattr(errors, value["type"], AssaymarkError)
    if value["reason"] is not None:
        raise kind(value["reason"], value["message"], **value["params"])
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
