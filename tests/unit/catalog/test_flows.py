from __future__ import annotations

from typing import Any

import pytest

from assaymark import _engine
from assaymark.catalog.flows import CALLBACKS, INPUTS, SINKS, SUMMARIES, load_flow_rules, read_flow_rules
from assaymark.catalog.reading import load
from assaymark.model.errors import InvalidCatalog

FILES = (SUMMARIES, SINKS, CALLBACKS, INPUTS)


def trees() -> dict[str, Any]:
    return {file: dict(load(file)) for file in FILES}


def read(files: dict[str, Any]) -> object:
    return read_flow_rules(*(files[file] for file in FILES))


def engine_takes(effects: list[_engine.FlowEffect]) -> None:
    rules: _engine.FlowRules = (effects, [], [], [], [], [], [])
    _engine.Code.of_dex([]).flows(rules, ("", [], [], []))


def test_the_engine_reads_every_row() -> None:
    rules = load_flow_rules()
    assert len(rules.effects) > 400
    assert len(rules.sinks) > 80
    assert len(rules.sources) > 200
    engine_takes(list(rules.effects))


@pytest.mark.parametrize(
    ("flow", "fault"),
    [
        ("arg1 => return", "has no ->"),
        ("argument -> return", "is no argument"),
        ("arg1 -> return : guess", "is no kind of flow"),
    ],
)
def test_the_engine_refuses_a_flow_it_cannot_read(flow: str, fault: str) -> None:
    with pytest.raises(_engine.EngineError, match=fault) as refused:
        engine_takes([("a.B", "m", "", [flow], [])])
    assert "a.B.m" in str(refused.value)


def test_the_engine_refuses_a_call_back_it_cannot_read() -> None:
    with pytest.raises(_engine.EngineError, match="is no call"):
        engine_takes([("a.B", "m", "", [], ["run"])])


@pytest.mark.parametrize(
    ("file", "row"),
    [
        (SUMMARIES, {"class": "a.B", "methods": ["m"]}),
        (SUMMARIES, {"class": "a.B", "methods": [], "flows": ["arg1 -> return"]}),
        (SUMMARIES, {"class": "a.B", "methods": ["m"], "flows": ["arg1 -> return"], "colour": "red"}),
        (SINKS, {"class": "a.B", "methods": ["m"], "kind": "ether"}),
        (SINKS, {"class": "a.B", "methods": ["m"], "kind": "log", "arguments": [300]}),
        (INPUTS, {"data": "no-such-category", "class": "a.B", "methods": ["m"]}),
    ],
)
def test_a_row_with_a_mistake_is_refused(file: str, row: dict[str, object]) -> None:
    files = trees()
    origin = {"source": "android" if file != SUMMARIES else "java", "checked": "2026-11-22", "known": "documentation"}
    files[file]["group"] = [{**origin, "rows": [row]}]
    with pytest.raises(InvalidCatalog):
        read(files)


def test_sinks_of_one_class_and_method_do_not_contradict_each_other() -> None:
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for cls, method, descriptor, kind, _ in load_flow_rules().sinks:
        kinds.setdefault((cls, method, descriptor), set()).add(kind)
    assert not {name: found for name, found in kinds.items() if len(found) > 1}


def test_states_of_a_life_cycle_are_methods_or_capitals() -> None:
    for base, _, order in load_flow_rules().lifecycles:
        names = {name.strip() for line in order for name in line.split(" > ")}
        assert names, base
        assert all(name == "<init>" or name.isupper() or name[0].islower() for name in names), base
