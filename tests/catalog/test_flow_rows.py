"""Every flow of the rule tables moves data from its place to its place, and no data that lies elsewhere.

A method is made from each flow of each row: data is put where the flow starts, the row's method is called, what lies
where the flow ends is sent. Beside it one in which the data lies in another cell. All run as one program, under the
rows and the few rules of `Helper`, whose methods put into cells and take out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from assaymark import _engine
from assaymark.catalog.flows import Effect, load_flow_rules
from assaymark.testing.dex import assemble
from flow.rowcode import OBJECT, READ, SINK, SOURCE, Code, parameters, type_of

MARKS = {"hash": "hashed", "encrypt": "encrypted", "length": "length-only", "coarse": "coarse"}

ONLY_AN_OBJECT = re.compile(r"new|null|nothing|global (package|application)|provider\[")
"""Starts of a flow that say which object there is; what lies in it is another flow's."""


@dataclass
class Helper:
    """Methods that put into cells and take out of them, each with its rule."""

    rules: dict[str, str] = field(default_factory=dict)

    def method(self, rule: str) -> str:
        """Give the name of the method with this rule."""
        return self.rules.setdefault(rule, f"h{len(self.rules)}")

    def effects(self) -> list[Effect]:
        return [("t.Helper", name, "", [rule], []) for rule, name in self.rules.items()]


@dataclass
class Case:
    """A flow, as a method that does it."""

    row: Effect
    flow: str
    code: str
    leaks: bool


class Writer:
    """Writes the body of one case: the receiver is v1, arguments follow it."""

    def __init__(self, row: Effect, flow: str, helper: Helper) -> None:
        self.row, self.helper = row, helper
        source, self.end = (part.strip() for part in flow.partition(" : ")[0].split(" -> "))
        self.start = source
        numbers = [int(number) for text in row[3] for number in re.findall(r"arg(\d)", text)]
        self.types = parameters(row[2], max(numbers, default=0))
        self.static = row[1] != "<init>" and not any(re.search(r"\bthis\b", text) for text in row[3])
        self.keys = {int(number) for text in (source, self.end) for number in re.findall(r"\[arg(\d)\]", text)}
        self.lines: list[str] = []

    def register(self, root: str) -> str:
        return {"this": "v1", "return": "v9"}.get(root) or f"v{1 + int(root[3:])}"

    def helped(self, rule: str, *registers: str, gives: bool = False) -> None:
        types = OBJECT * len(registers)
        result = OBJECT if gives else "V"
        name = self.helper.method(rule)
        self.lines.append(f"invoke-static {{{', '.join(registers)}}}, Lt/Helper;->{name}({types}){result}")
        if gives:
            self.lines.append("move-result-object v9")

    def put(self, place: str) -> None:
        """Puts v8 into a place."""
        root, rest = re.fullmatch(r"(this|arg\d|global [^\]]*\]?)(.*)", place).groups()  # type: ignore[union-attr]
        if root.startswith("global"):
            if inner := re.search(r"\[(arg\d)\.(\w+)\]", place):
                self.helped(f"arg2 -> arg1.{inner[2]}", self.register(inner[1]), "v10")
            self.helped(f"arg2 -> {re.sub(r'arg[0-9][.a-z]*', 'arg1', place)}", "v10", "v8")
            return
        at = self.register(root)
        inner = re.fullmatch(r"\.([\w-]+)\.([\w-]+)", rest)
        if rest == "":
            self.lines.append(f"move-object {at}, v8")
        elif inner:
            self.helped(f"arg2 -> arg1.{inner[1]}", at, "v11")
            self.helped(f"arg2 -> arg1.{inner[2]}", "v11", "v8")
        elif rest == "[=]" or re.fullmatch(r"\[arg\d\]", rest):
            self.helped("arg2 -> arg1[arg3]", at, "v8", "v10")
        elif rest == "[:]":
            self.helped("arg2 -> arg1.first", at, "v10")
            self.helped("arg2 -> arg1.second", at, "v8")
        elif rest == ".=":
            self.helped("arg2 -> arg1.kept", at, "v8")
        else:
            self.helped(f"arg2 -> arg1{'.content' if rest in ('.*', '.text') else rest}", at, "v8")

    def take(self, place: str) -> None:
        """Takes what is in a place into v9."""
        root, rest = re.fullmatch(r"(this|return|arg\d|global [^\]]*\]?)(.*)", place).groups()  # type: ignore[union-attr]
        if root.startswith("global"):
            self.helped(f"{re.sub(r'arg[0-9][.a-z]*', 'arg1', place)} -> return", "v10", gives=True)
            return
        at = self.register(root)
        inner = re.fullmatch(r"\.([\w-]+)\.([\w-]+)", rest)
        if inner:
            self.helped(f"arg1.{inner[2]} -> return", "v11", gives=True)
        elif rest == "[=]" or re.fullmatch(r"\[arg\d\]", rest):
            self.helped("arg1[arg2] -> return", at, "v10", gives=True)
        elif rest == ".=":
            self.helped("arg1.kept -> return", at, gives=True)
        elif rest or root != "return":
            self.helped(f"arg1{rest or '.content'} -> return", at, gives=True)

    def call(self) -> None:
        """Calls the row's method."""
        cls, name = self.row[0].replace(".", "/"), self.row[1]
        name = "anything" if name == "*" else name
        kind = "direct" if name == "<init>" else "static" if self.static else "virtual"
        first, last = 2 if self.static else 1, 1 + len(self.types)
        registers = f"{{v{first} .. v{last}}}" if last >= first else "{}"
        result = "V" if name == "<init>" else OBJECT
        self.lines.append(f"invoke-{kind}/range {registers}, L{cls};->{name}({''.join(self.types)}){result}")
        if result != "V":
            self.lines.append("move-result-object v9")

    def begin(self) -> None:
        """Makes the operands."""
        cls = self.row[0].replace(".", "/")
        self.lines = ['const-string v10, "k"', "new-instance v11, Lt/Thing;", "new-instance v9, Lt/Thing;"]
        self.lines.append(f"new-instance v1, L{'t/Thing' if cls == '*' else cls};")
        for number, kind in enumerate(self.types, 1):
            if number in self.keys and kind[0] in "L[":
                self.lines.append(f'const-string v{1 + number}, "k"')
            elif kind[0] in "L[":
                self.lines.append(f"new-instance v{1 + number}, Lt/Thing;")
            else:
                self.lines.append(f"const v{1 + number}, 7")
        if any(self.types[number - 1][0] not in "L[" for number in self.keys if number <= len(self.types)):
            self.lines.append("const v10, 7")
        self.lines += ["invoke-static {}, Lt/Data;->read()Ljava/lang/Object;", "move-result-object v8"]

    def end_with_sink(self) -> str:
        self.lines.append("invoke-static {v9}, Lt/Data;->send(Ljava/lang/Object;)V")
        return "\n    ".join(self.lines)


