"""`assaymark verify`, `strip` and `certify` as a person calls them; what `verify` loads, and what that costs."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assaymark.cli import main
from assaymark.log.appending import create_log
from assaymark.log.places import open_store
from assaymark.log.trust import Plan, Trust
from assaymark.mark.reasons import Reason
from assaymark.mark.verdict import EXIT_CODES
from assaymark.model.text import has_text
from assaymark.testing.apk import Apk, manifest
from assaymark.testing.trust import NOW
from mark import vectors

CHEAP = 0.3
"""Seconds of the processor that a verification may take from start to end, Python included."""

INSPECTION = (
    "analysis",
    "batch",
    "detectors",
    "formats",
    "insight",
    "judge",
    "lake",
    "log",
    "pipeline",
    "sandbox",
    "catalog",
)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def prepared(name: str, folder: Path) -> tuple[vectors.Case, list[object]]:
    case = vectors.build(name, folder)
    root = folder / "root.note"
    root.write_bytes(case.world.root_note())
    options: list[object] = ["--root", root, "--at", case.now]
    for number, held in enumerate(case.statuses):
        path = folder / f"{number}.status"
        path.write_bytes(case.world.sign_status(held))
        options += ["--status", path]
    return case, options


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "name",
    [
        "01_embedded",
        "04e_from_making_to_distribution",
        "16b_foreign_v2_grafted_beside_v3",
        "10b_v1_only_packed_again",
        "32_revoked",
        "31_expired",
        "49_sizes_of_the_block_disagree",
    ],
)
def test_it_says_the_verdict_in_words(tmp_path: Path, name: str, lang: str) -> None:
    case, options = prepared(name, tmp_path)
    done = call("verify", *case.paths, *options, "--lang", lang)
    assert done.exit_code == EXIT_CODES[case.wanted], done.output
    assert case.paths[0].name in done.output
    assert bool(re.search(r"[\u4e00-\u9fff]", done.output)) is (lang == "zh")
    assert "{" not in done.output


def test_it_says_the_verdict_as_json(tmp_path: Path) -> None:
    case, options = prepared("04e_from_making_to_distribution", tmp_path)
    tree = json.loads(call("verify", *case.paths, *options, "--json").output)
    assert (tree["schema"], tree["state"], tree["exitCode"], len(tree["marks"])) == (
        "assaymark-verdict/1",
        "valid",
        0,
        3,
    )
    assert tree["marks"][0]["issuers"][0]["role"] == "inspector"


def test_every_reason_has_a_sentence_in_both_languages_and_a_code_of_its_own() -> None:
    for reason in Reason:
        assert has_text("zh", f"mark.{reason}")
        assert has_text("en", f"mark.{reason}")
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert {2, 3} & set(EXIT_CODES.values()) == set()


def test_every_refusal_that_a_case_makes_can_be_said(tmp_path: Path) -> None:
    """No sentence lacks what it speaks of."""
    from assaymark.cli.verify import sentence
    from assaymark.mark.root import Root
    from assaymark.mark.verify import verify

    for name in vectors.names():
        case = vectors.build(name, tmp_path)
        if case.root_note is None:
            verdict = verify(case.paths, Root.parse(case.world.root_note()), now=case.now, demand=case.demand)
            if verdict.refusal is not None:
                assert all(sentence(verdict.refusal, lang) for lang in ("zh", "en"))


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("min-level = 3", EXIT_CODES[Reason.LEVEL_TOO_LOW]),
        ('package = "com.example.other"', EXIT_CODES[Reason.OTHER_PACKAGE]),
        ("version-code = 7\nexact = true", 0),
        ('algorithms = ["sm2"]', EXIT_CODES[Reason.ALGORITHM_ABSENT]),
        ("min-level = true", 2),
        ("unknown = 1", 2),
        ("not toml", 2),
    ],
)
def test_a_policy(tmp_path: Path, policy: str, code: int) -> None:
    case, options = prepared("01_embedded", tmp_path)
    file = tmp_path / "policy.toml"
    file.write_text(policy)
    done = call("verify", *case.paths, *options, "--policy", file)
    assert done.exit_code == code, done.output


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, options = prepared("01_embedded", tmp_path)
    assert call("verify", tmp_path / "absent.apk", *options).exit_code == 3
    assert call("verify", *case.paths, "--root", tmp_path / "absent.note").exit_code == 3
    monkeypatch.setenv("ASSAYMARK_ROOT", str(tmp_path / "absent.note"))
    assert call("verify", *case.paths).exit_code == 2
    assert call("verify", *case.paths, *options, "--at", "yesterday").exit_code == 2


def test_a_detached_certificate_given_by_name(tmp_path: Path) -> None:
    case, options = prepared("02_detached", tmp_path)
    beside = case.paths[0].with_name("app.apk.assaymark")
    elsewhere = beside.rename(tmp_path / "certificate")
    assert call("verify", *case.paths, *options).exit_code == EXIT_CODES[Reason.NONE]
    assert call("verify", *case.paths, *options, "--certificate", elsewhere).exit_code == 0


def test_strip_gives_the_file_back(tmp_path: Path) -> None:
    case, _ = prepared("06_other_pairs_present", tmp_path)
    bench = vectors.Bench(tmp_path / "again")
    bare = bench.apk(pairs=[(vectors.CHANNEL, b'{"channel":"store"}'), (vectors.STAMP, b"stamp" * 300)])
    assert call("strip", case.paths[0], "-o", tmp_path / "out.apk").exit_code == 0
    assert (tmp_path / "out.apk").read_bytes() == bare.read_bytes()
    assert call("strip", tmp_path / "out.apk", "-o", tmp_path / "out.apk").exit_code == 0
    assert call("strip", tmp_path / "0.status", "-o", tmp_path / "out.apk").exit_code == 3


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of trust, a log, and a package that passes."""
    root = Trust(tmp_path / "trust").init(Plan("log.example/2026", "Example platform"), NOW)
    create_log(open_store(str(tmp_path / "log")), root.logs[0])
    smali = ".class public Lcom/example/a/Main;\n.super Landroid/app/Activity;\n"
    (tmp_path / "app.apk").write_bytes(
        Apk(manifest=manifest("com.example.a"), smali=smali, schemes=("v2", "v3")).build()
    )
    (tmp_path / "lib.aar").write_bytes(b"no package")
    return tmp_path


