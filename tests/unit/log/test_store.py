"""What every store promises, on local files and on an object store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.log.errors import LogError
from assaymark.log.places import WebStore, cache_of, open_source, open_store
from assaymark.log.store import LocalStore, Store
from logs import bucket, object_store


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with object_store() as address:
        yield address


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    return bucket(request.getfixturevalue("address"), tmp_path.name)


def test_what_is_written_is_read(store: Store) -> None:
    store.write({"checkpoint": b"1", "tile/0/x001/234": b"two"})
    store.write({"checkpoint": b"2"})
    assert store.read("checkpoint") == b"2"
    assert store.read("tile/0/x001/234", 3) == b"two"


def test_what_is_not_there_is_not_found(store: Store) -> None:
    store.write({"tile/0/000": b"x"})
    for path in ("tile/0/001", "tile/0/000/000", "tile"):
        with pytest.raises((FileNotFoundError, LogError)):
            store.read(path)
    with pytest.raises(FileNotFoundError):
        store.read("gone")


def test_what_is_too_long_is_refused(store: Store) -> None:
    store.write({"a": b"12345"})
    with pytest.raises(LogError) as caught:
        store.read("a", 4)
    assert caught.value.reason == "cannot-read"


def test_a_file_is_created_once(store: Store) -> None:
    assert store.create(".log/journal/0", b"first")
    assert not store.create(".log/journal/0", b"second")
    assert store.read(".log/journal/0") == b"first"


def test_a_file_is_swapped_only_for_what_it_was(store: Store) -> None:
    assert store.swap("state", None, b"0")
    assert not store.swap("state", None, b"again")
    assert store.swap("state", b"0", b"1")
    assert not store.swap("state", b"0", b"2")
    assert store.read("state") == b"1"


def test_files_are_listed_and_removed(store: Store) -> None:
    store.write({"tile/0/000.p/1": b"a", "tile/0/000.p/2": b"b", "tile/1/000.p/1": b"c"})
    assert sorted(store.names("tile/0/")) == ["tile/0/000.p/1", "tile/0/000.p/2"]
    store.remove(["tile/0/000.p/1", "tile/0/000.p/2", "tile/0/never"])
    assert list(store.names("tile/")) == ["tile/1/000.p/1"]
    assert list(store.names("nothing/")) == []


def test_an_empty_partial_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.write({"tile/0/000.p/1": b"a"})
    store.remove(["tile/0/000.p/1"])
    assert [one.name for one in (tmp_path / "tile/0").iterdir()] == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    # Locks belong to a process, so the second writer is another one.
    import subprocess
    import sys

    code = "import sys; from pathlib import Path; from assaymark.log.store import LocalStore\n"
    code += "with LocalStore(Path(sys.argv[1])).writing(): print('in')"
    with LocalStore(tmp_path).writing():
        second = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert "busy" in second.stderr.lower() or "being written" in second.stderr
    assert second.stdout == ""
    third = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert third.stdout == "in\n"


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LogError) as caught:
        LocalStore(tmp_path / "file").write({"a": b"x"})
    assert caught.value.reason == "cannot-write"


def test_an_object_store_that_cannot_be_reached_is_named() -> None:
    from assaymark.log.s3 import S3Store

    retries = {"max_retries": 0}
    options = {"allow_http": True, "timeout": "2s"}
    store = S3Store(
        "bucket",
        endpoint="http://127.0.0.1:9",
        access_key_id="a",
        secret_access_key="b",
        region="us-east-1",
        client_options=options,
        retry_config=retries,
    )
    for call in (lambda: store.read("a"), lambda: store.write({"a": b""}), lambda: list(store.names("a/"))):
        with pytest.raises(LogError) as caught:
            call()
        assert caught.value.reason in ("cannot-read", "cannot-write")


def test_addresses_lead_to_their_stores(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path)), LocalStore)
    assert isinstance(open_source("https://log.example/2026"), WebStore)
    with pytest.raises(LogError) as caught:
        open_store("https://log.example/2026")
    assert caught.value.reason == "read-only"
    assert cache_of(str(tmp_path), None) == tmp_path / ".log" / "leaves.sqlite"
    assert cache_of("s3://bucket/a/b", None).name == "bucket-a-b.sqlite"
    assert cache_of("s3://bucket/a/b", tmp_path) == tmp_path
