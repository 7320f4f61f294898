"""Every call-back of the flow tables runs, gets what its row says and nothing else, and gives back what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from assaymark.catalog.flows import Effect, load_flow_rules
from flow.rowcode import OBJECT, READ, Code, in_programs, parameters, type_of

CALL = re.compile(r"(.+)\.(\w+)\((.*)\)(?: -> (.+))?")
BY_PAGES = {("LoaderManager", "initLoader"), ("LoaderManager", "restartLoader")}
"""Rows whose later calls are made on what earlier ones gave: the page on listeners has them."""


@dataclass(frozen=True)
class Back:
    """A call-back of a row."""

    on: str
    method: str
    arguments: tuple[str, ...]
    to: str


def backs(row: Effect) -> list[Back]:
    """Give the call-backs of a row, without what it says of intents."""
    found = [CALL.fullmatch(text) for text in row[4]]
    return [
        Back(one[1], one[2], tuple(filter(None, map(str.strip, one[3].split(",")))), one[4] or "")
        for one in found
        if one
    ]


ROWS = [row for row in load_flow_rules().effects if backs(row)]


class Writer:
    """Writes the case of one row: the receiver is v1, arguments follow it, data is in v8."""

    def __init__(self, code: Code, number: int, row: Effect) -> None:
        self.code, self.number, self.row, self.calls = code, number, row, backs(row)
        places = " ".join([*row[3], *row[4]])
        count = max([0, *(int(one) for one in re.findall(r"arg(\d)", places))])
        self.types = parameters(row[2], count)
        self.lines: list[str] = []
        self.expected: set[str] = set()
        self.unwanted: set[str] = set()

    def register(self, root: str) -> str:
        return {"this": "v1", "return": "v9"}.get(root) or f"v{1 + int(root[3:])}"

    def put(self, place: str, what: str) -> None:
        """Puts a register where a place is."""
        if place.startswith("global "):
            rule = f"arg2 -> {re.sub('arg[0-9]', 'arg1', place)}"
            self.lines += self.code.helped(rule, "v10", what)
            return
        root, rest = re.fullmatch(r"(this|arg\d|return)(.*)", place).groups()  # type: ignore[union-attr]
        at = self.register(root)
        inner = re.fullmatch(r"\.([\w-]+)\.([\w-]+)", rest)
        if rest == "" and self.is_taken(root):
            self.lines += self.code.helped("arg2 -> arg1.content", at, what)
        elif rest == "":
            self.lines.append(f"move-object {at}, {what}")
        elif inner:
            self.lines += self.code.helped(f"arg2 -> arg1.{inner[1]}", at, "v11")
            self.lines += self.code.helped(f"arg2 -> arg1.{inner[2]}", "v11", what)
        else:
            self.lines += self.code.helped(f"arg2 -> arg1{rest}", at, what)

    def is_taken(self, root: str) -> bool:
        """Whether an operand is an object that others need as it is."""
        whole = [place for one in self.calls for place in (one.on, one.to) if re.match(rf"{root}\b", place)]
        return root == "this" or bool(whole)

    def take(self, place: str) -> None:
        """Takes what is in a place into v9."""
        root, rest = re.fullmatch(r"(this|arg\d|return)(.*)", place).groups()  # type: ignore[union-attr]
        if rest or root != "return":
            rule = f"arg1{re.sub('arg[0-9]', 'arg2', rest) or '.content'} -> return"
            self.lines += self.code.helped(rule, self.register(root), *(["v10"] if "arg" in rest else []), result="v9")

    def is_data(self, place: str) -> bool:
        """Whether data can be put in a place: it is no number, and no address that finds the object."""
        number = re.fullmatch(r"arg(\d)", place)
        address = any(one.on == f"provider[{place}]" for one in self.calls)
        return not (
            place == "?"
            or place.startswith("return")
            or address
            or (number and self.types[int(number[1]) - 1][0] not in "L[")
        )

    def define(self, name: str, on: str) -> None:
        """Add the class whose methods the row calls on an object."""
        methods = {}
        for at, one in enumerate(self.calls):
            if one.on != on:
                continue
            self.expected.add(f"ran_{self.number}_{at}")
            body = [*READ, self.code.probe(f"ran_{self.number}_{at}", "v8")]
            for position, argument in enumerate(one.arguments):
                probe, where = f"got_{self.number}_{at}_{position}", f"p{position + 1}"
                if argument == "this" or (re.fullmatch(r"arg\d", argument) and self.is_taken(argument)):
                    body += self.code.helped("arg1.content -> return", where, result="v9")
                    where = "v9"
                body += [f"move-object/16 v8, {where}", self.code.probe(probe, "v8")]
                (self.expected if self.is_data(argument) else self.unwanted).add(probe)
            methods[f"{one.method}({OBJECT * len(one.arguments)}){OBJECT}"] = [*body, *READ, "return-object v8"]
        base = "android.content.ContentProvider" if on[0] == "p" else "java.lang.Object"
        self.code.define(name, self.row[0] if on == "this" else base, methods)

    def write(self) -> None:
        row, number = self.row, self.number
        own = any(one.on == "this" for one in self.calls)
        self.lines = ['const-string v10, "k"', "new-instance v11, Lt/Thing;", "new-instance v9, Lt/Thing;"]
        self.lines.append(f"new-instance v1, {f'Lt/C{number}_0;' if own else type_of(row[0])}")
        for at, one in enumerate(self.types, 2):
            self.lines.append(f"new-instance v{at}, Lt/Thing;" if one[0] in "L[" else f"const v{at}, 7")
        provider = next((one.on for one in self.calls if one.on.startswith("provider")), "")
        if provider:
            self.lines.append(f'const-string v{1 + int(provider[-2])}, "content://a{number}/x"')
            self.code.component(f"C{number}_0", f"a{number}")
        for group, on in enumerate(sorted({one.on for one in self.calls}, key=lambda on: (len(on), on))):
            name = f"C{number}_{group}"
            self.define(name, on)
            # What is called is put in first, then the data that it gets.
            if on != "this" and on[0] != "p":
                self.lines.append(f"new-instance v0, Lt/{name};")
                root = re.match(r"this|arg\d|return", on)[0]  # type: ignore[index]
                if root == on:
                    self.lines.append(f"move-object {self.register(root)}, v0")
                else:
                    self.put(on, "v0")
        self.lines += READ
        for place in sorted({place for one in self.calls for place in one.arguments}):
            if self.is_data(place) and not place.startswith(("@", "return")):
                self.put(place, "v8")
        self.lines += self.code.call(row, self.types)
        for at, one in enumerate(self.calls):
            if one.to:
                probe = f"back_{number}_{at}"
                self.expected.add(probe)
                self.lines.append("move-object v7, v9")
                self.take(one.to)
                self.lines += [self.code.probe(probe, "v9"), "move-object v9, v7"]
        self.code.define(f"M{number}", "java.lang.Object", {"go()V": [*self.lines, "return-void"]})
        self.code.main += [f"new-instance v1, Lt/M{number};", f"invoke-virtual {{v1}}, Lt/M{number};->go()V"]


PROGRAMS = in_programs(
    (number, row) for number, row in enumerate(ROWS) if (row[0].rpartition(".")[2], row[1]) not in BY_PAGES
)


@pytest.mark.parametrize("rows", PROGRAMS, ids=lambda rows: f"{rows[0][1][0]}.{rows[0][1][1]}")
def test_call_backs_run_and_get_what_the_row_says(rows: list[tuple[int, Effect]]) -> None:
    code = Code()
    cases = [Writer(code, number, row) for number, row in rows]
    for case in cases:
        case.write()
    found = code.run()
    missed = {
        f"{one.row[0]}.{one.row[1]}": sorted(one.expected - found.keys())
        for one in cases
        if one.expected - found.keys()
    }
    false = {
        f"{one.row[0]}.{one.row[1]}": sorted(one.unwanted & found.keys())
        for one in cases
        if one.unwanted & found.keys()
    }
    assert (missed, false) == ({}, {})
