"""The verifier in Java, written from the format page, against the first one: all vectors, and damaged copies."""

from __future__ import annotations

import random  # noqa: TID251  seeded: the same copies each time
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.mark.reasons import Refused
from assaymark.mark.root import Root
from assaymark.mark.verify import verify
from assaymark.testing.trust import NOW
from mark import vectors
from mark.vectors import Case

SOURCE = Path(__file__).parents[2] / "verifiers" / "Verify.java"
MUTANTS = 400

pytestmark = pytest.mark.skipif(shutil.which("javac") is None, reason="there is no JDK")


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Compile the second verifier; give the command that runs it over a list of calls."""
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-Xlint:all,-serial", "-Werror", "-d", str(classes), str(SOURCE)], check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(classes), "Verify", "--batch"]


def call(case: Case, folder: Path) -> list[str]:
    """Give the words of a call that judges a case."""
    root = folder / "root.note"
    root.write_bytes(case.root_note or case.world.root_note())
    words = ["--root", str(root), "--now", str(case.now), "--min-level", str(case.demand.min_level)]
    words += ["--fresh", str(case.demand.fresh)]
    for number, held in enumerate(case.statuses):
        path = folder / f"{number}.status"
        path.write_bytes(case.world.sign_status(held))
        words += ["--status", str(path)]
    words += ["--require-status"] * case.demand.require_status + ["--exact"] * case.demand.exact
    words += ["--package", case.demand.package] if case.demand.package is not None else []
    words += ["--version-code", str(case.demand.version_code)] if case.demand.version_code is not None else []
    for algorithm in case.demand.algorithms:
        words += ["--algorithm", algorithm]
    return [*words, *map(str, case.paths)]


def run(java: list[str], calls: list[list[str]], folder: Path) -> list[str]:
    """Give what the second verifier says to each call."""
    listing = folder / "calls.tsv"
    listing.write_text("".join("\t".join(words) + "\n" for words in calls), encoding="utf-8")
    done = subprocess.run([*java, str(listing)], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def test_both_say_the_same_of_every_vector(java: list[str], tmp_path: Path) -> None:
    cases = [vectors.build(name, tmp_path) for name in vectors.names()]
    said = run(java, [call(case, tmp_path / case.name) for case in cases], tmp_path)
    wrong = {
        case.name: (case.wanted, outcome) for case, outcome in zip(cases, said, strict=True) if outcome != case.wanted
    }
    assert wrong == {}


def outcome(case: Case) -> str:
    """Give what the first verifier says."""
    try:
        verdict = verify(case.paths, Root.parse(case.world.root_note()), now=NOW, statuses=case.statuses)
    except Refused as refused:
        return str(refused.reason)
    return verdict.state if verdict.refusal is None else str(verdict.refusal.reason)


def mutants(folder: Path) -> Iterator[Case]:
    """Give copies of a good file, each with some bytes changed: in the container, or anywhere."""
    dice = random.Random(20261122)
    good = vectors.build("04_two_issuers", folder)
    data = good.paths[0].read_bytes()
    start = data.index(b"AYM1")
    for number in range(MUTANTS):
        path = folder / f"{number}.apk"
        changed = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 4))):
            at = dice.randrange(start, start + 2600) if number % 4 else dice.randrange(len(data))
            changed[at] = dice.choice((changed[at] ^ 1 << dice.randrange(8), dice.randrange(256)))
        path.write_bytes(bytes(changed))
        yield Case([path], good.world, "", statuses=good.statuses, name="04_two_issuers")


def test_both_accept_and_refuse_the_same_damaged_files(java: list[str], tmp_path: Path) -> None:
    """Reasons may differ where two things are wrong at once; whether the file is accepted may not."""
    cases = list(mutants(tmp_path))
    folder = tmp_path / "04_two_issuers"
    second = run(java, [call(case, folder) for case in cases], tmp_path)
    first = [outcome(case) for case in cases]
    differ = [
        (case.paths[0].name, ours, theirs)
        for case, ours, theirs in zip(cases, first, second, strict=True)
        if ours.startswith("valid") != theirs.startswith("valid")
    ]
    assert differ == []
    assert len(set(first)) > 8
    same = sum(ours == theirs for ours, theirs in zip(first, second, strict=True))
    assert same > 0.95 * len(cases), [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
