"""What a rule pack is made of, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import tomli

from assaymark.model.tables import Row

Texts = Mapping[str, str]
"""One text in every language: `{"zh": …, "en": …}`."""

DECIDES = ("decided", "indicated", "needs-run", "needs-person")
"""What a program can do for a clause: state a fact, raise a suspicion, or nothing without a run or a person."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A law, rule, notice or standard whose clauses a pack judges. `cite` says how, with `{number}` in it."""

    id: str
    name: Texts
    cite: Texts
    number: str
    issuer: str
    in_force: str
    official_url: str


@dataclass(frozen=True, slots=True)
class Example:
    """A small piece of evidence, and what the clause must say of it."""

    status: str
    reason: str
    subject: str
    evidence: Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its texts, its query, and the evidence tables that the query reads (`reads`: table to columns).

    `needs` names the tables that the query leans on. Of those in `manifest` it uses what the manifest states, or what
    was found in code, but never that something was not found: gaps in the code do not weaken it.
    A clause that no query can judge has no `sql`; `manual` then names the reason why it is not assessed. `words`
    spells values that stand in parameters, such as the name of a setting, for people.
    """

    id: str
    file: str
    instrument: str
    number: Texts
    title: Texts
    explain: Texts
    safe_claim: Texts | None
    static_limit: Texts
    remedy: Texts
    notice: Texts | None
    severity: str
    decides: str
    needs: tuple[str, ...]
    manifest: tuple[str, ...]
    reasons: Mapping[str, Texts]
    words: Mapping[str, Texts]
    manual: str
    sql: str
    reads: Mapping[str, tuple[str, ...]]
    examples: tuple[Example, ...] = ()

    def find_reason(self, key: str) -> Texts | None:
        """Give the sentence of a reason in all languages: the clause's own, else the one that every pack may use."""
        return self.reasons.get(key) or common_reasons().get(key)


@dataclass(frozen=True, slots=True)
class Pack:
    """A rule pack: its clauses in the order of instruments and numbers, and the digest over its files."""

    id: str
    version: str
    title: Texts
    in_force: str
    languages: tuple[str, ...]
    instruments: Mapping[str, Instrument]
    clauses: tuple[Clause, ...]
    sha256: str


@cache
def common_reasons() -> Mapping[str, Texts]:
    """Give the reasons that every pack may use, such as `gap` or `needs-run`, from `judge/reasons.toml`."""
    tree = tomli.loads((Path(__file__).parent / "reasons.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key: MappingProxyType(texts) for key, texts in tree.items()})
