"""Writes programs in smali that take rows of the flow tables one by one, and runs them.

Data comes from `t.Data.read` and leaves through `t.Data.send`. A probe is a method of `t.Probe` that sends what it is
given: which probes sent something says what arrived where. A helper is a method with a rule of its own, by which a
program puts something into a cell or takes it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaymark import _engine
from assaymark.catalog.flows import Effect, load_flow_rules
from assaymark.testing.dex import assemble

OBJECT = "Ljava/lang/Object;"
SOURCE = ("t.Data", "read", "", "imei", 0, 0, [], False, False, "")
SINK = ("t.Data", "send", "", "network", b"\1")
READ = ("invoke-static {}, Lt/Data;->read()Ljava/lang/Object;", "move-result-object v8")


def type_of(name: str) -> str:
    """Give the descriptor of a class."""
    return f"L{name.replace('.', '/')};"


def parameters(descriptor: str, count: int) -> list[str]:
    """Give the types of a method whose descriptor starts so and that has that many parameters at least."""
    stated = [OBJECT if one == "L" else one for one in re.findall(r"\[*(?:L[^;]+;|[A-Z])", descriptor)]
    return stated if ")" in descriptor else [*stated, *[OBJECT] * (count - len(stated))]


@dataclass
class Code:
    """A program in the making: classes, the probes and helpers that they use."""

    classes: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    probes: set[str] = field(default_factory=set)
    components: list[Any] = field(default_factory=list)
    main: list[str] = field(default_factory=list)

    def helped(self, rule: str, *registers: str, result: str = "") -> list[str]:
        """Give the call of a helper with this rule; its result goes to a register."""
        name = self.rules.setdefault(rule, f"h{len(self.rules)}")
        types = OBJECT * len(registers)
        call = f"invoke-static {{{', '.join(registers)}}}, Lt/Helper;->{name}({types}){OBJECT if result else 'V'}"
        return [call, f"move-result-object {result}"] if result else [call]

    def probe(self, name: str, register: str) -> str:
        """Give the call that sends a register by a probe."""
        self.probes.add(name)
        return f"invoke-static/range {{{register} .. {register}}}, Lt/Probe;->{name}({OBJECT})V"

    def define(self, name: str, base: str, methods: dict[str, Sequence[str]], interface: str = "") -> None:
        """Add a class; methods by name and descriptor, each with its code. Parameters lie in p1 and so on."""
        text = [f".class public Lt/{name};", f".super {type_of(base)}"]
        text += [f".implements {type_of(interface)}"] if interface else []
        for method, body in methods.items():
            flags = "public constructor" if method.startswith("<init>") else "public"
            text += [f".method {flags} {method}", "    .locals 12", *(f"    {line}" for line in body), ".end method"]
        self.classes[name] = "\n".join(text)

    def component(self, name: str, authority: str = "") -> None:
        """Declare a class of the program in the manifest."""
        self.components.append((f"t.{name}", False, [], [], [authority] if authority else []))

    def call(self, row: Effect, types: Sequence[str], result: str = "v9") -> list[str]:
        """Give the call of a row's method on v1, with its arguments from v2 on."""
        how = "direct" if row[1] == "<init>" else "virtual"
        gives = "V" if row[1] == "<init>" else OBJECT
        last = 1 + len(types)
        call = f"invoke-{how}/range {{v1 .. v{last}}}, {type_of(row[0])}->{row[1]}({''.join(types)}){gives}"
        return [call] if gives == "V" else [call, f"move-result-object {result}"]

    def run(self) -> dict[str, set[str]]:
        """Give by probe, or by another method that sends something, the kinds of sink."""
        text = "\n".join(
            f".method static {name}({OBJECT})V\n    .locals 0\n    invoke-static {{p0}}, Lt/Data;->send({OBJECT})V\n"
            "    return-void\n.end method"
            for name in sorted(self.probes)
        )
        body = "\n    ".join(self.main)
        texts = {
            **self.classes,
            "Probe": f".class public Lt/Probe;\n.super {OBJECT}\n{text}",
            "Main": (
                ".class public Lt/Main;\n.super Landroid/app/Activity;\n"
                ".method public onCreate(Landroid/os/Bundle;)V\n    .locals 12\n"
                f"    {body}\n    return-void\n.end method"
            ),
        }
        found: dict[str, set[str]] = {}
        rules = load_flow_rules()
        helpers: list[Effect] = [("t.Helper", name, "", [rule], []) for rule, name in self.rules.items()]
        given: _engine.FlowRules = (
            *([*rules.effects, *helpers], [SOURCE], [SINK], list(rules.lifecycles), list(rules.listeners)),
            *([], []),
        )
        setting: _engine.FlowSetting = ("t", [("t.Main", True, [], [], []), *self.components], [], [])
        code = _engine.Code.of_dex([("classes.dex", assemble(texts).data)])
        for row in code.flows(given, setting)[0]:
            found.setdefault(row[5][1], set()).add(row[3])
        return found


def in_programs(cases: Iterable[Any], size: int = 30) -> list[list[Any]]:
    """Cut cases into programs that no budget cuts off."""
    listed = list(cases)
    return [listed[at : at + size] for at in range(0, len(listed), size)]
