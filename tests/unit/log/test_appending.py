"""Appending: the tree grows as it should, and no death at any step loses or forks anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random  # noqa: TID251 - seeded

import pytest

from assaymark.log import appending
from assaymark.log.appending import JOURNAL, STATE, create_log, open_log, read_state
from assaymark.log.errors import LogError
from assaymark.log.publishing import publish
from assaymark.log.store import LocalStore
from assaymark.log.tiles import edge_tiles, tiles_of
from assaymark.mark.merkle import EMPTY, leaf_hash, node_hash, tree_root
from logs import LOG, Died, DyingStore, bucket, cosigners, entries, new_store, object_store, opened, policy


def _root(everything: list[bytes]) -> bytes:
    """Give the root, computed from all leaves anew."""
    row = [leaf_hash(one) for one in everything]

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return row[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return tree_root(len(row), node)


def _reason(call: object) -> str:
    with pytest.raises(LogError) as caught:
        call()  # type: ignore[operator]
    return caught.value.reason


def test_a_new_log_is_empty(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    assert (read_state(store).size, read_state(store).root, read_state(store).key) == (0, EMPTY, LOG.key)
    assert _reason(lambda: create_log(store, LOG.key)) == "not-empty"


def test_a_folder_that_is_no_log_stays_untouched(tmp_path: Path) -> None:
    def opening() -> None:
        with opened(LocalStore(tmp_path / "other"), tmp_path):
            pass

    assert _reason(opening) == "no-log"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch", [1, 7, 256, 300])
def test_every_batch_gives_the_same_tree(tmp_path: Path, batch: int) -> None:
    everything = entries(0, 600)
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        for first in range(0, 600, batch):
            given = log.add(everything[first : first + batch])
            assert given == list(range(first, min(600, first + batch)))
            if first % 97 == 0:
                log.integrate()
                assert log.state.root == _root(everything[: log.size])
        log.integrate()
        assert log.state.root == _root(everything)
        assert [entry for _, entry in log.reader().entries()] == everything
        assert set(store.names("tile/")) == {tile.path for tile in tiles_of(600)}


def test_proofs_come_from_tiles(tmp_path: Path) -> None:
    from assaymark.mark.merkle import is_consistent, is_included

    everything = entries(0, 70_000)
    with opened(new_store(tmp_path), tmp_path) as log:
        log.add(everything)
        log.integrate()
        reader, root = log.reader(), log.state.root
        for index in (0, 1, 255, 256, 65_535, 65_536, 69_999):
            assert is_included(index, 70_000, leaf_hash(everything[index]), reader.inclusion(index), root)
        for old in (0, 1, 255, 256, 257, 65_536, 69_999, 70_000):
            assert is_consistent(old, 70_000, reader.root(old), root, reader.consistency(old))
        assert reader.root(65_600) == _root(everything[:65_600])


def test_the_same_entry_has_the_same_index(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        assert log.add([b"a", b"b", b"a"]) == [0, 1, 0]
        assert log.add([b"b", b"c"]) == [1, 2]
        log.integrate()
        assert log.add([b"c", b"d", b"a"]) == [2, 3, 0]
    with opened(store, tmp_path) as log:
        assert log.add([b"d", b"e"]) == [3, 4]
        assert log.size == 5


def test_the_look_up_is_made_again_when_it_is_lost_broken_or_of_another_log(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        log.add(entries(0, 300))
    cache = tmp_path / "leaves.sqlite"
    for content in (None, b"", b"no database at all, but longer than a header of one hundred bytes" * 3):
        for file in tmp_path.glob("leaves.sqlite*"):
            file.unlink()
        if content is not None:
            cache.write_bytes(content)
        with opened(store, tmp_path) as log:
            assert log.add([entries(0, 300)[299], entries(0, 300)[3]]) == [299, 3]
    other = LocalStore(tmp_path / "other")
    create_log(other, LOG.key)
    with opened(other, tmp_path) as log:
        assert log.add([b"first"]) == [0]


def test_an_entry_that_is_too_long_adds_nothing(tmp_path: Path) -> None:
    with opened(new_store(tmp_path), tmp_path) as log:
        assert _reason(lambda: log.add([b"fine", b"x" * 65_536])) == "entry-too-large"
        assert log.size == 0
        assert log.add([b"x" * 65_535, b""]) == [0, 1]


def test_long_entries_are_spread_over_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "MAX_BATCH", 1000)
    monkeypatch.setattr(appending, "MAX_PENDING_BYTES", 5000)
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        log.add([bytes([at]) * 400 for at in range(9)])
        assert len(list(store.names(JOURNAL))) == 5
        log.add([bytes([at]) * 400 for at in range(9, 20)])
        assert list(store.names(JOURNAL)) == []
        assert log.state.size == 20


@pytest.mark.parametrize("seed", range(2))
def test_dying_at_every_step_loses_nothing_and_never_forks(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every number of steps after which the process may be gone; then the next one takes over."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # here it is the order of the steps that counts
    dice = Random(seed)
    store = new_store(tmp_path)
    acknowledged: dict[int, bytes] = {}
    roots: dict[int, bytes] = {0: EMPTY}
    number = 0
    witnesses = cosigners(tmp_path)
    for steps in range(90):
        dying = DyingStore(store, steps % 45)
        try:
            with opened(dying, tmp_path) as log:
                while True:
                    batch = entries(number, number + dice.randrange(1, 120))
                    number += len(batch)
                    acknowledged.update(zip(log.add(batch), batch, strict=True))
                    if dice.random() < 0.5:
                        seen = publish(log, LOG, policy(), witnesses).seen.checkpoint
                        assert roots.setdefault(seen.size, seen.root) == seen.root
        except Died:
            pass
    with opened(store, tmp_path) as log:
        log.integrate()
        kept = [entry for _, entry in log.reader().entries()]
        assert {index: kept[index] for index in acknowledged} == acknowledged
        assert len(acknowledged) > 1000
        assert len(set(kept)) == len(kept)
        assert {size: _root(kept[:size]) for size in roots} == roots
        needed = {tile.path for tile in tiles_of(log.state.size)}
        assert needed <= set(store.names("tile/"))


def test_a_torn_journal_is_named(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        log.add(entries(0, 5))
    path = next(iter(store.names(JOURNAL)))
    store.write({path: store.read(path)[:-1]})

    def opening() -> None:
        with opened(store, tmp_path):
            pass

    assert _reason(opening) == "damaged"


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1", STATE])
def test_a_log_whose_edge_was_changed_is_not_continued(tmp_path: Path, path: str) -> None:
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        log.add(entries(0, 300))
        log.integrate()
    content = store.read(path)
    store.write({path: content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]})

    def opening() -> None:
        with opened(store, tmp_path):
            pass

    assert _reason(opening) == "damaged"


def test_a_log_that_was_set_back_is_not_continued(tmp_path: Path) -> None:
    """A copy of an older state: to go on would fork the tree under the checkpoint that is out."""
    store = new_store(tmp_path)
    with opened(store, tmp_path) as log:
        log.add(entries(0, 10))
        log.integrate()
        old = store.read(STATE)
        log.add(entries(10, 20))
        publish(log, LOG, policy(), cosigners(tmp_path))
    store.write({STATE: old})

    def opening() -> None:
        with opened(store, tmp_path):
            pass

    assert _reason(opening) == "damaged"


def test_partial_tiles_of_checkpoints_stay_until_the_tile_is_full(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    witnesses = cosigners(tmp_path)
    with opened(store, tmp_path) as log:
        log.add(entries(0, 100))
        publish(log, LOG, policy(), witnesses)
        for size in (110, 120, 130):
            log.add(entries(log.size, size))
            log.integrate()
        assert sorted(store.names("tile/0/")) == ["tile/0/000.p/100", "tile/0/000.p/130"]
        assert {tile.path for tile in edge_tiles(100)} <= set(store.names("tile/"))
        log.add(entries(130, 256))
        log.integrate()
        assert sorted(store.names("tile/")) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with object_store() as address:
        yield address


def test_a_log_in_an_object_store(tmp_path: Path, address: str) -> None:
    store = bucket(address, tmp_path.name)
    create_log(store, LOG.key)
    everything = entries(0, 600)
    with open_log(store, tmp_path / "a.sqlite") as log:
        log.add(everything[:300])
        log.integrate()
        log.add(everything[300:])
    with open_log(store, tmp_path / "b.sqlite") as log:  # another machine
        assert log.add(everything[:3]) == [0, 1, 2]
        published = publish(log, LOG, policy(), cosigners(tmp_path))
        assert published.seen.checkpoint.root == _root(everything)


@pytest.mark.parametrize("seed", range(3))
def test_two_writers_without_a_lock_never_fork(tmp_path: Path, address: str, seed: int) -> None:
    """Object stores have no lock: who comes too late is told so, and nothing that was acknowledged changes."""
    dice = Random(seed)
    store = bucket(address, tmp_path.name)
    create_log(store, LOG.key)
    acknowledged: dict[int, bytes] = {}
    late = 0
    number = 0

    def open_one(name: str) -> tuple[object, object]:
        context = open_log(store, tmp_path / f"{name}.sqlite")
        return context, context.__enter__()

    writers = {name: open_one(name) for name in "ab"}
    for _ in range(40):
        name = dice.choice("ab")
        context, log = writers[name]
        batch = entries(number, number + dice.randrange(1, 30))
        number += len(batch)
        try:
            acknowledged.update(zip(log.add(batch), batch, strict=True))  # type: ignore[attr-defined]
            if dice.random() < 0.4:
                log.integrate()  # type: ignore[attr-defined]
        except LogError as error:
            if error.reason != "busy":
                raise
            late += 1
            context.__exit__(None, None, None)  # type: ignore[attr-defined]
            writers[name] = open_one(name)
    for context, _ in writers.values():
        context.__exit__(None, None, None)  # type: ignore[attr-defined]
    with open_log(store, tmp_path / "c.sqlite") as log:
        log.integrate()
        kept = [entry for _, entry in log.reader().entries()]
        assert {index: kept[index] for index in acknowledged} == acknowledged
        assert log.state.root == _root(kept)
    assert late > 3
    assert len(acknowledged) > 50
