"""What an app tells an SDK: start, start without collecting, the user's decision, and which data it may collect.

The makers' guides to lawful use order these calls: what is allowed before the user agreed, then the user's decision,
then the start. A catalog row states them in four keys, `init`, `pre_init`, `consent` and `switches`, which the head of
`sdks.toml` describes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from assaymark.catalog.data import refuse_unknown
from assaymark.catalog.reading import Row

METHOD = re.compile(r"[a-z][\w.]*\.[A-Z]\w*(\$\w+)*\.(<init>|[A-Za-z_]\w*)")
VALUE = re.compile(r"true|false|null|-?\d+|[a-z][\w.]*\.[A-Z]\w*(\$\w+)*\.\w+")

MEANS = ("agreed", "shown")
KINDS = ("method", "override", "meta_data")
TURNS = ("on", "off")


class Consent(NamedTuple):
    """A call that tells the SDK what the user decided."""

    method: str
    """`dotted.Class.method`; every overload."""
    argument: int | None
    """Position of the argument that carries the decision, from 0 and without the object; `None`: the call itself."""
    agreed: str
    """The value that means agreed: `true`, `false`, a decimal integer, or an enum constant `dotted.Class.NAME`.

    Any other constant means not agreed. Empty where the call itself says so.
    """
    means: str
    """`agreed`: the user agreed; `shown`: the privacy policy was shown to the user."""


class Switch(NamedTuple):
    """A way to turn collection off or on."""

    kind: str
    """`method`: a call; `override`: a method that the app implements and the SDK asks; `meta_data`: a manifest key."""
    name: str
    """`dotted.Class.method`, or the key of the meta-data."""
    argument: int | None
    """For a method: position of the deciding argument, from 0 and without the object; `None`: the call itself."""
    off: str
    """The value (argument, answer of the override, meta-data) that turns collection off; empty: see `turns`."""
    turns: str
    """`on` or `off`: what a call without a deciding argument does; empty otherwise."""
    data: tuple[str, ...]
    """Data categories it decides about; empty: all that the SDK collects."""


def methods_of(row: Row, key: str) -> tuple[str, ...]:
    """Take a list of methods. Raises `InvalidCatalog`."""
    names = row.texts(key)
    for name in names:
        if not METHOD.fullmatch(name):
            row.refuse(f"{key}: {name!r} is not dotted.Class.method")
    return names


def consents_of(row: Row) -> tuple[Consent, ...]:
    """Take the calls that carry the user's decision. Raises `InvalidCatalog`."""
    return tuple(_consent(row, table) for table in row.tables("consent"))


def switches_of(row: Row) -> tuple[Switch, ...]:
    """Take the ways to turn collection off or on. Raises `InvalidCatalog`."""
    return tuple(_switch(row, table) for table in row.tables("switches"))


def _consent(row: Row, table: Mapping[str, object]) -> Consent:
    inner = row.part("consent", table)
    made = Consent(
        method=inner.text("method"),
        argument=inner.position("argument"),
        agreed=inner.text("agreed", ""),
        means=inner.one_of("means", MEANS, "agreed"),
    )
    inner.finish()
    if not METHOD.fullmatch(made.method):
        row.refuse(f"consent: {made.method!r} is not dotted.Class.method")
    if (made.argument is None) != (not made.agreed):
        row.refuse(f"consent: {made.method}: argument and agreed go together")
    if made.agreed and not VALUE.fullmatch(made.agreed):
        row.refuse(f"consent: {made.agreed!r} is not a constant")
    return made


def _switch(row: Row, table: Mapping[str, object]) -> Switch:
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        row.refuse(f"switch needs one of {', '.join(KINDS)}: {dict(table)}")
    inner = row.part("switches", table)
    made = Switch(
        kind=kinds[0],
        name=inner.text(kinds[0]),
        argument=inner.position("argument"),
        off=inner.text("off", ""),
        turns=inner.one_of("turns", TURNS, ""),
        data=inner.texts("data"),
    )
    inner.finish()
    if made.kind != "meta_data" and not METHOD.fullmatch(made.name):
        row.refuse(f"switch: {made.name!r} is not dotted.Class.method")
    by_call = made.kind == "method" and made.argument is None
    if (
        by_call != bool(made.turns)
        or by_call == bool(made.off)
        or (made.argument is not None and made.kind != "method")
    ):
        row.refuse(f"switch: {made.name}: a call turns on or off, anything else has a value that is off")
    if made.off and made.kind != "meta_data" and not VALUE.fullmatch(made.off):
        row.refuse(f"switch: {made.off!r} is not a constant")
    refuse_unknown(row, made.data)
    return made
