"""Each row of the flow tables has a case: made from it by the tests beside this one, or on a page that names it."""

from __future__ import annotations

import re

from assaymark.catalog.flows import WIDGET, load_flow_rules
from catalog import test_callback_rows, test_flow_rows, test_intent_rows, test_lifecycle_rows
from flow.pages import cases

PAGES = {
    ("LoaderManager", "initLoader"): "Loaders",
    ("LoaderManager", "restartLoader"): "Loaders",
    ("ActivityResultLauncher", "launch"): "A launcher for a result",
    ("Retrofit", "create"): "Retrofit",
    ("AudioRecord", "read"): "A picture, a sound",
    ("TextView", "getText"): "What a user types",
    ("TextView", "getEditableText"): "What a user types",
    ("ListActivity", "setListAdapter"): "A screen of rows",
    ("EventBus", "post"): "A bus of events",
    ("EventBus", "postSticky"): "A bus of events",
    ("ExecutorService", "invokeAll"): "Pools and what they give back",
}
"""Rows that a page of `tests/flow` has: class and method, and the title of the section, which names the method."""


def on_page(cls: str, method: str) -> bool:
    return (cls.rpartition(".")[2], method) in PAGES


def test_pages_have_what_is_left_to_them() -> None:
    texts = {case.title: case.java for case in cases()}
    assert not [(row, title) for row, title in PAGES.items() if row[1] not in texts.get(title, "")]


def test_every_flow_has_a_case() -> None:
    rules = load_flow_rules()
    made = {(case.row[:3], case.flow) for case in test_flow_rows.cases(test_flow_rows.Helper())}
    made |= {(row[:3], flow) for row, flow in test_flow_rows.GLOBALS}
    made |= {(row[:3], flow) for row in test_flow_rows.TAKES_NOTHING for flow in row[3]}
    made |= {(row[:3], "null -> return") for row in test_flow_rows.MAY_BE_NULL}
    without = []
    for row in rules.effects:
        for flow in row[3]:
            start, end = flow.partition(" : ")[0].split(" -> ")
            # That a result is a new object shows where something is put into it.
            beside = start == "new" and any(
                re.search(rf"-> {re.escape(end)}[.\[]", text) for text in [*row[3], *row[4]]
            )
            called = bool(row[4]) and flow in ("nothing -> nothing", "new -> return")
            if (row[:3], flow) not in made and not (beside or called or on_page(*row[:2])):
                without.append((*row[:3], flow))
    assert without == []


def test_every_call_has_a_case() -> None:
    backs = {number for cases_ in test_callback_rows.PROGRAMS for number, _row in cases_}
    calling = {row[:2] for number, row in enumerate(test_callback_rows.ROWS) if number in backs}
    saying = {(row[:2], tuple(words)) for cases_ in test_intent_rows.PROGRAMS for _number, row, words in cases_}
    without = []
    for row in load_flow_rules().effects:
        for text in row[4]:
            there = row[:2] in calling if "(" in text else (row[:2], tuple(text.split())) in saying
            if not there and not on_page(*row[:2]):
                without.append((*row[:2], text))
    assert without == []


def test_every_sink_source_and_life_cycle_has_a_case() -> None:
    rules = load_flow_rules()
    assert [row for row in rules.sinks if row[4] == b"\xff" and not on_page(*row[:2])] == []
    # Calls and fields of the API catalog have tests of their own; parameters are gone through.
    filled = [row for row in rules.sources if row[5] or row[3] == WIDGET]
    assert [row for row in filled if not on_page(*row[:2])] == []
    assert rules.lifecycles == test_lifecycle_rows.LIFECYCLES
    assert all(methods for _base, methods in rules.listeners)
