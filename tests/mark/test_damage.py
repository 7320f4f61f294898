"""Damaged containers, proofs, signing blocks and archives: a verdict each time, no crash, bounded memory.

The dice are fixed. `MUTANTS` copies of each kind are enough for every commit; raise it by the environment variable of
the same name for a longer run.
"""

from __future__ import annotations

import os
import random  # noqa: TID251  seeded: the same copies each time
import resource
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.mark.container import read_containers
from assaymark.mark.envelope import Envelope
from assaymark.mark.proof import Proof
from assaymark.mark.reasons import Refused
from assaymark.mark.statement import Statement
from assaymark.mark.timestamp import check_timestamp
from assaymark.mark.verdict import EXIT_CODES
from assaymark.mark.verify import verify
from assaymark.signing.entries import entries_digest
from assaymark.signing.errors import SigningError
from assaymark.testing.archive import Member, write_archive
from assaymark.testing.trust import NOW
from mark import vectors

MUTANTS = int(os.environ.get("MUTANTS", "300"))


def mutate(data: bytes, dice: random.Random, start: int, end: int) -> bytes:
    """Change some bytes between two places: flip, set, cut out, double, or put a large number there."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 8))):
        at = dice.randrange(start, max(start + 1, min(end, len(changed))))
        kind = dice.randrange(6)
        if kind == 0:
            changed[at : at + 1] = bytes([changed[at] ^ 1 << dice.randrange(8)]) if at < len(changed) else b"x"
        elif kind == 1:
            changed[at : at + 1] = bytes([dice.randrange(256)])
        elif kind == 2:
            del changed[at : at + dice.randrange(1, 40)]
        elif kind == 3:
            changed[at:at] = changed[at : at + dice.randrange(1, 40)]
        elif kind == 4:
            number = dice.choice((0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 2**32 - 24))
            changed[at : at + 4] = struct.pack("<I", number)
        else:
            changed[at : at + 8] = struct.pack("<Q", dice.choice((2**64 - 1, 2**63, 2**63 - 1, 2**32)))
    return bytes(changed)


@pytest.mark.parametrize("name", ["04d_two_labs_each_with_its_own_certificate", "06_other_pairs_present"])
@pytest.mark.parametrize("part", ["container", "block", "file"])
def test_damaged_files_get_a_verdict(tmp_path: Path, name: str, part: str) -> None:
    case = vectors.build(name, tmp_path)
    path = case.paths[0]
    data, root = path.read_bytes(), case.world.root()
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    block = directory - struct.unpack_from("<Q", data, directory - 24)[0] - 8
    mark = data.index(b"AYM1")
    start, end = {"container": (mark, mark + 3000), "block": (block, directory), "file": (0, len(data))}[part]
    dice = random.Random(f"{name} {part}")
    seen = set()
    for _ in range(MUTANTS):
        path.write_bytes(mutate(data, dice, start, end))
        verdict = verify([path], root, now=NOW, statuses=case.statuses)
        assert verdict.exit_code in EXIT_CODES.values()
        verdict.to_json()
        seen.add(verdict.exit_code)
    assert len(seen) > 5


def test_damaged_archives_without_a_block(tmp_path: Path) -> None:
    case = vectors.build("10_v1_only_detached", tmp_path)
    path, root = case.paths[0], case.world.root()
    data, dice = path.read_bytes(), random.Random("v1")
    for _ in range(MUTANTS):
        path.write_bytes(mutate(data, dice, 0, len(data)))
        verdict = verify([path], root, now=NOW, statuses=case.statuses)
        assert verdict.exit_code != 0 or path.read_bytes() == data or not verdict.marks[0].exact


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (read_containers, Envelope.parse, Proof.parse, Statement.parse, lambda one: check_timestamp(one, b"")):
        for content in (data, b"AYM1" + data, b"c2sp.org/tlog-proof@v1\n" + data):
            try:
                read(content)
            except Refused as refused:
                assert refused.reason in EXIT_CODES  # noqa: PT017


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["_type", "subject", "predicate", "predicateType", "payload", "signatures", "digest", "name"]
                ),
                inner,
            )
        ),
    )
)
def test_json_of_any_shape_is_refused(tree: object) -> None:
    import json

    content = json.dumps(tree).encode()
    for read in (Envelope.parse, Statement.parse):
        with pytest.raises(Refused):
            read(content)


def test_a_bomb_takes_no_memory() -> None:
    """Four entries that inflate to 256 MiB each are hashed a piece at a time."""
    bomb = write_archive([Member(f"{n}", bytes(64 << 20)) for n in range(2)]).data
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    entries_digest(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # KiB


def test_a_size_that_lies_is_found_before_all_is_inflated() -> None:
    data = bytearray(write_archive([Member("a", bytes(8 << 20))]).data)
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, 22, 100)
    struct.pack_into("<I", data, at + 24, 100)
    with pytest.raises(SigningError, match="bad-entry"):
        entries_digest(bytes(data))
