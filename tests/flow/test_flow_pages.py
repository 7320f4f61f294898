"""Each case of the pages: what leaves stands on the lines, and nothing else leaves; R8 changes none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.analysis.address import address_of
from assaymark.analysis.flow import IMPLICIT, Flow, flows_of
from assaymark.formats.opening import open_program
from assaymark.testing.java import compile_all, tools
from flow.pages import FlowCase, Leak, cases, stubs

# One process compiles all cases, before the first of them; that is too dear to do in each.
pytestmark = [pytest.mark.xdist_group("flow-pages"), pytest.mark.timeout(1200)]

ALL = list(cases())
BRANCHES = "implicit"
"""The page whose cases are run with branches counted as flows."""


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    found = tools()
    if found is None:
        pytest.skip("no Java compiler, or no D8")
    return compile_all({case.name: case.sources() for case in ALL}, tmp_path_factory.mktemp("java"), found, stubs())


def confirmed(case: FlowCase, dex: bytes, path: Path) -> list[Flow]:
    path.write_bytes(case.build(dex))
    program = open_program(path)
    program.once(IMPLICIT, lambda _: case.page == BRANCHES)
    return [one for one in flows_of(program).flows if one.confirmed]


def found_by(leak: Leak, flow: Flow) -> bool:
    address = address_of(flow.address) if flow.address else None
    recipient = flow.recipient or (address.host if address else "")
    return (
        (flow.sink.line, flow.data) == (leak.line, leak.data)
        and leak.kind in ("", flow.sink_kind)
        and leak.recipient in ("", recipient)
    )


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_leaves_stands_on_the_lines(
    case: FlowCase, compiled: dict[str, tuple[bytes, bytes]], tmp_path: Path
) -> None:
    plain, minified = compiled[case.name]
    flows = confirmed(case, plain, tmp_path / "plain.apk")
    expected = case.expected()
    missed = [leak for leak in sorted(expected) if not any(found_by(leak, one) for one in flows)]
    false = [one for one in flows if not any(found_by(leak, one) for leak in expected)]
    assert not missed
    assert not [(one.sink.line, one.data, one.sink_kind, one.recipient) for one in false]
    # R8 writes other lines, and may put two calls in one place.
    kinds = {(one.data, one.sink_kind) for one in flows}
    assert {(one.data, one.sink_kind) for one in confirmed(case, minified, tmp_path / "minified.apk")} == kinds