def cases(helper: Helper) -> Iterator[Case]:
    for row in load_flow_rules().effects:
        if not row[3] or any(kind[0] in "JD" for kind in parameters(row[2], 0)):
            continue
        # A row that takes all that is in an object, or gives the object itself, gives what lies elsewhere in it too.
        wide = any(re.search(r"\.(\*|text|=)|^(this|arg\d) ->", text) for text in row[3])
        for flow in row[3]:
            start = flow.partition(" -> ")[0]
            if ONLY_AN_OBJECT.match(start) or (start.startswith("global") and "." not in start):
                continue
            writer = Writer(row, flow, helper)
            if row[1] == "<init>" and writer.end == "return":
                continue
            writer.begin()
            if start == "none":
                if "." in writer.end and writer.end.endswith("content"):
                    writer.put(writer.end)
                else:
                    writer.put(writer.end.replace("[]", "[=]"))
                writer.call()
                writer.take(writer.end)
                yield Case(row, flow, writer.end_with_sink(), False)
                continue
            writer.put(start)
            if named := re.search(r"\[(arg\d)\.(\w+)\]", writer.end):
                writer.helped(f"arg2 -> arg1.{named[2]}", writer.register(named[1]), "v10")
            inner = re.fullmatch(r"(this|arg\d|return)\.([\w-]+)\.[\w-]+", writer.end)
            if inner and inner[1] != "return":
                writer.helped(f"arg2 -> arg1.{inner[2]}", writer.register(inner[1]), "v11")
            writer.call()
            writer.take(writer.end)
            yield Case(row, flow, writer.end_with_sink(), True)
            if wide or not re.match(r"(this|arg\d)[.\[]", start):
                continue
            writer = Writer(row, flow, helper)
            writer.begin()
            writer.put(f"{re.match(r'this|arg[0-9]', start)[0]}.another-cell")  # type: ignore[index]
            writer.call()
            writer.take(writer.end)
            yield Case(row, flow, writer.end_with_sink(), False)


