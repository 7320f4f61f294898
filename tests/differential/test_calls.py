"""Call sites, field reads and string constants against `dexdump`, dexllm and androguard.

What differs on purpose is listed in `docs/differences/calls.md`; `others.py` says how to compare the whole corpus.
"""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assaymark import pipeline
from assaymark._engine import Code
from assaymark.catalog import Api, load_apis
from assaymark.catalog.apis import ANY_CLASS, matches
from assaymark.model.errors import CannotInspect
from differential.others import ALL, CORPUS, Tally, Use, Uses, apks, dex_members, dexdump, rank, sample, uses

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside the repository"),
    pytest.mark.timeout(7200 if ALL else 300),
]

INVOKES = {"virtual", "super", "direct", "static", "interface", "polymorphic"}
"""Kinds of our hits that are instructions which name the method; the others stand behind a handle or a call site."""


@cache
def rows(kind: str) -> tuple[Api, ...]:
    return tuple(api for api in load_apis() if api.kind == kind and api.class_name != ANY_CLASS)


def names(api: Api, target: str) -> bool:
    """Say whether the target of a call is the method of a row."""
    name, parenthesis, descriptor = target.partition("(")
    return name == api.title and (parenthesis + descriptor).startswith(api.descriptor)


def our_uses(code: Code) -> Uses:
    """Give what the engine finds for every row of the catalog."""
    calls = code.find_calls([(api.class_name, api.name, api.descriptor, False) for api in rows("method")])
    reads = code.find_fields([(api.class_name, api.name) for api in rows("field")])
    texts = [api.name for api in rows("string")]
    strings = code.find_strings(
        [text for text in texts if not text.endswith("*")], [text[:-1] for text in texts if text.endswith("*")]
    )
    return Uses(
        [Use(hit[2], *hit[4], hit[6]) for hit in calls if hit[1] in INVOKES],
        [Use(hit[2], *hit[4], hit[6]) for hit in reads if hit[1] == "read"],
        [Use(text, *hit[4], hit[6]) for _selector, text, hit in strings if hit is not None],
    )


def wanted(found: Uses) -> Uses:
    """Keep of all references of a DEX file those that the catalog asks for."""
    by_title: dict[str, list[Api]] = {}
    for api in rows("method"):
        by_title.setdefault(api.title, []).append(api)
    fields = {api.title for api in rows("field")}
    return Uses(
        [
            use
            for use in found.calls
            for api in by_title.get(use.target.partition("(")[0], ())
            if names(api, use.target)
        ],
        [use for use in found.reads if use.target in fields],
        [use for use in found.strings for api in rows("string") if matches(api.name, use.target)],
    )


def compare(tally: Tally, place: str, ours: list[Use], theirs: list[Use], fact: str) -> None:
    """Compare references as bags, target by target."""
    left, right = Counter(ours), Counter(theirs)
    for target in sorted({use.target for use in (*left, *right)}):
        tally.compare(
            fact,
            f"{place} {target}",
            sorted((use, count) for use, count in left.items() if use.target == target),
            sorted((use, count) for use, count in right.items() if use.target == target),
        )
        tally.equal[f"places of {fact}"] += sum(count for use, count in (left & right).items() if use.target == target)


@pytest.mark.skipif(shutil.which("dexdump") is None, reason="dexdump is not installed")
def test_dexdump_names_the_same_places(tmp_path: Path) -> None:
    """Every call, field read and string of every row of the catalog, in every DEX file, is where dexdump shows it."""
    tally = Tally("dexdump")
    seen: set[str] = set()
    for path in sample(apks(damaged=False), 40, 800_000):
        if not zipfile.is_zipfile(path):
            continue
        for name, data in dex_members(path):
            if (digest := rank(data.hex())) in seen:
                continue
            seen.add(digest)
            (tmp_path / "one.dex").write_bytes(data)
            text = dexdump(tmp_path / "one.dex")
            if text is None:
                tally.equal["refused by dexdump"] += 1
                continue
            tally.equal["DEX files"] += 1
            place = f"{path.relative_to(CORPUS)}!{name}"
            ours, theirs = our_uses(Code.of_dex([(name, data)])), wanted(uses(text, data))
            compare(tally, place, ours.calls, theirs.calls, "calls")
            compare(tally, place, ours.reads, theirs.reads, "field reads")
            compare(tally, place, ours.strings, theirs.strings, "strings")
    assert not tally.unexplained()
    assert tally.equal["places of calls"] > 40


