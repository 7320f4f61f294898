"""Every row of the flow tables that says what becomes of an intent: it arrives where the row says, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from assaymark.catalog.flows import Effect, load_flow_rules
from flow.rowcode import OBJECT, READ, Code, in_programs, parameters, type_of

TAKE = "arg1[arg2] -> return"
BASES = {
    "activity": "android.app.Activity",
    "service": "android.app.Service",
    "receiver": "android.content.BroadcastReceiver",
    "worker": "androidx.work.ListenableWorker",
}
INTENT = "Landroid/content/Intent;"
CONTEXT = "Landroid/content/Context;"
LAUNCHER = "androidx.activity.result.ActivityResultLauncher"
"""What comes back to it comes as an argument of its call-back: the page on components has it."""
SENDERS = {"activity": "startActivity", "service": "startService", "receiver": "sendBroadcast"}


def sayings() -> Iterator[tuple[Effect, list[str]]]:
    """Give the rows, and the words of each thing that they say of intents."""
    for row in load_flow_rules().effects:
        for text in row[4]:
            if "(" not in text:
                yield row, text.split()


SAYINGS = list(enumerate(sayings()))


class Writer:
    """Writes the case of one thing that a row says: the receiver is v1, arguments follow it."""

    def __init__(self, code: Code, number: int, row: Effect, words: list[str]) -> None:
        self.code, self.number, self.row, self.words = code, number, row, words
        count = max([1, *(int(one) for one in re.findall(r"arg(\d)", " ".join([*row[3], *row[4]])))])
        self.types = parameters(row[2], count)
        self.expected: dict[str, set[str]] = {}
        self.unwanted: set[str] = set()

    def intent(self, register: str, target: str) -> list[str]:
        """Give code that makes an intent for a class of the program, with data in it; v10 is the key."""
        return [
            *(f"new-instance {register}, {INTENT}", f"const-class v7, Lt/{target};", *READ),
            *self.code.helped("arg2 -> arg1.target", register, "v7"),
            *self.code.helped("arg2 -> arg1[arg3]", register, "v8", "v10"),
        ]

    def sends(self, name: str, register: str) -> list[str]:
        """Give code that takes what is under the key, and under another one, and sends them."""
        self.expected[name] = {"network"}
        self.unwanted.add(f"{name}_other")
        return [
            *(f"move-object/16 v8, {register}", 'const-string v10, "k"', 'const-string v11, "other"'),
            *self.code.helped(TAKE, "v8", "v10", result="v9"),
            self.code.probe(name, "v9"),
            *self.code.helped(TAKE, "v8", "v11", result="v9"),
            *(self.code.probe(f"{name}_other", "v9"), "return-void"),
        ]

    def target(self, name: str, to: str, probe: str) -> None:
        """Declare a component that sends what it gets."""
        got = {
            "activity": {
                "onCreate(Landroid/os/Bundle;)V": [
                    f"invoke-virtual/range {{p0 .. p0}}, Landroid/app/Activity;->getIntent(){INTENT}",
                    *("move-result-object v0", *self.sends(probe, "v0")),
                ]
            },
            "service": {
                f"onStartCommand({INTENT}II)V": self.sends(probe, "p1"),
                f"onBind({INTENT})V": self.sends(probe, "p1"),
            },
            "receiver": {f"onReceive({CONTEXT}{INTENT})V": self.sends(probe, "p2")},
            "worker": {
                "<init>()V": [
                    f"invoke-virtual/range {{p0 .. p0}}, {type_of(BASES[to])}->getInputData()Lt/Data;",
                    *("move-result-object v0", *self.sends(probe, "v0")),
                ]
            },
        }
        self.code.define(name, BASES[to], got[to])
        if to != "worker":
            self.code.component(name)

    def begin(self, kept: str = "") -> list[str]:
        """Give code that makes the operands but for one."""
        lines = ['const-string v10, "k"', f"new-instance v1, {type_of(self.row[0])}"]
        for at, one in enumerate(self.types, 2):
            if f"arg{at - 1}" != kept:
                lines.append(f"new-instance v{at}, Lt/Thing;" if one[0] in "L[" else f"const v{at}, 7")
        return lines

    def go(self, lines: list[str]) -> None:
        """Run code from the launcher's activity."""
        self.code.define(f"M{self.number}", "java.lang.Object", {"go()V": [*lines, "return-void"]})
        self.code.main += [f"new-instance v1, Lt/M{self.number};", f"invoke-virtual {{v1}}, Lt/M{self.number};->go()V"]

    def write(self) -> None:
        getattr(self, self.words[0])(*self.words[1:])

    def send(self, to: str, operand: str) -> None:
        self.target(f"T{self.number}", to, f"sent_{self.number}")
        self.target(f"O{self.number}", to, f"sent_elsewhere_{self.number}")
        self.unwanted.add(f"sent_elsewhere_{self.number}")
        del self.expected[f"sent_elsewhere_{self.number}"]
        at = f"v{1 + int(operand[3])}"
        lines = [*self.begin(), *self.intent("v9", f"T{self.number}")]
        if to == "worker":
            lines += ["new-instance v6, Lt/Thing;", *self.code.helped("arg2 -> arg1[arg3]", "v6", "v8", "v10")]
            lines += self.code.helped("arg2 -> arg1.input", "v9", "v6")
        if operand.endswith("[]"):
            lines += self.code.helped("arg2 -> arg1[]", at, "v9")
        else:
            lines.append(f"move-object {at}, v9")
        self.go([*lines, *self.code.call(self.row, self.types)])

    def ask(self, to: str, operand: str) -> None:
        """What was asked for comes back."""
        target, own = f"T{self.number}", f"A{self.number}"
        answer = [
            *('const-string v10, "k"', *self.intent("v3", "Main"), "const v2, 7", "move-object/16 v1, p0"),
            f"invoke-virtual {{v1, v2, v3}}, Landroid/app/Activity;->setResult(I{INTENT})V",
            "return-void",
        ]
        self.code.define(target, BASES[to], {"onCreate(Landroid/os/Bundle;)V": answer})
        self.code.component(target)
        asks = [
            *(*self.begin(operand), "move-object/16 v1, p0", *self.intent(f"v{1 + int(operand[3])}", target)),
            *(*self.code.call(self.row, self.types), "return-void"),
        ]
        back = self.sends(f"back_{self.number}", "p3")
        methods = {"onCreate(Landroid/os/Bundle;)V": asks, f"onActivityResult(II{INTENT})V": back}
        self.code.define(own, self.row[0], methods)
        if self.row[0] == "android.app.Activity":
            self.code.component(own)
        else:
            self.go([f"new-instance v1, Lt/{own};"])

    def receive(self, channel: str, operand: str) -> None:
        """The method of a component gets what was sent to it."""
        if channel == "result":  # asking covers it
            return
        to = next(
            to for to in SENDERS if self.row[0] in (BASES[to], "android.app.IntentService" if to == "service" else "")
        )
        types = "".join(INTENT if at == int(operand[3]) else OBJECT for at in range(1, int(operand[3]) + 1))
        self.code.define(
            f"T{self.number}",
            self.row[0],
            {f"{self.row[1]}({types})V": self.sends(f"got_{self.number}", f"p{operand[3]}")},
        )
        self.code.component(f"T{self.number}")
        send = f"invoke-virtual {{v1, v9}}, {CONTEXT}->{SENDERS[to]}({INTENT})V"
        self.go([f"new-instance v1, {CONTEXT}", 'const-string v10, "k"', *self.intent("v9", f"T{self.number}"), send])

    def register(self, receiver: str, listened: str) -> None:
        """A receiver gets what is sent under the action that it was registered for."""
        for name, action in ((f"R{self.number}", "heard"), (f"S{self.number}", "unheard")):
            probe = f"{action}_{self.number}"
            self.code.define(name, BASES["receiver"], {f"onReceive({CONTEXT}{INTENT})V": self.sends(probe, "p2")})
        self.unwanted.add(f"unheard_{self.number}")
        del self.expected[f"unheard_{self.number}"]
        lines = self.begin()
        for name, action in ((f"R{self.number}", "heard"), (f"S{self.number}", "unheard")):
            lines += [f"new-instance v{1 + int(receiver[3])}, Lt/{name};", "new-instance v7, Lt/Thing;"]
            lines += [f'const-string v6, "{action}{self.number}"', *self.code.helped("arg2 -> arg1.action", "v7", "v6")]
            lines += [f"move-object v{1 + int(listened[3])}, v7", *self.code.call(self.row, self.types)]
        lines += [f"new-instance v9, {INTENT}", f'const-string v6, "heard{self.number}"', *READ]
        lines += self.code.helped("arg2 -> arg1.action", "v9", "v6")
        lines += self.code.helped("arg2 -> arg1[arg3]", "v9", "v8", "v10")
        self.go(
            [*lines, f"new-instance v1, {CONTEXT}", f"invoke-virtual {{v1, v9}}, {CONTEXT}->sendBroadcast({INTENT})V"]
        )

    def expose(self, operand: str) -> None:
        """What a public method gives goes to a web page."""
        self.code.define(
            f"E{self.number}", "java.lang.Object", {f"give_{self.number}(){OBJECT}": [*READ, "return-object v8"]}
        )
        self.expected[f"give_{self.number}"] = {"web-view"}
        made = f"new-instance v{1 + int(operand[3])}, Lt/E{self.number};"
        self.go([*self.begin(), made, *self.code.call(self.row, self.types)])

    def keep(self) -> None:
        """What it is given is not called."""
        run = f"run_{self.number}"
        body = [*READ, self.code.probe(run, "v8"), "return-void"]
        self.code.define(f"K{self.number}", "java.lang.Object", {"run()V": body}, "java.lang.Runnable")
        self.unwanted.add(run)
        self.types = ["Ljava/lang/Runnable;"] * len(self.types)
        made = [f"new-instance v{at + 1}, Lt/K{self.number};" for at in range(1, len(self.types) + 1)]
        self.go([f"new-instance v1, {type_of(self.row[0])}", *made, *self.code.call(self.row, self.types)])

    def answer(self, operand: str) -> None:
        """Asking covers it."""


PROGRAMS = in_programs(
    (number, row, words) for number, (row, words) in SAYINGS if not (row[0] == LAUNCHER and words[0] == "ask")
)


@pytest.mark.parametrize("cases", PROGRAMS, ids=lambda cases: f"{cases[0][1][0]}.{cases[0][1][1]}")
def test_intents_arrive_where_the_row_says(cases: list[tuple[int, Effect, list[str]]]) -> None:
    code = Code()
    written = [Writer(code, *case) for case in cases]
    for one in written:
        one.write()
    found = code.run()
    wrong = [
        (f"{one.row[0]}.{one.row[1]}", " ".join(one.words), {name: found.get(name) for name in one.expected})
        for one in written
        if any(found.get(name) != kinds for name, kinds in one.expected.items()) or one.unwanted & found.keys()
    ]
    assert not wrong
