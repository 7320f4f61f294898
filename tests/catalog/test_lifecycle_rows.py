"""Every life cycle of the flow tables: each of its methods runs, and keeps for a later one what the order lets it keep.

What one method writes to a field of the object, another one reads; it must be the data if the other may come later,
and must not if it cannot.
"""

from __future__ import annotations

import itertools

import pytest

from assaymark.catalog.flows import load_flow_rules
from flow.rowcode import READ, Code

LIFECYCLES = load_flow_rules().lifecycles


def states_of(order: list[str]) -> tuple[list[str], set[tuple[str, str]]]:
    """Give the states, and which may come at some time after which."""
    chains = [[name.strip() for name in text.split(" > ")] for text in order]
    names = list(dict.fromkeys(name for chain in chains for name in chain))
    after = {pair for chain in chains for pair in itertools.pairwise(chain)}
    while more := {(a, d) for a, b in after for c, d in after if b == c} - after:
        after |= more
    return names, after


@pytest.mark.parametrize(("base", "made", "order"), LIFECYCLES, ids=[row[0] for row in LIFECYCLES])
def test_states_run_and_keep_what_their_order_lets_them(base: str, made: bool, order: list[str]) -> None:
    names, after = states_of(order)
    methods = [name for name in names if not name.isupper()]
    code = Code()
    bodies = {}
    for at, name in enumerate(methods):
        field = "Lt/Own;->f_{}_{}:Ljava/lang/Object;"
        # Read first: what the method itself writes is there only when it runs again.
        body = ["move-object/16 v1, p0", *READ, code.probe(f"ran_{at}", "v8")]
        for other in range(len(methods)):
            body += [f"iget-object v2, v1, {field.format(other, at)}", code.probe(f"kept_{other}_{at}", "v2")]
        for other in range(len(methods)):
            body.append(f"iput-object v8, v1, {field.format(at, other)}")
        bodies[f"{name}()V"] = [*body, "return-void"]
    code.define("Own", base, bodies)
    fields = "\n".join(
        f".field public f_{a}_{b}:Ljava/lang/Object;" for a in range(len(methods)) for b in range(len(methods))
    )
    head, _, rest = code.classes["Own"].partition("\n.method")
    code.classes["Own"] = f"{head}\n{fields}\n.method{rest}"
    if made:
        code.main += ["new-instance v1, Lt/Own;"]
        if "<init>()V" in bodies:
            code.main.append("invoke-direct {v1}, Lt/Own;-><init>()V")
    else:
        code.component("Own")
    found = code.run()
    wrong = []
    for a, first in enumerate(methods):
        if f"ran_{a}" not in found:
            wrong.append(f"{first} does not run")
        for b, second in enumerate(methods):
            kept = f"kept_{a}_{b}" in found
            if kept != ((first, second) in after):
                wrong.append(f"{first} > {second}: {'kept' if kept else 'lost'}")
    assert not wrong
