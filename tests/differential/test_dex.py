"""The DEX reader against other parsers: `dexdump` of the platform, its own recorded texts, and androguard.

Set `ASSAYMARK_CORPUS` to the corpus folder, or keep it as `shared/corpus` beside the repository. What differs on
purpose is listed in `docs/differences/dex.md`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assaymark._engine import Code

CORPUS = Path(os.environ.get("ASSAYMARK_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
DEXDUMP = shutil.which("dexdump")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the repository"),
]


@dataclass
class Dumped:
    """What a `dexdump` text says about one method."""

    instructions: list[tuple[int, str]] = field(default_factory=list)
    lines: list[tuple[int, int]] = field(default_factory=list)
    access: int = 0


@dataclass
class Dump:
    """What a `dexdump` text says about one DEX file."""

    header: dict[str, int] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    fields: int = 0
    methods: dict[tuple[str, str, str], list[Dumped]] = field(default_factory=lambda: defaultdict(list))


def parse_dump(text: str) -> Dump:
    """Read the plain layout of `dexdump -d -f`."""
    dump = Dump()
    section = owner = name = descriptor = ""
    current: Dumped | None = None
    for line in text.splitlines():
        if header := re.match(r"(\w+_size)\s*: (\d+)$", line):
            dump.header.setdefault(header[1], int(header[2]))
        elif defined := re.match(r"  Class descriptor  : '(.*)'$", line):
            owner = defined[1]
            dump.classes.append(owner)
        elif part := re.match(r"  (Static fields|Instance fields|Direct methods|Virtual methods)\s+-", line):
            section = part[1]
        elif re.match(r"    #\d+\s+: \(in ", line):
            dump.fields += section.endswith("fields")
        elif named := re.match(r"      name\s+: '(.*)'$", line):
            name = named[1]
        elif typed := re.match(r"      type\s+: '(.*)'$", line):
            descriptor = typed[1]
        elif (flags := re.match(r"      access\s+: 0x([0-9a-f]+)", line)) and section.endswith("methods"):
            current = Dumped(access=int(flags[1], 16))
            dump.methods[owner, name, descriptor].append(current)
        elif current and (code := re.match(r"[0-9a-f]{6,}: .*?\|([0-9a-f]{4,}): (\S+)", line)):
            current.instructions.append((int(code[1], 16), code[2]))
        elif current and (position := re.match(r"        0x([0-9a-f]+) line=(-?\d+)$", line)):
            current.lines.append((int(position[1], 16), max(int(position[2]), 0)))
    return dump


def dotted(descriptor: str) -> str:
    """Turn `La/B;` into `a.B`."""
    return descriptor[1:-1].replace("/", ".")


def compare(dump: Dump, data: bytes, name: str) -> int:
    """Compare counts, and every instruction and line of every method. Gives the number of instructions compared."""
    code = Code.of_dex([(name, data)])
    (stats,) = code.stats()
    for count in ("string_ids", "type_ids", "proto_ids", "field_ids", "method_ids", "class_defs"):
        if f"{count}_size" in dump.header:
            assert stats[count] == dump.header[f"{count}_size"], count
    assert stats["class_defs"] == len(dump.classes)
    assert stats["fields"] == dump.fields
    assert stats["methods"] == sum(map(len, dump.methods.values()))
    dumped = [method for group in dump.methods.values() for method in group]
    assert stats["instructions"] == sum(len(method.instructions) for method in dumped)
    assert stats["code_methods"] == sum(bool(method.instructions) for method in dumped)
    assert stats["damaged_classes"] == stats["damaged_methods"] == stats["damaged_strings"] == 0

    ours: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    access: dict[int, int] = {}
    for owner in dict.fromkeys(dump.classes):
        for method, method_name, descriptor, flags in code.methods(dotted(owner)):
            ours[owner, method_name, descriptor].append(method)
            access[method] = flags
    assert ours.keys() == dump.methods.keys()
    compared = 0
    for key, methods in ours.items():
        assert len(methods) == len(dump.methods[key]), key
        for method, expected in zip(methods, dump.methods[key], strict=True):
            assert access[method] == expected.access, key
            assert code.instructions(method) == expected.instructions, key
            assert code.lines(method) == expected.lines, key
            compared += len(expected.instructions)
    return compared


def dex_files() -> Iterator[tuple[str, bytes]]:
    """Give the undamaged DEX files of the corpus that are small enough to dump, each with a name."""
    for path in sorted((CORPUS / "dex").rglob("*.dex")):
        yield str(path.relative_to(CORPUS)), path.read_bytes()
    archives = [*sorted((CORPUS / "dex").rglob("*.jar")), *sorted((CORPUS / "apk").rglob("*.apk"))]
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if re.fullmatch(r"classes\d*\.dex", member) and archive.getinfo(member).file_size < 1_000_000:
                    yield f"{path.relative_to(CORPUS)}!{member}", archive.read(member)


@pytest.mark.parametrize("text", sorted((CORPUS / "dex/art-dexdump").glob("*.txt")), ids=lambda path: path.stem)
def test_recorded_texts_of_the_platform(text: Path) -> None:
    """The texts recorded in the platform's own tests name every instruction as we do."""
    dump = parse_dump(text.read_text(encoding="utf-8", errors="replace"))
    assert compare(dump, text.with_suffix(".dex").read_bytes(), text.stem) > 0


