"""Who watches the log: monitor and auditor, status lists and what may not be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assaymark.log.appending import CHECKPOINT, Log
from assaymark.log.audit import audit, read_seen
from assaymark.log.errors import LogError
from assaymark.log.memory import open_memory
from assaymark.log.monitor import Alert, Monitor, Watch
from assaymark.log.publishing import prove, publish
from assaymark.log.statuses import STATUS, is_status_entry, read_status, set_status, status_entry
from assaymark.log.store import LocalStore
from assaymark.log.tiles import to_bundle
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import Container
from assaymark.mark.merkle import leaf_hash, node_hash, tree_root
from assaymark.mark.note import Note, sign
from assaymark.mark.proof import private_entry
from assaymark.mark.reasons import Refused
from assaymark.mark.statement import INSPECTION, Inspection, Statement, Subject
from assaymark.mark.status import State, StatusList
from assaymark.testing.trust import DAY, NOW, SALT, World
from logs import LOG, WITNESSES, cosigners, new_store, opened

WORLD = World()
ROOT = WORLD.root()
STATUS_KEY = WORLD.status_key
SIGNER = "ab" * 32


def _statement(serial: str = "AM-1", level: int = 2, supersedes: str | None = None, **changes: object) -> Statement:
    inspection = Inspection(level, "cn-app-rules-1", "00" * 32, "0.1.0", "11" * 32, (), supersedes)
    statement = Statement(
        kind=INSPECTION,
        subjects=(Subject("base.apk", {"sha256": "22" * 32}),),
        serial=serial,
        platform="android",
        package="com.example.app",
        version_code=7,
        signers={"v2": (SIGNER,)},
        lineage={},
        issued_at=NOW - DAY,
        not_after=NOW + 300 * DAY,
        inspection=inspection,
    )
    return replace(statement, **changes)  # type: ignore[arg-type]


def _sealed(*args: object, by: str = "platform", **more: object) -> bytes:
    return WORLD.seal(_statement(*args, **more), [by])  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with opened(new_store(tmp_path), tmp_path) as log:
        yield log


def _publish(log: Log, tmp_path: Path, *entries: bytes) -> None:
    log.add(entries)
    publish(log, LOG, ROOT.policy, cosigners(tmp_path))


def _run(log: Log, tmp_path: Path, watch: Watch | None = None, now: int = NOW) -> list[Alert]:
    with open_memory(tmp_path / "memory.sqlite") as memory:
        return list(Monitor(log.store, ROOT, memory, watch).run(now))


def _kinds(alerts: list[Alert]) -> list[tuple[str, int | None]]:
    return [(alert.kind, alert.index) for alert in alerts]


def test_a_log_of_allowed_entries_gives_no_alert(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"), _sealed("AM-2", package="other"), private_entry(SALT, b"secret"))
    assert _run(log, tmp_path) == []
    _publish(log, tmp_path, _sealed("AM-3", version_code=8), _sealed("AM-4", level=1, by="developer"))
    assert _run(log, tmp_path) == []
    assert _run(log, tmp_path) == []


def test_entries_that_may_not_be_there_are_named(log: Log, tmp_path: Path) -> None:
    stranger = World(issuers={"platform": WORLD.issuers["store"]})
    _publish(
        log,
        tmp_path,
        b"no envelope",
        _sealed("AM-1"),
        _sealed("AM-2", level=3, package="b"),  # above the platform's right
        stranger.seal(_statement("AM-3", package="c"), ["platform"]),  # a store signs no inspection
        _sealed("AM-4", package="d", by="developer"),  # level 2 by a developer
        _sealed("AM-5", package="e", issued_at=NOW - 500 * DAY, not_after=NOW - 200 * DAY),
    )
    alerts = _run(log, tmp_path)
    assert _kinds(alerts) == [("entry", 0), ("entry", 2), ("entry", 3), ("entry", 4), ("entry", 5)]
    assert [alert.detail.split(":")[0] for alert in alerts] == [
        "envelope-malformed", "issuer-level", "issuer-role", "issuer-role", "issuer-not-valid",
    ]  # fmt: skip


def test_an_entry_after_the_cut_off_of_its_key_is_named(log: Log, tmp_path: Path) -> None:
    issuers = dict(WORLD.issuers)
    issuers["platform"] = replace(issuers["platform"], cut_off={LOG.key.name: 0})
    root = World(issuers=issuers).root()
    _publish(log, tmp_path, _sealed("AM-1"), _sealed("AM-2", package="b"))
    with open_memory(tmp_path / "memory.sqlite") as memory:
        alerts = list(Monitor(log.store, root, memory).run(NOW))
    assert [(alert.kind, alert.index, alert.detail.split(":")[0]) for alert in alerts] == [
        ("entry", 1, "issuer-cut-off")
    ]


def test_there_is_one_live_pass_for_each_app_version_signer_and_profile(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"), _sealed("AM-2"))
    assert _kinds(_run(log, tmp_path)) == [("second-pass", 1)]
    others = [
        _sealed("AM-3", supersedes="AM-2"),
        _sealed("AM-4", version_code=8),
        _sealed("AM-5", signers={"v2": ("cd" * 32,)}),
        _sealed("AM-6", level=1),
    ]
    _publish(log, tmp_path, *others)
    assert _run(log, tmp_path) == []
    _publish(log, tmp_path, _sealed("AM-7"))
    assert _kinds(_run(log, tmp_path)) == [("second-pass", 6)]


def test_a_pass_that_ran_out_or_was_revoked_is_not_live(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1", not_after=NOW), _sealed("AM-2", issued_at=NOW, not_after=NOW + DAY))
    assert _run(log, tmp_path) == []
    set_status(log, STATUS_KEY, {1: State.REVOKED}, NOW)
    _publish(log, tmp_path)
    assert _run(log, tmp_path) == []
    _publish(log, tmp_path, _sealed("AM-3", issued_at=NOW, not_after=NOW + DAY))
    assert _run(log, tmp_path) == []


def test_who_certified_my_package(log: Log, tmp_path: Path) -> None:
    mine = Watch(packages=frozenset({"com.example.app"}), expected=frozenset({"AM-1"}))
    _publish(log, tmp_path, _sealed("AM-1"), _sealed("AM-2", version_code=8), _sealed("AM-3", package="other"))
    (alert,) = _run(log, tmp_path, mine)
    assert (alert.kind, alert.index) == ("mine", 1)
    assert "AM-2" in alert.detail
    assert "Platform" in alert.detail


@pytest.mark.parametrize(
    "watch",
    [
        Watch(signers=frozenset({SIGNER})),
        Watch(issuers=frozenset({WORLD.issuers["platform"].key.keyid})),
        Watch(packages=frozenset({"com.example.app"})),
    ],
)
def test_mine_may_be_a_package_a_signer_or_an_issuer(log: Log, tmp_path: Path, watch: Watch) -> None:
    other = _sealed("AM-2", package="other", signers={"v3": ("cd" * 32,)}, by="p256")
    _publish(log, tmp_path, _sealed("AM-1"), other)
    assert _kinds(_run(log, tmp_path, watch)) == [("mine", 0)]


def _fork(store: LocalStore, entries: list[bytes], witnesses: int = 3) -> None:
    """Show another tree, signed by the log and by witnesses that were deceived."""

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(entries[index])
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    size = len(entries)
    head = Checkpoint(LOG.key.name, size, tree_root(size, node))
    note = sign(head.text(), LOG, *WITNESSES[:witnesses], time=NOW)
    row = b"".join(map(leaf_hash, entries))
    store.write(
        {CHECKPOINT: note.to_bytes(), f"tile/entries/000.p/{size}": to_bundle(entries), f"tile/0/000.p/{size}": row}
    )


def test_a_tree_that_was_rewritten_is_caught_with_evidence(log: Log, tmp_path: Path) -> None:
    """Case 56: no two checkpoints of one log may be of two trees, not even with all witnesses."""
    first, second, third = _sealed("AM-1"), _sealed("AM-2", package="b"), _sealed("AM-3", package="c")
    _publish(log, tmp_path, first, second)
    before = log.store.read(CHECKPOINT)
    assert _run(log, tmp_path) == []
    assert isinstance(log.store, LocalStore)
    _fork(log.store, [first, third, second])
    assert _kinds(_run(log, tmp_path))[-1] == ("not-consistent", None)
    with open_memory(tmp_path / "memory.sqlite") as memory:
        assert memory.size == 2
        assert memory.evidence() == [(before, log.store.read(CHECKPOINT))]


def test_a_tampered_bundle_is_caught(log: Log, tmp_path: Path) -> None:
    """Case 56: the entries that are shown are not those that the checkpoint stands for."""
    _publish(log, tmp_path, _sealed("AM-1"), _sealed("AM-2", package="b"))
    log.store.write({"tile/entries/000.p/2": to_bundle([_sealed("AM-1"), _sealed("AM-9", package="z")])})
    assert _kinds(_run(log, tmp_path))[-1] == ("not-consistent", None)


def test_a_checkpoint_without_quorum_or_of_an_older_tree_is_named(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"))
    old = log.store.read(CHECKPOINT)
    _publish(log, tmp_path, _sealed("AM-2", package="b"))
    assert _run(log, tmp_path) == []
    log.store.write({CHECKPOINT: old})
    assert _kinds(_run(log, tmp_path)) == [("checkpoint-older", None)]
    note = Note.parse(old)
    log.store.write({CHECKPOINT: Note(note.text, note.signatures[:2]).to_bytes()})
    assert _kinds(_run(log, tmp_path)) == [("checkpoint", None)]


def test_an_alert_that_was_not_taken_comes_again(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, b"no envelope", b"nor this")
    with open_memory(tmp_path / "memory.sqlite") as memory:
        alerts = Monitor(log.store, ROOT, memory).run(NOW)
        assert next(alerts).index == 0
        alerts.close()  # type: ignore[attr-defined]
    assert _kinds(_run(log, tmp_path)) == [("entry", 0), ("entry", 1)]
    assert _run(log, tmp_path) == []


def test_a_memory_is_of_one_log(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"))
    _run(log, tmp_path)
    other = World(origin="log.example/2031")
    store = LocalStore(tmp_path / "other")
    store.write({CHECKPOINT: other.checkpoint()})
    with open_memory(tmp_path / "memory.sqlite") as memory, pytest.raises(LogError) as caught:
        list(Monitor(store, other.root(), memory).run(NOW))
    assert caught.value.reason == "other-log"


def test_files_that_are_no_memory_are_named(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_bytes(b"this is no database, and longer than one hundred bytes " * 3)
    with pytest.raises(LogError) as caught, open_memory(path):
        pass
    assert caught.value.reason == "memory"


def test_status_is_set_and_logged(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, *(_sealed(f"AM-{at}", package=f"p{at}") for at in range(5)))
    set_status(log, STATUS_KEY, {1: State.SUSPENDED, 3: State.REVOKED}, NOW)
    set_status(log, STATUS_KEY, {1: State.GOOD, 2: State.SUPERSEDED}, NOW)
    _publish(log, tmp_path)
    held = read_status(log.store, [STATUS_KEY.key])
    assert held is not None
    assert held.not_good() == {2: State.SUPERSEDED, 3: State.REVOKED}
    assert (held.time, held.count) == (NOW + 1, 6)
    entries = [entry for _, entry in log.reader().entries()]
    assert [is_status_entry(entry) for entry in entries] == [False] * 5 + [True] * 2
    assert entries[-1] == status_entry(log.store.read(STATUS))
    assert _run(log, tmp_path) == []


def test_what_cannot_be_set(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"))
    set_status(log, STATUS_KEY, {0: State.REVOKED}, NOW)
    for changes, reason in (({0: State.GOOD}, "revoked-stays"), ({9: State.REVOKED}, "no-such-entry")):
        with pytest.raises(LogError) as caught:
            set_status(log, STATUS_KEY, changes, NOW)
        assert caught.value.reason == reason
    assert read_status(LocalStore(tmp_path / "none"), [STATUS_KEY.key]) is None


def test_status_lists_that_go_back_are_named(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"))
    set_status(log, STATUS_KEY, {}, NOW)
    old = log.store.read(STATUS)
    set_status(log, STATUS_KEY, {0: State.REVOKED}, NOW)
    _publish(log, tmp_path)
    assert _run(log, tmp_path) == []
    log.store.write({STATUS: old})
    assert _kinds(_run(log, tmp_path)) == [("status", None)]
    taken_back = sign(StatusList.of(LOG.key.name, NOW + 9, 2, {}).text(), STATUS_KEY).to_bytes()
    log.store.write({STATUS: taken_back})
    assert _kinds(_run(log, tmp_path)) == [("status-taken-back", 0)]


def test_a_status_list_that_is_not_in_the_log_is_named_after_a_while(log: Log, tmp_path: Path) -> None:
    _publish(log, tmp_path, _sealed("AM-1"))
    log.store.write({STATUS: sign(StatusList.of(LOG.key.name, NOW, 1, {}).text(), STATUS_KEY).to_bytes()})
    assert _run(log, tmp_path, now=NOW + 60) == []
    assert _kinds(_run(log, tmp_path, now=NOW + DAY)) == [("status-unlogged", None)]


def test_an_auditor_compares_what_others_saw(log: Log, tmp_path: Path) -> None:
    envelope = _sealed("AM-1")
    _publish(log, tmp_path, envelope)
    first = log.store.read(CHECKPOINT)
    proof = prove(log.reader(), Note.parse(first), 0).to_bytes()
    container = Container(envelope, proof).to_bytes()
    _publish(log, tmp_path, *(b"entry %d" % at for at in range(300)))
    seen = [("a", read_seen(first)), ("b", read_seen(proof)), ("c", read_seen(container))]
    assert list(audit(log.store, LOG.key, seen)) == []
    forged = sign(Checkpoint(LOG.key.name, 1, bytes(32)).text(), LOG)
    ahead = sign(Checkpoint(LOG.key.name, 999, bytes(32)).text(), LOG)
    foreign = sign(Checkpoint(LOG.key.name, 1, bytes(32)).text(), WITNESSES[0])
    alerts = list(audit(log.store, LOG.key, [("f", forged), ("h", ahead), ("x", foreign)]))
    assert [(alert.kind, alert.detail[0]) for alert in alerts] == [
        ("split-view", "f"),
        ("ahead", "h"),
        ("checkpoint", "x"),
    ]


def test_an_auditor_does_not_trust_the_tiles(log: Log, tmp_path: Path) -> None:
    with pytest.raises(LogError) as caught:
        list(audit(log.store, LOG.key, []))
    assert caught.value.reason == "no-checkpoint"
    _publish(log, tmp_path, b"a", b"b")
    log.store.write({"tile/0/000.p/2": bytes(64)})
    with pytest.raises(LogError) as caught:
        list(audit(log.store, LOG.key, []))
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("content", [b"", b"hello", b"AYM1", b"AYM1\0\0", b"c2sp.org/tlog-proof@v1\n"])
def test_what_nobody_can_have_seen_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        read_seen(content)
