"""What every store promises, on local files and on an object store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assaymark.log.appending import read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.fsck import check_log
from assaymark.log.places import WebStore, cache_of, open_source, open_store
from assaymark.log.publishing import publish
from assaymark.log.reading import Reader
from assaymark.log.store import LocalStore, Store
from logs import LOG, bucket, cosigners, entries, new_store, object_store, opened, policy


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


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.endswith("broken"):
                self.send_error(500)
            else:
                super().do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_log_is_followed_and_checked_as_any_web_server_shows_it(tmp_path: Path) -> None:
    everything = entries(0, 300)
    with opened(new_store(tmp_path), tmp_path) as log:
        log.add(everything)
        publish(log, LOG, policy(), cosigners(tmp_path))
    with _web(tmp_path / "log") as url:
        source = open_source(url)
        published = read_checkpoint(source, LOG.key)
        assert published is not None
        reader = Reader(source, published[1].size)
        assert reader.root() == published[1].root
        assert [entry for _, entry in reader.entries(299)] == everything[299:]
        assert list(check_log(source, LOG.key)) == []


def test_what_a_web_server_answers_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"12345")
    with _web(tmp_path) as url:
        source = open_source(url)
        assert source.read("long", 5) == b"12345"
        with pytest.raises(FileNotFoundError):
            source.read("gone")
        for path, limit in (("long", 4), ("broken", 9)):
            with pytest.raises(LogError) as caught:
                source.read(path, limit)
            assert caught.value.reason == "cannot-read"
    with pytest.raises(LogError) as caught:
        open_source("http://127.0.0.1:9/").read("checkpoint")
    assert caught.value.reason == "cannot-read"
