"""Key files, trust roots and how they follow each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assaymark.log.errors import LogError
from assaymark.log.keys import read_secret, read_signer, write_secret
from assaymark.log.trust import Change, Plan, Trust, policy_text
from assaymark.mark.keys import generate
from assaymark.mark.note import Key, Kind, Note
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.root import Root
from assaymark.testing.trust import DAY, NOW, World

PLAN = Plan(origin="log.example/2026", issuer="Test Lab", level=3)


def _reason(call: object) -> str:
    with pytest.raises((LogError, Refused)) as caught:
        call()  # type: ignore[operator]
    return str(caught.value.reason)


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_a_key_file_is_for_its_owner_only(tmp_path: Path, algorithm: str, passphrase: str | None) -> None:
    path, key = tmp_path / "key.pem", generate(algorithm)
    write_secret(path, key, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_secret(path, passphrase) == key
    assert (b"ENCRYPTED" in path.read_bytes()) is (passphrase is not None)
    assert key.secret not in path.read_bytes()


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, generate("ed25519"))
    before = path.read_bytes()
    assert _reason(lambda: write_secret(path, generate("ed25519"))) == "key-exists"
    assert path.read_bytes() == before


def test_key_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, generate("ed25519"), "right")
    assert _reason(lambda: read_secret(path)) == "needs-passphrase"
    assert _reason(lambda: read_secret(path, "wrong")) == "wrong-passphrase"
    assert _reason(lambda: read_secret(tmp_path / "gone.pem")) == "key-unreadable"
    path.chmod(0o640)
    assert _reason(lambda: read_secret(path, "right")) == "key-open"
    other = tmp_path / "other.pem"
    other.write_bytes(b"hello")
    other.chmod(0o600)
    assert _reason(lambda: read_secret(other)) == "key-unreadable"
    curve = tmp_path / "curve.pem"
    write_secret(curve, generate("ecdsa-p256"))
    assert _reason(lambda: read_signer(curve, "a.example", Kind.ED25519)) == "key-unreadable"
    assert _reason(lambda: write_secret(tmp_path / "no" / "key.pem", generate("ed25519"))) == "cannot-write"


def test_the_first_root_comes_with_all_its_keys(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust", "secret words")
    root = trust.init(PLAN, NOW)
    assert trust.current() == root
    assert (root.version, root.expires, root.threshold) == (1, NOW + 365 * DAY, 2)
    (issuer,) = root.issuers.values()
    assert (issuer.name, issuer.role, issuer.max_level) == ("Test Lab", "inspector", 3)
    for key in (*root.keys, *root.logs, *root.status_keys, *root.policy.witnesses.values()):
        assert trust.signer(key).key == key
    files = sorted(one.name for one in (tmp_path / "trust").iterdir())
    assert [one for one in files if one.endswith(".pem")] == [
        "issuer.pem", "log.pem", "root-1.pem", "root-2.pem", "root-3.pem", "status.pem",
        "witness-1.pem", "witness-2.pem", "witness-3.pem",
    ]  # fmt: skip
    assert _reason(lambda: trust.init(PLAN, NOW)) == "not-empty"
    assert _reason(lambda: Trust(tmp_path / "trust").signer(root.logs[0])) == "needs-passphrase"


def test_a_plan_that_makes_no_root_leaves_nothing_behind(tmp_path: Path) -> None:
    for plan in (
        Plan(origin="two words", issuer="x"),
        Plan(origin="log.example", issuer="x", quorum=4),
        Plan(origin="log.example", issuer="x", roots=1, threshold=2),
    ):
        assert _reason(lambda plan=plan: Trust(tmp_path / "trust").init(plan, NOW))  # type: ignore[misc]
    assert not (tmp_path / "trust").exists()


def test_witnesses_of_others_keep_their_address() -> None:
    witness = World().witnesses[0].key
    assert policy_text([(witness, "https://w.example/")], 1) == (
        f"witness w1 {witness} https://w.example/\ngroup witnesses 1 w1\nquorum witnesses\n"
    )
    assert policy_text([], 0) == "quorum none\n"


def test_roots_follow_with_new_keys_logs_and_issuers(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust")
    first = trust.init(PLAN, NOW)
    second = trust.rotate(
        Change(replace=["log.example/root-2"], logs=["log.example/2027"], issuers=[("Store", "store", 1)]), NOW + DAY
    )
    assert first.next(second.content) == second == trust.current()
    assert second.keys[1] != first.keys[1]
    assert (second.keys[0], second.keys[2]) == (first.keys[0], first.keys[2])
    assert [key.name for key in second.logs] == ["log.example/2026", "log.example/2027"]
    assert sorted(one.name for one in second.issuers.values()) == ["Store", "Test Lab"]
    for key in (*second.keys, *second.logs):
        assert trust.signer(key).key == key
    third = trust.rotate(Change(days=30), NOW + 2 * DAY)
    assert (third.version, third.expires) == (3, NOW + 32 * DAY)
    assert second.next(third.content) == third


def test_a_stolen_key_is_cut_off_in_every_log(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust")
    (keyid,) = trust.init(PLAN, NOW).issuers
    trust.rotate(Change(logs=["log.example/2027"]), NOW)
    files = sorted((tmp_path / "trust").iterdir())
    half = Change(cut_off={keyid: {"log.example/2027": 41}})
    assert _reason(lambda: trust.rotate(half, NOW)) == "cut-off-incomplete"
    assert _reason(lambda: trust.rotate(Change(cut_off={"ab": {}}), NOW)) == "no-such-key"
    assert sorted((tmp_path / "trust").iterdir()) == files
    root = trust.rotate(Change(cut_off={keyid: {"log.example/2026": None, "log.example/2027": 41}}), NOW)
    issuer = root.issuer(keyid)
    assert issuer.cut_off == {"log.example/2027": 41}
    issuer.require(level=2, issued_at=NOW, origin="log.example/2027", index=41)
    for origin, index in (("log.example/2027", 42), ("log.example/2026", 0)):
        with pytest.raises(Refused) as caught:
            issuer.require(level=2, issued_at=NOW, origin=origin, index=index)
        assert caught.value.reason is Reason.ISSUER_CUT_OFF


def test_too_few_root_keys_change_nothing(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust")
    trust.init(PLAN, NOW)
    for name in ("root-1.pem", "root-2.pem"):
        (tmp_path / "trust" / name).unlink()
    files = sorted((tmp_path / "trust").iterdir())
    assert _reason(lambda: trust.rotate(Change(replace=["log.example/root-3"]), NOW)) == Reason.ROOT_BELOW_THRESHOLD
    assert sorted((tmp_path / "trust").iterdir()) == files


def test_the_text_of_a_root_can_be_written_by_hand(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust")
    first = trust.init(PLAN, NOW)
    tree = json.loads(Note.parse(first.content).text)
    tree["statusUrl"] = "https://log.example/2026/status"
    second = trust.rotate(Change(text=json.dumps(tree).encode()), NOW)
    assert (second.version, second.status_url) == (2, "https://log.example/2026/status")
    for text in (b"hello", b"[]", b"{}", b'{"rootKeys": [], "rootKeys": []}'):
        assert _reason(lambda text=text: trust.rotate(Change(text=text), NOW)) == "not-json"  # type: ignore[misc]


def test_a_folder_without_a_root_is_named(tmp_path: Path) -> None:
    trust = Trust(tmp_path)
    assert _reason(trust.current) == "no-root"
    assert _reason(lambda: trust.signer(Key.parse(str(World().log_key.key)))) == "no-such-key"


def test_the_newest_root_is_the_one_of_the_highest_number(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "trust")
    trust.init(PLAN, NOW)
    for _ in range(10):
        trust.rotate(Change(), NOW)
    assert trust.current().version == 11
    held = Root.parse((tmp_path / "trust" / "1.root").read_bytes())
    for version in range(2, 12):
        held = held.next((tmp_path / "trust" / f"{version}.root").read_bytes())
    assert held == trust.current()
