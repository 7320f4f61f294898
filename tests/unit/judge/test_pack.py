"""Loading packs: what comes out of a good one, and each thing that is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from assaymark.judge import available_packs, check_pack, load_pack
from assaymark.judge import pack as pack_module
from assaymark.model.errors import InvalidRulePack, UsageError

Writer = Callable[..., Path]


def test_a_good_pack_loads(write_pack: Writer) -> None:
    pack = load_pack(write_pack())
    assert (pack.id, pack.version, len(pack.sha256)) == ("small", "1", 64)
    (clause,) = pack.clauses
    assert clause.reads == {"permission": ("id", "name", "requested")}
    assert clause.number == {"zh": "1", "en": "1"}
    assert clause.examples == ()
    assert len(check_pack(write_pack()).clauses[0].examples) == 2


def test_digest_follows_every_file(write_pack: Writer, small_clause: str, small_pack: str) -> None:
    first = load_pack(write_pack()).sha256
    assert load_pack(write_pack()).sha256 == first
    assert load_pack(write_pack(small_pack + "\n")).sha256 != first
    assert load_pack(write_pack(rule_1=small_clause.replace("Limit.", "Limits."))).sha256 != first


def test_clauses_come_in_the_order_of_their_numbers(write_pack: Writer, small_clause: str) -> None:
    clauses = {f"c{n}": small_clause.replace('"rule-1"', f'"rule-{n}"') for n in (10, 2, 1)}
    assert [clause.id for clause in load_pack(write_pack(**clauses)).clauses] == ["rule-1", "rule-2", "rule-10"]


REFUSED = {
    "unknown column": ("requested IS TRUE", "granted IS TRUE", "no such column: granted"),
    "unknown table": ("FROM permission", "FROM grants", "no such table: grants"),
    "inner table of SQLite": (
        "apps LEFT JOIN asked",
        "apps JOIN sqlite_schema LEFT JOIN asked",
        "which is no evidence table",
    ),
    "table function of SQLite": (
        "permission WHERE requested IS TRUE",
        "pragma_table_info('permission')",
        "other than read evidence",
    ),
    "table not in needs": ('needs = ["permission"]', "needs = []", "name it once, in `needs` or in `manifest`"),
    "table in needs not read": (
        'needs = ["permission"]',
        'needs = ["permission", "sdk"]',
        "but the query does not read it",
    ),
    "needs no table": ('needs = ["permission"]', 'needs = ["grants"]', "no evidence table"),
    "function that opens files": ("json(asked.names)", "readfile('/etc/passwd')", "readfile"),
    "function that is not shared": ("json(asked.names)", "hex(asked.names)", "`hex`"),
    "extension": ("json(asked.names)", "load_extension('x')", "load_extension"),
    "recursion": (
        "WITH asked AS (\n  SELECT app, count(*) AS n",
        "WITH RECURSIVE r AS (SELECT 1 AS i UNION SELECT i FROM r), asked AS (\n  SELECT app, (SELECT i FROM r) AS n",
        "recursive",
    ),
    "second statement": ("LEFT JOIN asked ON asked.app = apps.app", "; DROP TABLE permission", "syntax error"),
    "closing semicolon": ("ON asked.app = apps.app", "ON asked.app = apps.app;", "semicolon"),
    "text in double quotes": ("'app' AS subject", '"me" AS subject', '"me"'),
    "missing column of the answer": (", asked.ids AS evidence_ids", "", "it must return app, subject"),
    "missing Chinese": ('title.zh = "权限"\n', "", "`title.zh` is missing"),
    "missing English": ('remedy.en = "Delete."\n', "", "`remedy.en` is missing"),
    "empty text": ('remedy.en = "Delete."', 'remedy.en = " "', "`remedy.en` is missing"),
    "third language": ('remedy.en = "Delete."', 'remedy.en = "D."\nremedy.fr = "E."', "unknown language `remedy.fr`"),
    "unknown key": ('severity = "high"', 'severity = "high"\nweight = 3', "unknown key `weight`"),
    "unknown severity": ('severity = "high"', 'severity = "fatal"', "`severity` is `fatal`"),
    "unknown decides": ('"indicated"', '"maybe"', "`decides` is `maybe`"),
    "unknown instrument": ('instrument = "rule"', 'instrument = "law"', "`law` is not declared"),
    "no safe claim": (
        'safe_claim.zh = "声明了权限。"\nsafe_claim.en = "Permissions are declared."\n',
        "",
        "`safe_claim`",
    ),
    "reason without a sentence": ("ELSE 'none' END", "ELSE 'nothing' END", "`nothing` has no sentence"),
    "reason of an example without a sentence": ('reason = "none"', 'reason = "nil"', "`nil` has no sentence"),
    "reason without an example": (
        "reasons.none.zh",
        'reasons.more.zh = "更多。"\nreasons.more.en = "More."\nreasons.none.zh',
        "no example shows the reason `more`",
    ),
    "placeholder without a parameter": ("Asks for {names}.", "Asks for {count}.", "(clause-failed)"),
    "example with another outcome": ('expect = "satisfied"', 'expect = "violated"', "example 2 expects app: violated"),
    "example of an unknown table": ("permission = [", "grants = [", "no evidence table"),
    "example of an unknown column": ("requested = true }", "granted = true }", "`permission.granted`"),
    "example of another type": ("requested = true }", 'requested = "yes" }', "not boolean"),
    "example with an unknown value": ("requested = true }", 'usage = "often" }', "the value `often`"),
    "example with an unknown status": ('expect = "satisfied"', 'expect = "fine"', "`examples.expect` is `fine`"),
    "manual with a query": ('severity = "high"', 'severity = "high"\nmanual = "needs-run"', "not both"),
    "broken TOML": ('severity = "high"', "severity = high", "not valid TOML"),
    "open head": ("---*/\n", "", "not closed"),
    "no head": ("/*---\n", "", "the first line must be"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, write_pack: Writer, small_clause: str) -> None:
    before, after, words = REFUSED[case]
    assert before in small_clause
    folder = write_pack(rule_1=small_clause.replace(before, after, 1))
    with pytest.raises(InvalidRulePack) as caught:
        load_pack(folder)
    assert str(caught.value).startswith("rule_1.sql: ")
    assert caught.value.params["file"] == "rule_1.sql"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM permission", "PRAGMA user_version = 1", "ATTACH 'x.db' AS x", "CREATE TABLE t(a)", "VACUUM"],
)
def test_a_query_that_is_not_a_query_is_refused(statement: str, write_pack: Writer, small_clause: str) -> None:
    head, _ = small_clause.split("---*/\n")
    with pytest.raises(InvalidRulePack, match=r"rule_1\.sql"):
        load_pack(write_pack(rule_1=f"{head}---*/\n{statement}\n"))


def test_examples_are_needed(write_pack: Writer, small_clause: str) -> None:
    head, rest = small_clause.split("\n[[examples]]", 1)
    query = rest.split("---*/")[1]
    with pytest.raises(InvalidRulePack, match="no example"):
        load_pack(write_pack(rule_1=f"{head}\n---*/{query}"))
    one = rest.split("[[examples]]")[0].replace('reason = "asked"', 'reason = "asked"', 1)
    bare = head.replace('reasons.none.zh = "没有声明。"\nreasons.none.en = "Asks for none."', "")
    shown = query.replace("ELSE 'none' END", "ELSE 'asked' END")
    with pytest.raises(InvalidRulePack, match="show at least two"):
        load_pack(write_pack(rule_1=f"{bare}\n[[examples]]{one}---*/{shown}"))


def test_ids_are_used_once(write_pack: Writer, small_clause: str) -> None:
    with pytest.raises(InvalidRulePack, match=r"`rule-1` is already used by a\.sql"):
        load_pack(write_pack(a=small_clause, b=small_clause))


def test_a_manual_clause_has_a_head_only(write_pack: Writer, small_clause: str) -> None:
    head = small_clause.split("reasons.asked.zh")[0].replace(
        'severity = "high"', 'severity = "high"\nmanual = "needs-run"'
    )
    (clause,) = load_pack(write_pack(rule_1=f"{head}---*/\n")).clauses
    assert (clause.manual, clause.sql) == ("needs-run", "")
    with pytest.raises(InvalidRulePack, match="`manual` is `because`"):
        load_pack(write_pack(rule_1=f"{head}---*/\n".replace("needs-run", "because")))
    with pytest.raises(InvalidRulePack, match="no examples and no reasons"):
        load_pack(write_pack(rule_1=f'{head}reasons.a.zh = "甲"\nreasons.a.en = "A"\n---*/\n'))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('languages = ["zh", "en"]', 'languages = ["en"]', "`languages` must name"),
        ('id = "small"', "", "`id` is missing"),
        ('version = "1"', 'version = "1"\nauthor = "me"', "unknown key `author`"),
        ('cite.en = "Rule {number}"', 'cite.en = "Rule"', "must hold `{number}`"),
        ('issuer = "Office"', 'issuer = "Office"\nseal = "x"', "unknown key `instruments.seal`"),
    ],
)
def test_pack_toml_is_checked(before: str, after: str, words: str, write_pack: Writer, small_pack: str) -> None:
    with pytest.raises(InvalidRulePack, match=r"pack\.toml") as caught:
        load_pack(write_pack(small_pack.replace(before, after, 1)))
    assert words in str(caught.value)


def test_not_utf8(write_pack: Writer) -> None:
    folder = write_pack()
    (folder / "rule_1.sql").write_bytes(b"/*---\n\xff\n---*/\n")
    with pytest.raises(InvalidRulePack, match="not UTF-8"):
        load_pack(folder)


def test_no_such_pack(tmp_path: Path) -> None:
    for name in ("no-such-pack", str(tmp_path), "../rulepacks", tmp_path / "none"):
        with pytest.raises(UsageError, match="no such rule pack"):
            load_pack(name)


def test_shipped_packs_are_kept_beside_their_source_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path(str(files("assaymark"))) / "rulepacks"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(shipped, tmp_path / "rulepacks", ignore=ignore)
    monkeypatch.setattr(pack_module, "_shipped", lambda: tmp_path / "rulepacks")
    for name in available_packs():
        fresh = load_pack(name)
        (kept,) = (tmp_path / "rulepacks" / name / "__pycache__").iterdir()
        assert load_pack(name) == fresh
        tree = json.loads(kept.read_text(encoding="utf-8"))
        kept.write_text(json.dumps({**tree, "version": "kept"}), encoding="utf-8")
        assert load_pack(name).version == "kept"
        kept.write_text("{", encoding="utf-8")
        assert load_pack(name) == fresh
        head = tmp_path / "rulepacks" / name / "pack.toml"
        head.write_text(head.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        assert load_pack(name).sha256 != fresh.sha256
        assert len(list(kept.parent.iterdir())) == 1


def test_what_lies_in_a_foreign_pycache_is_not_trusted(write_pack: Writer) -> None:
    folder = write_pack()
    load_pack(folder)
    assert not (folder / "__pycache__").exists()
