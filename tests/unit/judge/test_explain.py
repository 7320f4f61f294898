"""Sentences and the texts of clauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assaymark.judge import Pack, clause_texts, load_pack
from assaymark.judge.explain import claim

Writer = Callable[..., Path]


@pytest.fixture
def pack(write_pack: Writer) -> Pack:
    return load_pack(write_pack())


def test_claim_fills_placeholders_once(pack: Pack) -> None:
    (clause,) = pack.clauses
    assert claim(clause, "asked", {"names": ["{names}", "A"]}, "en") == "Asks for {names}, A."
    assert claim(clause, "asked", {"names": "A"}, "zh") == "声明了A。"


def test_claim_without_its_parameter(pack: Pack) -> None:
    with pytest.raises(KeyError, match="names"):
        claim(pack.clauses[0], "asked", {}, "en")
    with pytest.raises(KeyError, match="unheard"):
        claim(pack.clauses[0], "unheard", {}, "en")


def test_words_and_names_spell_values(pack: Pack) -> None:
    clause = replace(
        pack.clauses[0],
        words={"app": {"zh": "应用自身", "en": "the app itself"}},
        reasons={"asked": {"zh": "{data}：{names}。", "en": "{data}: {names}."}},
    )
    names = {"zh": {"imei": "设备识别码", "app": "不用这个"}, "en": {"imei": "IMEI"}}
    params = {"data": ["imei", "mac"], "names": ["app", "imei"]}
    assert claim(clause, "asked", params, "zh", names) == "设备识别码、mac：应用自身、设备识别码。"
    assert claim(clause, "asked", params, "en", names) == "IMEI, mac: the app itself, IMEI."


def test_clause_texts_hold_what_a_renderer_needs(pack: Pack) -> None:
    texts = clause_texts([pack])["rule-1"]
    assert texts["cite"] == {"zh": "《规则》1", "en": "Rule 1"}
    assert texts["instrument_name"] == {"zh": "规则", "en": "Rule"}
    assert texts["number"] == "1"
    assert {"title", "explain", "static_limit", "remedy", "safe_claim"} <= set(texts)
    assert "notice" not in texts