@pytest.fixture(scope="module")
def answers() -> list[tuple[Case, set[str] | None]]:
    """Each case, and what was done to the data that left in it; nothing if none did."""
    helper = Helper()
    made = list(cases(helper))
    methods = [
        f".method static m{number}()V\n    .locals 12\n    {case.code}\n    return-void\n.end method"
        for number, case in enumerate(made)
    ]
    calls = "\n    ".join(f"invoke-static {{}}, Lt/Cases;->m{number}()V" for number in range(len(made)))
    main = f".method public onCreate(Landroid/os/Bundle;)V\n    .locals 1\n    {calls}\n    return-void\n.end method"
    texts = {
        "Main": f".class public Lt/Main;\n.super Landroid/app/Activity;\n{main}",
        "Cases": ".class public Lt/Cases;\n.super Ljava/lang/Object;\n" + "\n".join(methods),
    }
    rules = load_flow_rules()
    given: _engine.FlowRules = (
        *([*rules.effects, *helper.effects()], [SOURCE], [SINK], list(rules.lifecycles), [], [], []),
    )
    setting: _engine.FlowSetting = ("t", [("t.Main", True, [], [], [])], [], [])
    found, _counts = _engine.Code.of_dex([("classes.dex", assemble(texts).data)]).flows(given, setting)
    left = {row[5][1]: set(row[6]) for row in found}
    return [(case, left.get(f"m{number}")) for number, case in enumerate(made)]


def test_every_flow_moves_its_data(answers: list[tuple[Case, set[str] | None]]) -> None:
    still = [f"{case.row[0]}.{case.row[1]}: {case.flow}" for case, marks in answers if case.leaks and marks is None]
    assert not still
    assert sum(case.leaks for case, _ in answers) > 500


def test_what_was_done_to_it_is_told(answers: list[tuple[Case, set[str] | None]]) -> None:
    for case, marks in answers:
        word = MARKS.get(case.flow.partition(" : ")[2])
        if case.leaks and word and marks is not None:
            assert word in marks, case.flow


def test_no_flow_moves_what_lies_elsewhere_or_was_taken_away(answers: list[tuple[Case, set[str] | None]]) -> None:
    wrong = [
        f"{case.row[0]}.{case.row[1]}: {case.flow}" for case, marks in answers if not case.leaks and marks is not None
    ]
    assert not wrong


def run(texts: dict[str, str], **rows: list[object]) -> list[_engine.FlowRow]:
    """Give the flows of a program whose `t.Main` the platform starts, under the rows and these further ones."""
    rules = load_flow_rules()
    given = (
        [*rules.effects],
        [SOURCE, *rows.get("sources", [])],
        [SINK, *rows.get("sinks", [])],
        list(rules.lifecycles),
        list(rows.get("listeners", [])),
        [],
        [],
    )
    setting: _engine.FlowSetting = ("t", [("t.Main", True, [], [], [])], [], [])
    code = _engine.Code.of_dex([("classes.dex", assemble(texts).data)])
    return code.flows(given, setting)[0]  # type: ignore[arg-type]  # the rows are those of the tables


def main_of(calls: list[str]) -> str:
    body = "\n    ".join(calls)
    return (
        ".class public Lt/Main;\n.super Landroid/app/Activity;\n"
        f".method public onCreate(Landroid/os/Bundle;)V\n    .locals 1\n    {body}\n    return-void\n.end method"
    )