@pytest.mark.skipif(DEXDUMP is None, reason="dexdump is not installed")
@pytest.mark.timeout(600)
def test_dexdump_over_the_corpus(tmp_path: Path) -> None:
    """Every instruction and line of every method of the corpus is the one that dexdump shows."""
    assert DEXDUMP
    compared = instructions = 0
    seen: set[bytes] = set()
    for name, data in dex_files():
        if data in seen:
            continue
        seen.add(data)
        path = tmp_path / "one.dex"
        path.write_bytes(data)
        run = subprocess.run([DEXDUMP, "-d", "-f", path], capture_output=True, check=False)
        if run.returncode != 0:
            continue
        try:
            instructions += compare(parse_dump(run.stdout.decode("utf-8", "replace")), data, name)
        except AssertionError as difference:
            raise AssertionError(name) from difference
        compared += 1
    assert compared > 50
    assert instructions > 100_000


@pytest.mark.skipif(importlib.util.find_spec("androguard") is None, reason="androguard is not installed")
@pytest.mark.filterwarnings("ignore")
def test_androguard_counts() -> None:
    """Tables, and instructions of each method, have the sizes that androguard reads."""
    from androguard.core.dex import DEX  # type: ignore[import-untyped, unused-ignore]
    from loguru import logger

    logger.remove()
    for path in sorted((CORPUS / "dex/androguard").glob("*.dex")):
        data = path.read_bytes()
        if len(data) > 100_000:
            continue
        other = DEX(data)
        (stats,) = Code.of_dex([(path.name, data)]).stats()
        assert stats["string_ids"] == len(other.get_strings()), path.name
        assert stats["class_defs"] == len(other.get_classes()), path.name
        assert stats["methods"] == len(other.get_encoded_methods()), path.name
        assert stats["fields"] == len(other.get_encoded_fields()), path.name
        length = sum(len(list(method.get_instructions())) for method in other.get_encoded_methods())
        assert stats["instructions"] == length, path.name


# The DEX of `dex-big-endian` carries the usual tag, so it is not damaged.
DAMAGED = [path for path in sorted((CORPUS / "malformed/made").glob("dex-*.apk")) if path.stem != "dex-big-endian"]


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.stem)
def test_damaged_files_cost_only_themselves(path: Path) -> None:
    """A damaged DEX is read as far as it can be, and leaves a record; nothing is raised."""
    with zipfile.ZipFile(path) as archive:
        data = archive.read("classes.dex")
    code = Code.of_dex([("classes.dex", data)])
    damaged = sum(row["problems"] + row["damaged_strings"] + (not row["checksum_ok"]) for row in code.stats())
    assert damaged or code.problems, "the damage left no record"
    code.find_strings([], [""])
    code.reach([name for _, name in code.classes([""])], [])
    if path.stem != "dex-magic-only":
        assert code.dex_names() == ["classes.dex"]
