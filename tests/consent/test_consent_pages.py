"""Each case of the pages, as D8 and as R8 build it: the answers are those on the lines, and the same for both."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.testing.java import compile_all, tools
from consent.pages import ConsentCase, cases

# One process compiles all cases, before the first of them; that is too dear to do in each.
pytestmark = [pytest.mark.xdist_group("consent-pages"), pytest.mark.timeout(1200)]

ALL = list(cases())
BUILDS = ("plain", "minified")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    found = tools()
    if found is None:
        pytest.skip("no Java compiler, or no D8")
    return compile_all({case.name: case.sources() for case in ALL}, tmp_path_factory.mktemp("java"), found)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_answers_stand_on_the_lines(
    case: ConsentCase, build: str, compiled: dict[str, tuple[bytes, bytes]], tmp_path: Path
) -> None:
    package = tmp_path / "case.apk"
    second = compiled.get(f"{case.name}/second") if build == "plain" else None
    package.write_bytes(case.build(compiled[case.name][BUILDS.index(build)], second[0] if second else None))
    found: dict[int, set[str]] = {}
    gates: dict[int, str | None] = {}
    for row in pipeline.inspect(package)["evidence"]["api_call"]:
        if row["argument"] == "android_id":
            never = row["consent_reason"] == "not-reached"
            found.setdefault(row["line"], set()).add("never" if never else row["consent"])
            gates[row["line"]] = row["gate"]
    expected = case.expected()
    assert expected, "the case expects nothing"
    if build == "minified":
        # R8 writes other lines, and takes away what never runs.
        assert set().union(*found.values()) - {"never"} == set(expected.values()) - {"never"}
        return
    for line, answer in expected.items():
        assert found.get(line) == {answer}, f"line {line}: expected {answer}, found {found.get(line)}"
    assert not found.keys() - expected.keys()
    for line, gate in case.gates().items():
        assert gates[line] == gate, f"line {line}"
