"""What `fsck` finds, and that it finds nothing in a log that is well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.log.appending import CHECKPOINT, STATE, State, read_state
from assaymark.log.fsck import Finding, check_log, stray_files
from assaymark.log.publishing import publish
from assaymark.log.store import LocalStore
from assaymark.log.tiles import to_bundle
from assaymark.mark.note import Kind, Signer
from assaymark.testing.trust import secret
from logs import LOG, cosigners, entries, new_store, opened, policy

SIZE = 66_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    folder = tmp_path_factory.mktemp("whole")
    store = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        with opened(store, folder) as log:
            log.add(entries(0, SIZE - 100))
            publish(log, LOG, policy(), cosigners(folder))
            log.add(entries(SIZE - 100, SIZE))
            log.integrate()
    return store


@pytest.fixture
def store(whole: LocalStore) -> Iterator[LocalStore]:
    """Give the log for a test that changes one file, and put that file back."""
    changed: dict[str, bytes] = {}

    class Changing(LocalStore):
        def change(self, path: str, content: bytes | None) -> None:
            changed[path] = self.read(path)
            if content is None:
                self.remove([path])
            else:
                self.write({path: content})

    yield Changing(whole.folder)
    whole.write(changed)


def _findings(store: LocalStore) -> list[tuple[str, str]]:
    return [(one.kind, one.path) for one in check_log(store, LOG.key, read_state(store))]


def _flipped(store: LocalStore, path: str, at: int = 40) -> bytes:
    content = bytearray(store.read(path))
    content[at] ^= 1
    return bytes(content)


def test_nothing_is_found_in_a_log_that_is_well(whole: LocalStore) -> None:
    assert _findings(whole) == []
    assert list(check_log(whole, LOG.key)) == []
    assert list(stray_files(whole.names("tile/"), SIZE)) == []


def test_an_entry_that_was_changed_is_named(store: LocalStore) -> None:
    """Case 56: a tampered bundle."""
    store.change("tile/entries/017", to_bundle([b"forged", *entries(17 * 256 + 1, 18 * 256)]))  # type: ignore[attr-defined]
    (finding,) = check_log(store, LOG.key, read_state(store))
    assert finding == Finding("entry-differs", "tile/entries/017", str(17 * 256))


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("tile/0/017", {("entry-differs", "tile/entries/017"), ("tile-differs", "tile/0/017")}),
        ("tile/1/000", {("tile-differs", "tile/0/001"), ("tile-differs", "tile/1/000")}),
        ("tile/2/000.p/1", None),
    ],
)
def test_a_tile_that_was_changed_is_named(store: LocalStore, path: str, kinds: set[tuple[str, str]] | None) -> None:
    """Case 56: a tampered tile."""
    at = 40 if path != "tile/2/000.p/1" else 4
    store.change(path, _flipped(store, path, at))  # type: ignore[attr-defined]
    found = set(_findings(store))
    if kinds is None:
        kinds = {("tile-differs", "tile/1/000"), ("root-differs", STATE), ("root-differs", CHECKPOINT)}
    assert found == kinds


def test_what_is_missing_is_named(store: LocalStore) -> None:
    store.change("tile/0/005", None)  # type: ignore[attr-defined]
    assert ("missing", "tile/0/005") in _findings(store)
    store.change("tile/entries/006", None)  # type: ignore[attr-defined]
    assert ("missing", "tile/entries/006") in _findings(store)


def test_what_is_cut_off_is_named(store: LocalStore) -> None:
    for path in ("tile/0/009", "tile/entries/009"):
        store.change(path, store.read(path)[:-3])  # type: ignore[attr-defined]
    assert {("unreadable", "tile/0/009"), ("tile-differs", "tile/0/009")} & set(_findings(store))
    store.change("tile/entries/010", store.read("tile/entries/010")[:-3])  # type: ignore[attr-defined]
    assert ("unreadable", "tile/entries/010") in _findings(store)


def test_a_checkpoint_of_another_tree_or_key_is_named(store: LocalStore) -> None:
    content = store.read(CHECKPOINT)
    store.change(CHECKPOINT, content.replace(b"\n6", b"\n5", 1))  # type: ignore[attr-defined]
    assert _findings(store) == [("checkpoint", CHECKPOINT)]
    store.write({CHECKPOINT: content})
    stranger = Signer.of(LOG.key.name, Kind.ED25519, secret("stranger")).key
    assert [one.kind for one in check_log(store, stranger, read_state(store))] == ["checkpoint"]


def test_a_state_of_another_root_is_named(store: LocalStore) -> None:
    state = read_state(store)
    store.change(STATE, State(state.key, state.size, bytes(32)).to_bytes())  # type: ignore[attr-defined]
    assert _findings(store) == [("root-differs", STATE)]


def test_a_state_older_than_the_checkpoint_is_named(store: LocalStore) -> None:
    state = read_state(store)
    store.change(STATE, State(state.key, 500, bytes(32)).to_bytes())  # type: ignore[attr-defined]
    assert ("checkpoint", CHECKPOINT) in _findings(store)


def test_a_log_without_a_checkpoint_is_well_as_far_as_it_goes(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    assert _findings(store) == []
    assert [one.kind for one in check_log(store, LOG.key)] == ["missing"]


def test_files_that_nothing_needs_are_named() -> None:
    used = ["tile/0/000", "tile/0/001.p/44", "tile/0/001.p/3"]
    left = [
        "tile/0/001.p/45",
        "tile/0/000.p/9",
        "tile/0/001",
        "tile/0/.001.draft",
        "tile/0/1",
        "tile/x/000",
        "tile/9/000",
        "tile/0/\u0661\u0661\u0661",
    ]
    assert [one.path for one in stray_files([*used, *left], 300)] == sorted(left)
