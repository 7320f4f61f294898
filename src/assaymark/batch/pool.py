"""A pool of bounded child processes: one child for each piece of work, nothing shared between them.

The parent is one thread that waits for whichever child is ready. A child that dies or hangs costs its own piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from os import PathLike

from assaymark.model.errors import AssaymarkError
from assaymark.sandbox import Bounds, Child, Work


@dataclass(frozen=True, slots=True)
class Ended:
    """How a piece of work ended: its answer, or its error; `killed` if somebody else killed the child."""

    answer: bytes
    error: AssaymarkError | None
    killed: bool


Handler = Callable[[Ended], None]


class Pool:
    """At most `size` children at a time."""

    def __init__(self, size: int) -> None:
        """Start with no child."""
        self._size = size
        self._running: dict[Child, Handler] = {}

    @property
    def free(self) -> bool:
        """Say whether another child may start."""
        return len(self._running) < self._size

    @property
    def busy(self) -> bool:
        """Say whether a child is at work."""
        return bool(self._running)

    def start(self, path: str | PathLike[str], work: Work, bounds: Bounds, handler: Handler) -> None:
        """Start a piece of work; `handler` gets what came of it, from `step`."""
        self._running[Child(path, work, bounds)] = handler

    def step(self, longest: float) -> None:
        """Wait until a child ends or runs out of time, at most `longest` seconds, and call the handlers."""
        until = min([longest, *(child.seconds_left() for child in self._running)])
        ready = wait([child.connection for child in self._running], until)
        for child, handler in list(self._running.items()):
            if child.connection in ready or child.seconds_left() == 0:
                del self._running[child]
                handler(_end(child))

    def close(self) -> None:
        """End every child; their work is lost."""
        for child in self._running:
            child.kill()
        self._running.clear()


def _end(child: Child) -> Ended:
    try:
        return Ended(child.result(), None, killed=False)
    except AssaymarkError as error:
        return Ended(b"", error, child.killed)
