"""Every numbered case: what is made is in `vectors.py`, what has to come out is in its `wanted`."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.mark.reasons import Refused
from assaymark.mark.root import Root
from assaymark.mark.verdict import EXIT_CODES
from assaymark.mark.verify import verify
from mark import vectors


@pytest.mark.parametrize("name", vectors.names())
def test_case(name: str, tmp_path: Path) -> None:
    case = vectors.build(name, tmp_path)
    if case.root_note is not None and case.wanted.startswith(("root-", "issuer-")):
        with pytest.raises(Refused) as refused:
            Root.parse(case.root_note)
        assert refused.value.reason == case.wanted
        return
    root = Root.parse(case.root_note or case.world.root_note())
    verdict = verify(case.paths, root, now=case.now, demand=case.demand, statuses=case.statuses)
    outcome = verdict.state if verdict.refusal is None else str(verdict.refusal.reason)
    assert outcome == case.wanted, verdict.refusal
    assert verdict.exit_code == EXIT_CODES[case.wanted]
    if case.place:
        assert verdict.place == case.place
