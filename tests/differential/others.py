"""What other tools say: texts of `dexdump`, and how comparisons are counted.

Set `ASSAYMARK_CORPUS` to the corpus folder, or keep it as `shared/corpus` beside the repository. `ASSAYMARK_ALL=1`
compares every file instead of a sample; `ASSAYMARK_TALLY=FILE` writes the counts that `docs/differences/` states.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
ALL = bool(os.environ.get("ASSAYMARK_ALL"))
TALLY = os.environ.get("ASSAYMARK_TALLY")


def apks(*, damaged: bool) -> list[Path]:
    """Give the packages of the corpus, sorted; those made to be malformed only if asked for."""
    found = sorted(CORPUS.rglob("*.apk")) if CORPUS.is_dir() else []
    return [path for path in found if damaged or "malformed" not in path.parts]


def sample(paths: Iterable[Path], count: int, largest: int) -> list[Path]:
    """Give the paths to compare: all of them if asked for, else `count` of those up to `largest` bytes, by digest."""
    paths = list(paths)
    if ALL:
        return paths
    fitting = [path for path in paths if path.stat().st_size <= largest]
    return sorted(sorted(fitting, key=lambda path: rank(path.relative_to(CORPUS).as_posix()))[:count])


def rank(text: str) -> str:
    """Give the digest that puts things in an order that nobody chose."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Tally:
    """How often two tools agreed on each fact, and where they did not."""

    name: str
    equal: Counter[str] = field(default_factory=Counter)
    different: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def compare(self, fact: str, place: str, ours: object, theirs: object) -> None:
        """Count one fact of one place."""
        if ours == theirs:
            self.equal[fact] += 1
        else:
            self.different[fact].append(f"{place}: here {ours!r}, there {theirs!r}"[:400])

    def unexplained(self, *explained: tuple[str, str]) -> list[str]:
        """Give the differences but those explained: (fact, pattern of the place). Writes the counts if asked for."""
        if TALLY:
            counts = {name: [self.equal[name], len(self.different[name])] for name in {*self.equal, *self.different}}
            with Path(TALLY).open("a", encoding="utf-8") as out:
                out.write(json.dumps({self.name: counts, "different": self.different}, ensure_ascii=False) + "\n")
        return [
            f"{fact}: {row}"
            for fact, rows in self.different.items()
            for row in rows
            if not any(fact == known and fnmatch(row.split(": here ")[0], pattern) for known, pattern in explained)
        ]


class Use(NamedTuple):
    """One instruction that refers to something, as evidence names it."""

    target: str
    cls: str
    method: str
    descriptor: str
    unit: int


@dataclass
class Uses:
    """References of one DEX file."""

    calls: list[Use] = field(default_factory=list)
    reads: list[Use] = field(default_factory=list)
    strings: list[Use] = field(default_factory=list)


_LINE = re.compile(
    r"^[0-9a-f]{6,}:\s+\|\[[0-9a-f]+\] (?P<class>.+)\.(?P<method>[^.:\n]+):(?P<descriptor>\(.*)$"
    r"|^[0-9a-f]{6,}: [0-9a-f. ]+\|(?P<unit>[0-9a-f]{4,}): (?:"
    r"invoke-(?:virtual|super|direct|static|interface|polymorphic)\S* \{.*?\}, (?P<callee>\S+?)(?:, \(\S+)? // method@"
    r"|[is]get\S* .*?(?P<field>\[*L\S+) // field@"
    r"|const-string\S* v\d+, \"(?s:.*?)\" // string@(?P<string>[0-9a-f]+)$)",
    re.MULTILINE,
)
_MEMBER = re.compile(r"(\[*(?:L[^;]*;|[ZBCSIJFD]))\.([^:]+):(.*)")


def dotted(descriptor: str) -> str:
    """Turn `La/B;` into `a.B`, `[La/B;` into `a.B[]`."""
    element = descriptor.lstrip("[")
    return element[1:-1].replace("/", ".") + "[]" * (len(descriptor) - len(element))


def dexdump(path: Path) -> str | None:
    """Give what `dexdump -d -f` prints about a DEX file; `None` if it refuses the file."""
    run = subprocess.run(["dexdump", "-d", "-f", path], capture_output=True, check=False)
    return None if run.returncode else run.stdout.decode("utf-8", "replace")


def uses(text: str, data: bytes) -> Uses:
    """Read the references in a text of `dexdump -d`; string constants are looked up by index in the file."""
    out = Uses()
    strings = dex_strings(data)
    caller = ("", "", "")
    for match in _LINE.finditer(text):
        if match["class"]:
            caller = (match["class"], match["method"], match["descriptor"])
            continue
        unit = int(match["unit"], 16)
        if match["string"]:
            out.strings.append(Use(strings[int(match["string"], 16)], *caller, unit))
            continue
        member = _MEMBER.fullmatch(match["callee"] or match["field"])
        assert member, match[0]
        if match["callee"]:
            out.calls.append(Use(f"{dotted(member[1])}.{member[2]}{member[3]}", *caller, unit))
        else:
            out.reads.append(Use(f"{dotted(member[1])}.{member[2]}", *caller, unit))
    return out


def dex_strings(data: bytes) -> list[str]:
    """Read the string table of a DEX file: modified UTF-8 behind a length."""
    count, offset = struct.unpack_from("<II", data, 56)
    out = []
    for place in struct.unpack_from(f"<{count}I", data, offset):
        start = place
        while data[start] & 0x80:
            start += 1
        start += 1
        text = data[start : data.index(0, start)].replace(b"\xc0\x80", b"\0")
        wide = text.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        out.append(wide.decode("utf-16-le", "replace"))
    return out


def dex_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give the DEX files that Android loads from a package, read by Python's own archive reader."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        number = 1
        while (name := "classes.dex" if number == 1 else f"classes{number}.dex") in names:
            yield name, archive.read(name)
            number += 1