def sampled(code: Code, kind: str, count: int) -> list[Api]:
    """Give rows of the catalog: four fifths of them, where there are as many, occur in this code."""
    ordered = sorted(rows(kind), key=lambda api: rank(api.id))
    if kind == "method":
        found = {hit[0] for hit in code.find_calls([(api.class_name, api.name, "", False) for api in ordered])}
    else:
        found = {hit[0] for hit in code.find_fields([(api.class_name, api.name) for api in ordered])}
    occurring = [api for position, api in enumerate(ordered) if position in found][: count * 4 // 5]
    chosen = {api.id for api in occurring}
    return occurring + [api for api in ordered if api.id not in chosen][: count - len(occurring)]


def own_calls(code: Code, apis: list[Api]) -> list[Use]:
    found = code.find_calls([(api.class_name, api.name, "", False) for api in apis])
    return sorted({Use(hit[2], *hit[4], hit[6]) for hit in found if hit[1] in INVOKES})


def own_reads(code: Code, apis: list[Api]) -> list[Use]:
    found = code.find_fields([(api.class_name, api.name) for api in apis])
    return sorted({Use(hit[2], *hit[4], hit[6]) for hit in found if hit[1] == "read"})


def split_method(descriptor: str) -> tuple[str, str, str]:
    """Turn `La/B;->m(I)V` into `a.B`, `m`, `(I)V`."""
    cls, _, rest = descriptor.partition("->")
    name, parenthesis, arguments = rest.partition("(")
    return cls[1:-1].replace("/", "."), name, parenthesis + arguments


@pytest.mark.skipif(importlib.util.find_spec("dexllm") is None, reason="dexllm is not installed")
def test_dexllm_finds_the_same_call_sites() -> None:
    """Calls of 50 APIs and reads of 10 fields are those that dexllm's cross references give."""
    import dexllm

    tally = Tally("dexllm")
    for path in sample(apks(damaged=False), 15, 2_000_000):
        try:
            other = dexllm.DexKit(str(path))
        except (RuntimeError, ValueError):
            continue  # no DEX file in it, or one that dexllm's verifier refuses
        code = Code.of_dex(list(dex_members(path)))
        if len(code.dex_names()) != other.dex_count():
            tally.equal["other DEX files loaded"] += 1
            continue
        tally.equal["packages"] += 1
        apis = sampled(code, "method", 50)
        titles = {(api.class_name, api.name) for api in apis}
        calls = set()
        for named in sorted(set(other.list_methods())):
            cls, name, descriptor = split_method(named)
            if (cls, name) in titles:
                target = f"{cls}.{name}{descriptor}"
                for site in other.find_call_sites_to(named):
                    calls.add(Use(target, *split_method(site.caller_descriptor), site.bytecode_offset // 2))
        place = str(path.relative_to(CORPUS))
        compare(tally, place, own_calls(code, apis), sorted(calls), "calls")
        fields = sampled(code, "field", 10)
        reads = set()
        titles = {(api.class_name, api.name) for api in fields}
        for found in sorted(set(other.list_fields())):
            owner, _, member = found.partition("->")
            cls, name = owner[1:-1].replace("/", "."), member.partition(":")[0]
            if (cls, name) in titles:
                for read in other.find_field_read_sites(found):
                    caller = split_method(read.method_descriptor)
                    reads.add(Use(f"{cls}.{name}", *caller, read.bytecode_offset // 2))
        compare(tally, place, own_reads(code, fields), sorted(reads), "field reads")
    assert not tally.unexplained()
    assert tally.equal["packages"] > 5


ANDROGUARD = (
    "apk/TestActivity.apk",
    "apk/a2dp.Vol_137.apk",
    "apk/com.politedroid_4.apk",
    "apk/com.teleca.jamendo_35.apk",
    "apk/duplicate.permisssions_9999999.apk",
    "apk/fdroid/SpeedoMeterApp.main_1.apk",
    "apk/fdroid/org.dyndns.fules.ck_20.apk",
    "apk/fdroid/urzip-release.apk",
)


@pytest.mark.skipif(importlib.util.find_spec("androguard") is None, reason="androguard is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ANDROGUARD)
def test_androguard_finds_the_same_call_sites(name: str) -> None:
    """Calls of 50 APIs, reads of 10 fields and uses of strings are androguard's cross references."""
    from androguard.core.analysis.analysis import Analysis
    from androguard.core.dex import DEX
    from loguru import logger

    logger.remove()
    path = CORPUS / name
    members = list(dex_members(path))
    other = Analysis()
    for _name, data in members:
        other.add(DEX(data))
    other.create_xref()
    code = Code.of_dex(members)
    tally = Tally(f"androguard {name}")
    apis = sampled(code, "method", 50)
    titles = {(api.class_name, api.name) for api in apis}
    calls = set()
    for method in other.get_methods():
        cls, title = method.class_name[1:-1].replace("/", "."), method.name
        if (cls, title) in titles:
            target = f"{cls}.{title}{method.descriptor.replace(' ', '')}"
            calls |= {Use(target, *where(caller), offset // 2) for _cls, caller, offset in method.get_xref_from()}
    compare(tally, name, own_calls(code, apis), sorted(calls), "calls")

    used = sorted((text for text, one in other.strings.items() if one.get_xref_from()), key=rank)
    texts = [text for text in used if text in {api.name for api in rows("string")}][:10] + used[:10]
    found = set()
    for text in texts:
        for _cls, caller, offset in other.strings[text].get_xref_from(with_offset=True):
            found.add(Use(text, *where(caller), offset // 2))
    ours = {Use(text, *hit[4], hit[6]) for _at, text, hit in code.find_strings(texts) if hit is not None}
    compare(tally, name, sorted(ours), sorted(found), "strings")
    assert not tally.unexplained()


def where(method: Any) -> tuple[str, str, str]:
    """Give class, name and descriptor of androguard's view of a method."""
    cls, descriptor = method.class_name[1:-1].replace("/", "."), method.descriptor.replace(" ", "")
    return cls, method.name, descriptor


def test_every_call_becomes_evidence() -> None:
    """Between the engine's hits and the rows of the report nothing is lost and nothing is added."""
    compared = 0
    for path in sample(apks(damaged=False), 12, 2_000_000):
        try:
            report = pipeline.inspect(path, packs=())
        except CannotInspect:
            continue  # code without a manifest
        rows_here = {(row["at"], row["data"]) for row in report.evidence["api_call"]}
        methods = [api for api in rows("method") if not api.argument and not api.value]
        code = Code.of_dex(list(dex_members(path)))
        hits = code.find_calls([(api.class_name, api.name, api.descriptor, api.subclasses) for api in methods])
        expected = {(f"{hit[5]}:{hit[4][0]}.{hit[4][1]}{hit[4][2]}+{hit[6]:#x}", methods[hit[0]].data) for hit in hits}
        assert expected <= rows_here, path.name
        unasked = {(row["at"], row["data"]) for row in report.evidence["api_call"] if row["kind"] == "method"}
        asked = [api for api in load_apis() if api.kind == "method"]
        every = code.find_calls([(api.class_name, api.name, api.descriptor, api.subclasses) for api in asked])
        assert unasked <= {
            (f"{hit[5]}:{hit[4][0]}.{hit[4][1]}{hit[4][2]}+{hit[6]:#x}", asked[hit[0]].data) for hit in every
        }, path.name
        compared += len(expected)
    assert compared > 10
