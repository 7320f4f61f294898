"""A made SDK is learned from its plain artefact, and found in apps that R8 shrank and renamed; a rival is not.

The SDK is `r8/Sdk.java`. The rival does the same work with the same calls of the platform, in words of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from assaymark import _engine, catalog
from assaymark.analysis import fingerprints
from assaymark.analysis.fingerprints import Match, match
from assaymark.catalog.fingerprints import ROW, Learned
from assaymark.testing.java import JavaCase, compile_all, tools

pytestmark = [
    pytest.mark.skipif(tools() is None, reason="no compiler of test apps (make tools)"),
    pytest.mark.xdist_group("fingerprints-r8"),  # compiled once
]

HERE = Path(__file__).parent
ID = "vendor-metrics"
SDK = (HERE / "r8" / "Sdk.java").read_text(encoding="utf-8")

HOST = """
package com.example.host;
public class Main extends android.app.Activity {
    protected void onCreate(android.os.Bundle state) {
        super.onCreate(state);
        PACKAGE.Metrics.start(this, "key").track("opened", null);
        android.widget.TextView text = new android.widget.TextView(this);
        text.setText(getSharedPreferences("settings", 0).getString("greeting", "good morning"));
        setContentView(text);
    }
}
"""

RULES = {
    "repackaged": "-repackageclasses x\n-allowaccessmodification",
    "flattened": "-flattenpackagehierarchy",
    "without-optimisation": "-dontoptimize\n-repackageclasses ''",
    "passes": "-optimizationpasses 5\n-mergeinterfacesaggressively\n-overloadaggressively\n-allowaccessmodification",
}
"""The only thing kept is the host's screen, with what it needs of the SDK."""


def rival() -> str:
    """Give the SDK of another maker: the same calls, other texts, another order of methods."""
    head, *classes = re.split(r"(?m)^(?=(?:public )?class )", SDK.replace("com.vendor.metrics", "com.rival.count"))
    worded = [re.sub(r'"([^"]*)"', _reversed, one) for one in reversed(classes)]
    sql = [re.sub(r'execSQL\("[^"]*"\)', 'execSQL("CREATE TABLE counted (n)")', one) for one in worded]
    return head.replace("/** An invented SDK", "/** A rival") + "".join(sql)


def _reversed(text: re.Match[str]) -> str:
    return f'"{text[1][::-1]}"' if len(text[1]) > 5 else text[0]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[bytes, bytes]]:
    """Give the SDK by itself, and apps with it or with its rival: each by D8 and by R8."""
    found = tools()
    assert found is not None
    keep = "-keep class com.example.host.Main { *; }\n"
    cases = {"sdk": JavaCase({"Metrics.java": SDK}, "-keep class ** { *; }")}
    for name, rules in RULES.items():
        sources = {"Metrics.java": SDK, "Main.java": HOST.replace("PACKAGE", "com.vendor.metrics")}
        cases[name] = JavaCase(sources, keep + rules)
    sources = {"Metrics.java": rival(), "Main.java": HOST.replace("PACKAGE", "com.rival.count")}
    cases["rival"] = JavaCase(sources, keep + RULES["repackaged"])
    return compile_all(cases, tmp_path_factory.mktemp("r8"), found)


@pytest.fixture(autouse=True)
def learned(built: Mapping[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch) -> Learned:
    """The SDK is learned from its plain artefact as `make learn-sdk` does it, beside all that was learned before."""
    script = _script(monkeypatch)
    row = catalog.load_sdks()[0]._replace(id=ID, packages=("com.vendor.metrics",), library=False)
    monkeypatch.setattr(catalog, "sdks_by_id", lambda: {ID: row})
    book = script.Book.open()
    book.add(script.lesson(code(built["sdk"][0]), ID), "maven:com.vendor:metrics:1.0", "1.0", "0" * 64, "2026-11-22")
    rows = sorted(book.features.items())
    table = b"".join(ROW.pack(key & 0xFFFF_FFFF, key >> 32, *value) for key, value in rows)
    made = Learned(tuple(book.libraries), tuple(book.artefacts), "")
    monkeypatch.setattr(fingerprints, "_known", lambda: _engine.Fingerprints(table))
    monkeypatch.setattr(fingerprints, "load_table", lambda: table)
    monkeypatch.setattr(fingerprints, "load_learned", lambda: made)
    for cached in (fingerprints._sizes, fingerprints._totals):
        cached.cache_clear()
    return made


def _script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = spec_from_file_location("learn_sdk", HERE.parents[2] / "scripts" / "learn_sdk.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "learn_sdk", module)  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def code(dex: bytes) -> _engine.Code:
    return _engine.Code.of_dex([("classes.dex", dex)])


def found(dex: bytes) -> dict[str, Match]:
    return {one.sdk: one for one in match(code(dex))}


@pytest.mark.parametrize("rules", RULES)
def test_it_is_found_under_r8_and_nothing_else_is(rules: str, built: Mapping[str, tuple[bytes, bytes]]) -> None:
    minified = built[rules][1]
    assert b"Lcom/vendor" not in minified
    assert set(found(minified)) == {ID}
    assert len(found(minified)[ID].classes) >= 3


def test_its_plain_form_is_found(built: Mapping[str, tuple[bytes, bytes]]) -> None:
    assert set(found(built["repackaged"][0])) == {ID}


def test_a_rival_with_the_same_calls_is_not(built: Mapping[str, tuple[bytes, bytes]]) -> None:
    assert found(built["rival"][1]) == {}
    assert found(built["rival"][0]) == {}


def test_the_host_alone_is_nothing(built: Mapping[str, tuple[bytes, bytes]]) -> None:
    owned = {name for one in match(code(built["repackaged"][1])) for name in one.classes}
    assert "com.example.host.Main" not in owned
