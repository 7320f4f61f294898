"""The numbered cases that a verifier has to decide: what each is made of, and what has to come out.

Files are written below one folder, so that a second verifier, in another language, can be given the same ones.
"""

from __future__ import annotations

from pathlib import Path

from mark import accepted, malformed, refused, surroundings
from mark.bench import CASES, CHANNEL, STAMP, Bench, Case


def names() -> list[str]:
    """Give the names of all cases."""
    return sorted(CASES)


def build(name: str, folder: Path) -> Case:
    """Build one case in a folder of its own."""
    made = CASES[name](Bench(folder / name))
    made.name = name
    return made


__all__ = ["CHANNEL", "STAMP", "Bench", "Case", "accepted", "build", "malformed", "names", "refused", "surroundings"]