def test_every_sink_sends_its_arguments_and_no_other() -> None:
    sinks = [sink for sink in load_flow_rules().sinks if sink[4] != b"\xff"]
    methods, expected = [], {}
    for cls, name, descriptor, kind, positions in sinks:
        types = parameters(descriptor, max([1, *positions, 2]))
        sent = positions or bytes(range(1, len(types) + 1))
        for at in range(len(types) + 1):
            # What a method is given may stay in its receiver, and leave with that.
            if at and (types[at - 1][0] not in "L[" or (0 in sent and at not in sent)):
                continue
            lines = [f"new-instance v1, L{cls.replace('.', '/')};"]
            lines += [
                f"new-instance v{number}, Lt/Thing;" if kind_of[0] in "L[" else f"const v{number}, 7"
                for number, kind_of in enumerate(types, 2)
            ]
            lines += ["invoke-static {}, Lt/Data;->read()Ljava/lang/Object;", f"move-result-object v{1 + at}"]
            call = f"L{cls.replace('.', '/')};->{name}({''.join(types)})V"
            lines.append(f"invoke-virtual/range {{v1 .. v{1 + len(types)}}}, {call}")
            number = len(methods)
            code = "\n    ".join(lines)
            methods.append(f".method static m{number}()V\n    .locals 9\n    {code}\n    return-void\n.end method")
            expected[f"m{number}"] = kind if at in sent and kind != "none" else None
    calls = [f"invoke-static {{}}, Lt/Cases;->m{number}()V" for number in range(len(methods))]
    texts = {
        "Main": main_of(calls),
        "Cases": ".class public Lt/Cases;\n.super Ljava/lang/Object;\n" + "\n".join(methods),
    }
    found = {row[5][1]: row[3] for row in run(texts, sinks=list(sinks))}
    assert {name: found.get(name) for name in expected} == expected


def listening(number: int, base: str, methods: dict[str, int], body: str) -> tuple[str, str]:
    """Give a class that has these methods (with so many parameters), and the call that hands an object of it over."""
    made = "\n".join(
        f".method public {name}({OBJECT * count})V\n    .locals 1\n    {body}\n    return-void\n.end method"
        for name, count in methods.items()
    )
    kind = f"L{base.replace('.', '/')};"
    call = f"new-instance v0, Lt/C{number};\n    invoke-static {{v0}}, Lt/Platform;->take({kind})V"
    return f".class public Lt/C{number};\n.super Ljava/lang/Object;\n.implements {kind}\n{made}", call


def test_every_listener_is_called() -> None:
    body = (
        "invoke-static {}, Lt/Data;->read()Ljava/lang/Object;\n    move-result-object v0\n"
        "    invoke-static {v0}, Lt/Data;->send(Ljava/lang/Object;)V"
    )
    listeners = load_flow_rules().listeners
    classes = [
        listening(number, base, dict.fromkeys(methods, 1), body) for number, (base, methods) in enumerate(listeners)
    ]
    texts = {f"C{number}": text for number, (text, _call) in enumerate(classes)}
    texts["Main"] = main_of([call for _text, call in classes])
    expected = {(f"t.C{number}", name) for number, (_base, methods) in enumerate(listeners) for name in methods}
    assert {(row[5][0], row[5][1]) for row in run(texts, listeners=list(listeners))} == expected
    texts["Main"] = main_of([call.partition("\n")[0] for _text, call in classes])  # made, and given to nobody
    assert run(texts, listeners=list(listeners)) == []


def test_every_parameter_that_the_platform_fills_is_a_source_and_no_other() -> None:
    inputs = [row for row in load_flow_rules().sources if row[4]]
    classes, listeners, expected = [], [], {}
    for base, name, _descriptor, data, parameter, *_rest in inputs:
        for at in (parameter, parameter + 1):
            body = f"invoke-static {{p{at}}}, Lt/Data;->send(Ljava/lang/Object;)V"
            classes.append(listening(len(classes), base, {name: parameter + 1}, body))
            expected[f"t.C{len(classes) - 1}"] = data if at == parameter else None
        listeners.append((base, [name]))
    texts = {f"C{number}": text for number, (text, _call) in enumerate(classes)}
    texts["Main"] = main_of([call for _text, call in classes])
    found = {row[5][0]: row[0] for row in run(texts, sources=list(inputs), listeners=listeners)}
    assert {name: found.get(name) for name in expected} == expected


GLOBALS = [
    (row, flow)
    for row in load_flow_rules().effects
    for flow in row[3]
    if re.match(r"global ", flow) and "." not in re.sub(r"\[.*?\]", "", flow.partition(" -> ")[0])
]
"""Flows that say which of the objects of a kind a place holds."""


