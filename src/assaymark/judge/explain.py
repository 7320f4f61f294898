"""The words of a verdict: the sentence that may be printed, and the texts of the clauses it points to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from assaymark.judge.clause import Clause, Pack
from assaymark.model.text import LANGUAGES

LISTED = 8
"""How many items of a list a sentence spells out; the rest is counted."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_JOIN = {"zh": "、", "en": ", "}
_MORE = {"zh": "等 {count} 项", "en": " and {more} more"}

Names = Mapping[str, Mapping[str, str]]
"""How ids of data categories and SDKs are spelled for people: language, then id, then name."""


def claim(clause: Clause, reason: str, params: Mapping[str, Any], language: str, names: Names | None = None) -> str:
    """Give the sentence of a reason in one language, its `{placeholders}` filled in.

    Raises `KeyError` for a reason that neither the clause nor `reasons.toml` has, and for a placeholder without a
    parameter.
    """
    sentence = clause.find_reason(reason)
    if sentence is None:
        raise KeyError(reason)
    spelled = {**(names or {}).get(language, {}), **{value: texts[language] for value, texts in clause.words.items()}}

    def fill(match: re.Match[str]) -> str:
        key = match.group(1)
        return _spell(params[key], language, spelled)

    return _PLACEHOLDER.sub(fill, sentence[language])


def _spell(value: Any, language: str, names: Mapping[str, str]) -> str:
    if not isinstance(value, list):
        return names.get(str(value), str(value))
    shown = _JOIN[language].join(names.get(str(item), str(item)) for item in value[:LISTED])
    if len(value) <= LISTED:
        return shown
    return shown + _MORE[language].format(count=len(value), more=len(value) - LISTED)


def clause_texts(packs: Iterable[Pack]) -> dict[str, dict[str, Any]]:
    """Give the texts of every clause, by clause id, for `report["clauses"]`: a renderer needs nothing else.

    Texts are `{"zh": …, "en": …}`; `safe_claim` and `notice` are absent where the clause has none.
    """
    return {clause.id: _texts(pack, clause) for pack in packs for clause in pack.clauses}


def _texts(pack: Pack, clause: Clause) -> dict[str, Any]:
    instrument = pack.instruments[clause.instrument]
    texts: dict[str, Any] = {
        "pack": pack.id,
        "instrument": instrument.id,
        "instrument_name": dict(instrument.name),
        "official_url": instrument.official_url,
        "number": clause.number["en"],
        "cite": {
            language: instrument.cite[language].replace("{number}", clause.number[language]) for language in LANGUAGES
        },
        "severity": clause.severity,
        "decides": clause.decides,
        "needs": [*clause.needs, *clause.manifest],
        "title": dict(clause.title),
        "explain": dict(clause.explain),
        "static_limit": dict(clause.static_limit),
        "remedy": dict(clause.remedy),
    }
    if clause.safe_claim is not None:
        texts["safe_claim"] = dict(clause.safe_claim)
    if clause.notice is not None:
        texts["notice"] = dict(clause.notice)
    return texts
