"""Checkpoints: what a log says about its tree at one moment (https://c2sp.org/tlog-checkpoint@v1.0.0)."""

from __future__ import annotations

from dataclasses import dataclass

from assaymark.mark.merkle import EMPTY, HASH
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_decimal, to_base64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree head of a log: who (`origin`), how many entries, the root over them; lines that we do not interpret."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note. Raises `Refused` (`checkpoint-malformed`)."""
        try:
            if not text.endswith("\n"):
                raise ValueError("the last line has no end")
            origin, size, root, *extensions = text.split("\n")[:-1]
            if not origin or not all(extensions):
                raise ValueError("an empty line")
            checkpoint = cls(origin, from_decimal(size), from_base64(root), tuple(extensions))
            if len(checkpoint.root) != HASH or (checkpoint.size == 0 and checkpoint.root != EMPTY):
                raise ValueError("not the root of a tree")
        except ValueError as error:
            raise Refused(Reason.CHECKPOINT_MALFORMED, str(error)) from None
        return checkpoint

    def text(self) -> str:
        """Give the text that is signed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)