def test_one_object_is_there_for_all_who_name_it() -> None:
    code = Code()
    expected, unwanted = {}, set()
    for number, (row, flow) in enumerate(GLOBALS):
        start, end = flow.split(" -> ")
        key = re.search(r"\[arg(\d)(?:\.(\w+))?\]", start)
        types = parameters(row[2], int(key[1]) if key else 0)
        lines = []
        for step, text in (("put", "a"), ("take", "a"), ("else", "b")):
            lines.append(f"new-instance v1, {type_of(row[0])}")
            lines += [f"new-instance v{at}, Lt/Thing;" for at in range(2, 2 + len(types))]
            if key:
                lines.append(f'const-string v10, "{number}{text}"')
                at = f"v{1 + int(key[1])}"
                lines += code.helped(f"arg2 -> arg1.{key[2]}", at, "v10") if key[2] else [f"move-object {at}, v10"]
            lines += code.call(row, types)
            if end != "return":
                root, _, cell = end.partition(".")
                lines += code.helped(f"arg1.{cell} -> return", "v9" if root == "return" else "v1", result="v9")
            if step == "put":
                lines += [*READ, *code.helped("arg2 -> arg1.kept", "v9", "v8")]
            else:
                lines += code.helped("arg1.kept -> return", "v9", result="v9")
                lines.append(code.probe(f"{step}_{number}", "v9"))
        # The name of the package is a text: nothing lies in it.
        if start != "global package":
            expected[f"take_{number}"] = {"network"}
        if key:
            unwanted.add(f"else_{number}")
        code.define(f"M{number}", "java.lang.Object", {"go()V": [*lines, "return-void"]})
        code.main += [f"new-instance v1, Lt/M{number};", f"invoke-virtual {{v1}}, Lt/M{number};->go()V"]
    found = code.run()
    assert {name: found.get(name) for name in expected} == expected
    assert not unwanted & found.keys()


TAKES_NOTHING = [
    row
    for row in load_flow_rules().effects
    if row[3] and all(flow in ("nothing -> nothing", "new -> return") for flow in row[3]) and not row[4]
]
"""Rows that say that a method takes on nothing of what it is given."""


MAY_BE_NULL = [row for row in load_flow_rules().effects if "null -> return" in row[3]]
"""Rows that say that there may be no result."""


def test_what_may_give_nothing_runs_the_branch_for_it() -> None:
    code = Code()
    for number, row in enumerate(MAY_BE_NULL):
        numbers = [int(one) for text in [*row[3], *row[4]] for one in re.findall(r"arg(\d)", text)]
        types = parameters(row[2], max(numbers, default=0))
        # Whatever the call can give is there.
        lines = [f"new-instance v1, {type_of(row[0])}", "new-instance v8, Lt/Thing;"]
        cells = {re.sub(r"\[arg\d\]", "[]", text.partition(" -> ")[0]) for text in row[3] if text.startswith("this")}
        lines += [
            line
            for cell in sorted(cells)
            if re.fullmatch(r"this(\[\]|\.[a-z]+)", cell)
            for line in code.helped(f"arg2 -> arg1{cell[4:]}", "v1", "v8")
        ]
        lines += [
            f"new-instance v{at}, Lt/Thing;" if one[0] in "L[" else f"const v{at}, 7" for at, one in enumerate(types, 2)
        ]
        lines += [*code.call(row, types), "if-nez v9, :there", *READ, code.probe(f"null_{number}", "v8"), ":there"]
        code.define(f"M{number}", "java.lang.Object", {"go()V": [*lines, "return-void"]})
        code.main += [f"new-instance v1, Lt/M{number};", f"invoke-virtual {{v1}}, Lt/M{number};->go()V"]
    assert code.run().keys() == {f"null_{number}" for number in range(len(MAY_BE_NULL))}


def test_what_takes_nothing_on_gives_nothing() -> None:
    code = Code()
    for number, row in enumerate(TAKES_NOTHING):
        types = parameters(row[2], 1)
        named = (row[0], "anything" if row[1] == "*" else row[1], *row[2:])
        lines = [f"new-instance v1, {type_of(row[0])}", *READ, *code.helped("arg2 -> arg1.kept", "v1", "v8")]
        lines += [f"move-object v{at}, v8" if one[0] in "L[" else f"const v{at}, 7" for at, one in enumerate(types, 2)]
        lines += code.call(named, types)
        if row[1] != "<init>":
            lines.append(code.probe(f"given_{number}", "v9"))
        lines += [*code.helped("arg1.content -> return", "v1", result="v9"), code.probe(f"held_{number}", "v9")]
        code.define(f"M{number}", "java.lang.Object", {"go()V": [*lines, "return-void"]})
        code.main += [f"new-instance v1, Lt/M{number};", f"invoke-virtual {{v1}}, Lt/M{number};->go()V"]
    assert code.run() == {}
