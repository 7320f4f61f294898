"""A person's path: make keys, run a log with witnesses, prove, withdraw, watch; all on the command line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assaymark.cli import main
from assaymark.mark.note import Key
from assaymark.mark.proof import Proof, check_logged
from assaymark.mark.root import Root

ORIGIN = "log.example/2026"


@pytest.fixture(autouse=True)
def _no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAYMARK_PASSPHRASE", raising=False)


def _run(*arguments: object, expect: int = 0, **more: object) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments], **more)  # type: ignore[arg-type]
    assert result.exit_code == expect, result.output
    assert "Traceback" not in result.output
    return result


def _world(folder: Path, *options: object) -> tuple[Path, Path]:
    trust, log = folder / "trust", folder / "log"
    _run("keys", "init", trust, "--origin", ORIGIN, "--issuer", "Test Lab", *options)
    _run("log", "init", log, "--trust", trust)
    return trust, log


def _entries(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{at}.json" for at in range(count)]
    for file in files:
        file.write_text(f'{{"number": "{file.name}"}}')
    return files


def test_from_keys_to_a_proof_that_holds(tmp_path: Path) -> None:
    trust, log = _world(tmp_path)
    files = _entries(tmp_path, 3)
    assert _run("log", "add", log, *files).stdout == "".join(f"{at}\t{file}\n" for at, file in enumerate(files))
    assert _run("log", "add", log, files[1]).stdout == f"1\t{files[1]}\n"
    assert "3 entries" in _run("log", "checkpoint", log, "--trust", trust, "--lang", "en").stdout
    assert _run("log", "fsck", log).exit_code == 0
    _run("log", "prove", log, 1, "-o", tmp_path / "proof")
    root = Root.parse((trust / "1.root").read_bytes())
    proof = Proof.parse((tmp_path / "proof").read_bytes())
    logged = check_logged(files[1].read_bytes(), proof, root.policy)
    assert (logged.origin, logged.index, len(logged.witnesses)) == (ORIGIN, 1, 3)
    assert _run("log", "audit", log, tmp_path / "proof", log / "checkpoint", "--root", trust / "1.root").stdout == ""


def test_a_private_entry_is_opened_with_its_salt(tmp_path: Path) -> None:
    trust, log = _world(tmp_path)
    (file,) = _entries(tmp_path, 1)
    _run("log", "add", log, file, "--private")
    salt = tmp_path / "0.json.salt"
    assert salt.stat().st_mode & 0o777 == 0o600
    _run("log", "checkpoint", log, "--trust", trust)
    _run("log", "prove", log, 0, "--salt", salt, "-o", tmp_path / "proof")
    proof = Proof.parse((tmp_path / "proof").read_bytes())
    assert check_logged(file.read_bytes(), proof, Root.parse((trust / "1.root").read_bytes()).policy).private
    assert file.read_bytes() not in b"".join(one.read_bytes() for one in log.rglob("*") if one.is_file())


def test_status_and_monitor(tmp_path: Path) -> None:
    trust, log = _world(tmp_path)
    _run("log", "add", log, *_entries(tmp_path, 3))
    memory = ("--memory", tmp_path / "memory", "--root", trust / "1.root")
    said = _run("status", "set", log, "--trust", trust, "1=revoked", "2=superseded", "--lang", "en").stdout
    assert "not good: 2" in said
    refused = _run("status", "set", log, "--trust", trust, "1=good", "--lang", "en", expect=2)
    assert "cannot be taken back" in refused.stderr
    alerts = [json.loads(line) for line in _run("log", "monitor", log, *memory, "--json", expect=1).stdout.splitlines()]
    assert [(one["kind"], one["index"]) for one in alerts] == [("entry", 0), ("entry", 1), ("entry", 2)]
    assert _run("log", "monitor", log, *memory).stdout == ""
    refused = _run("log", "monitor", log, *memory[2:], "--memory", tmp_path / "2", "--lang", "zh", expect=1)
    assert "不应出现" in refused.stdout


def test_fsck_names_what_was_changed(tmp_path: Path) -> None:
    trust, log = _world(tmp_path)
    _run("log", "add", log, *_entries(tmp_path, 3))
    _run("log", "checkpoint", log, "--trust", trust)
    bundle = log / "tile/entries/000.p/3"
    bundle.write_bytes(bundle.read_bytes().replace(b"1.json", b"9.json"))
    said = _run("log", "fsck", log, "--lang", "en", expect=1).stdout
    assert "tile/entries/000.p/3: entry 1 is not the one" in said
    assert "faults: 1" in said


def test_keys_with_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust = tmp_path / "trust"
    init = ("keys", "init", trust, "--origin", ORIGIN, "--issuer", "Lab", "--ask-passphrase", "--lang", "en")
    assert "no passphrase" not in _run(*init, input="horse\nhorse\n").stderr
    assert b"ENCRYPTED" in (trust / "log.pem").read_bytes()
    assert (
        "has a passphrase" in _run("log", "init", tmp_path / "log", "--trust", trust, "--lang", "en", expect=2).stderr
    )
    assert not (tmp_path / "log").exists()
    monkeypatch.setenv("ASSAYMARK_PASSPHRASE", "wrong")
    assert (
        "cannot be opened" in _run("log", "init", tmp_path / "log", "--trust", trust, "--lang", "en", expect=2).stderr
    )
    monkeypatch.setenv("ASSAYMARK_PASSPHRASE", "horse")
    _run("log", "init", tmp_path / "log", "--trust", trust)


def test_the_next_root(tmp_path: Path) -> None:
    trust, _ = _world(tmp_path)
    keyid = next(iter(Root.parse((trust / "1.root").read_bytes()).issuers))
    _run("keys", "rotate", trust, "--new-issuer", "Store", "store", 1, "--replace", "log.example/root-1")
    _run("keys", "rotate", trust, "--cut-off", keyid, ORIGIN, 17)
    roots = [(trust / f"{version}.root").read_bytes() for version in (1, 2, 3)]
    last = Root.parse(roots[0]).next(roots[1]).next(roots[2])
    assert last.issuer(keyid).cut_off == {ORIGIN: 17}
    refused = _run("keys", "rotate", trust, "--cut-off", keyid, ORIGIN, "x", "--lang", "en", expect=2)
    assert "x is no number" in refused.stderr


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("log", "add", "{tmp}/none", "{tmp}/file"),
        ("log", "fsck", "{tmp}/none"),
        ("log", "checkpoint", "{tmp}/none", "--trust", "{tmp}/none"),
        ("log", "init", "https://log.example/", "--trust", "{tmp}/none"),
        ("log", "prove", "{tmp}/none", "5", "-o", "{tmp}/proof"),
        ("log", "monitor", "{tmp}/none", "--root", "{tmp}/file", "--memory", "{tmp}/memory"),
        ("log", "audit", "{tmp}/none", "{tmp}/file", "--root", "{tmp}/file"),
        ("log", "witness", "{tmp}/w", "--key", "{tmp}/file", "--name", "w", "--log", "hello"),
        ("keys", "rotate", "{tmp}/none"),
        ("keys", "rotate", "{tmp}/none", "--cut-off", "a", "b", "c"),
        ("keys", "init", "{tmp}/k", "--origin", "two words", "--issuer", "x"),
        ("status", "set", "{tmp}/none", "1=broken", "--trust", "{tmp}/none"),
        ("status", "set", "{tmp}/none", "--trust", "{tmp}/none"),
    ],
)
def test_mistakes_get_one_sentence(tmp_path: Path, lang: str, arguments: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("hello")
    result = _run(*(one.format(tmp=tmp_path) for one in arguments), "--lang", lang, expect=2)
    assert result.stderr.strip()
    assert (lang == "zh") == bool(re.search(r"[\u4e00-\u9fff]", result.stderr.splitlines()[-1]))


def test_too_few_witnesses_say_to_try_again(tmp_path: Path) -> None:
    trust, log = tmp_path / "trust", tmp_path / "log"
    foreign = tmp_path / "foreign"
    _run("keys", "init", foreign, "--origin", "other.example", "--issuer", "x")
    witness = next(iter(Root.parse((foreign / "1.root").read_bytes()).policy.witnesses.values()))
    dead = ("--witness", witness, "http://127.0.0.1:9/", "--quorum", 1)
    _run("keys", "init", trust, "--origin", ORIGIN, "--issuer", "x", *dead)
    _run("log", "init", log, "--trust", trust)
    _run("log", "add", log, *_entries(tmp_path, 1))
    said = _run("log", "checkpoint", log, "--trust", trust, "--lang", "en", expect=4).stderr
    assert "nothing was published" in said
    assert not (log / "checkpoint").exists()


def test_a_witness_that_runs_by_itself(tmp_path: Path) -> None:
    """Log and witness as two processes; the witness' key is made by whoever runs it."""
    foreign, trust, log = tmp_path / "foreign", tmp_path / "trust", tmp_path / "log"
    _run("keys", "init", foreign, "--origin", "w.example", "--issuer", "x", "--own-witnesses", 1, "--quorum", 1)
    key = next(iter(Root.parse((foreign / "1.root").read_bytes()).policy.witnesses.values()))
    _run(
        "keys",
        "init",
        trust,
        "--origin",
        ORIGIN,
        "--issuer",
        "x",
        "--witness",
        key,
        "http://127.0.0.1:9/",
        "--quorum",
        1,
    )
    logged = Root.parse((trust / "1.root").read_bytes()).logs[0]
    command = [
        sys.executable,
        "-m",
        "assaymark",
        "log",
        "witness",
        tmp_path / "seen",
        "--key",
        foreign / "witness-1.pem",
    ]
    command += ["--name", key.name, "--log", str(logged), "--listen", "127.0.0.1:0", "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert Key.parse(process.stdout.readline().removeprefix("Witness: ").strip()) == key
            url = process.stdout.readline().removeprefix("Listening on ").strip()
            text = Root.parse((trust / "1.root").read_bytes())
            tree = json.loads(text.content.decode().rpartition("\n\n")[0])
            tree["policy"] = tree["policy"].replace("http://127.0.0.1:9/", url)
            (tmp_path / "next.json").write_text(json.dumps(tree))
            _run("keys", "rotate", trust, "--edit", tmp_path / "next.json")
            _run("log", "init", log, "--trust", trust)
            _run("log", "add", log, *_entries(tmp_path, 2))
            assert "witnesses: 1" in _run("log", "checkpoint", log, "--trust", trust, "--lang", "en").stdout
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("group", ["keys", "log", "status"])
def test_every_command_has_its_help(group: str, lang: str) -> None:
    import click

    command = main.get_command(click.Context(main), group)
    assert isinstance(command, click.Group)
    for name in command.list_commands(click.Context(command)):
        said = _run(group, name, "--lang", lang, "--help").stdout
        assert "--lang" in said
        assert bool(re.search(r"[\u4e00-\u9fff]", said)) is (lang == "zh")