def certify(place: Path, *more: object) -> Result:
    return call("certify", place / "app.apk", "--trust", place / "trust", "--log", place / "log", *more)


def test_certify_then_verify(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOW))
    done = certify(place, "--page", place / "page.html", "--url", "HTTPS://H.EXAMPLE/C/1", "--private", "--sm3")
    assert done.exit_code == 0, done.output
    root = place / "trust" / "1.root"
    done = call("verify", place / "app.certified.apk", "--root", root, "--at", NOW + 60, "--json")
    tree = json.loads(done.output)
    assert (tree["state"], tree["place"]) == ("valid-status-stale", "embedded")
    assert len(tree["marks"][0]["log"]["witnesses"]) >= 2
    assert "com.example.a" in (place / "page.html").read_text(encoding="utf-8")


def test_certify_beside_the_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOW))
    report = place / "report.json"
    assert call("inspect", place / "app.apk", "--format", "json", "-o", report, "--fail-on", "never").exit_code == 0
    assert certify(place, "--detached", "--report", report, "--serial", "AM-7").exit_code == 0
    done = call("verify", place / "app.apk", "--root", place / "trust" / "1.root", "--at", NOW + 60, "--json")
    tree = json.loads(done.output)
    assert (tree["place"], tree["marks"][0]["serial"]) == ("detached", "AM-7")


def test_certify_what_does_not_pass(place: Path) -> None:
    done = certify(place, "--level", "3")
    assert done.exit_code == 1
    assert "app-method-1-1" in done.output
    assert not (place / "app.certified.apk").exists()
    assert certify(place, "--profile", "unknown").exit_code == 2
    assert certify(place, "--report", place / "lib.aar").exit_code == 2


def test_verification_loads_nothing_of_the_inspection(tmp_path: Path) -> None:
    case, options = prepared("01_embedded", tmp_path)
    words = ["verify", *map(str, [*case.paths, *options])]
    lines = ["import sys", "from assaymark.cli import main", "try:", f"    main({words!r})", "except SystemExit:"]
    code = "\n".join([*lines, "    print(sorted(sys.modules))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(re.findall(r"'([\w.]+)'", done.stdout.splitlines()[-1]))
    ours = {name for name in loaded if name.startswith("assaymark.")}
    assert not {name for name in ours if name.split(".")[1] in INSPECTION}
    assert not {"cryptography.x509", "jinja2", "rich", "duckdb", "gmssl_pyx", "segno"} & loaded
    assert {"assaymark.mark.verify", "assaymark.signing.block"} <= ours


def test_verification_is_cheap(tmp_path: Path) -> None:
    """The least of several runs: whatever else the machine does only adds."""
    case, options = prepared("01_embedded", tmp_path)
    command = [sys.executable, "-m", "assaymark", "verify", *map(str, [*case.paths, *options])]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
    used = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(used) < CHEAP
