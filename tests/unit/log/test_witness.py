"""Witnesses, as c2sp.org/tlog-witness has them, and how a log asks them."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.log.appending import CHECKPOINT, Log, read_checkpoint
from assaymark.log.errors import LogError
from assaymark.log.publishing import Cosigner, over_http, prove, publish
from assaymark.log.serving import WitnessServer
from assaymark.log.store import LocalStore
from assaymark.log.witness import MAX_REQUEST, SIZE_TYPE, Answer, Request, Witness
from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.merkle import EMPTY
from assaymark.mark.note import Kind, Note, Signer, read_signatures, sign
from assaymark.mark.proof import check_logged
from assaymark.mark.reasons import Reason, Refused
from assaymark.testing.trust import NOW, secret
from logs import LOG, WITNESSES, cosigners, entries, new_store, opened, policy, witnesses


def _head(log: Log, size: int | None = None) -> Note:
    reader = log.reader()
    size = log.state.size if size is None else size
    return sign(Checkpoint(LOG.key.name, size, reader.root(size)).text(), LOG)


def _request(log: Log, old: int, size: int, proof: list[bytes] | None = None) -> bytes:
    from assaymark.log.reading import Reader

    steps = Reader(log.store, size).consistency(old) if proof is None else proof
    return Request(old, tuple(steps), _head(log, size)).to_bytes()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with opened(new_store(tmp_path), tmp_path) as log:
        log.add(entries(0, 300))
        log.integrate()
        yield log


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return witnesses(tmp_path)[0]


def test_a_witness_cosigns_what_continues(log: Log, witness: Witness) -> None:
    for old, size in ((0, 3), (3, 3), (3, 256), (256, 300)):
        answer = witness.add_checkpoint(_request(log, old, size))
        assert answer.status == 200
        (line,) = read_signatures(answer.body)
        assert witness.signer.key.check(_head(log, size).text, line.value) == NOW
    held = witness.held(LOG.key)
    assert held is not None
    assert held.size == 300


def test_the_statuses_are_those_of_the_specification(log: Log, witness: Witness, tmp_path: Path) -> None:
    stranger = Signer.of("other.example", Kind.ED25519, secret("other"))
    thief = Signer.of(LOG.key.name, Kind.ED25519, secret("thief"))
    text = _head(log).text
    assert witness.add_checkpoint(b"hello").status == 400
    assert witness.add_checkpoint(_request(log, 0, 300)[:MAX_REQUEST] + b"x" * MAX_REQUEST).status == 400
    unknown = Request(0, (), sign(Checkpoint("other.example", 1, bytes(32)).text(), stranger))
    assert witness.add_checkpoint(unknown.to_bytes()).status == 404
    assert witness.add_checkpoint(Request(0, (), sign(text, thief)).to_bytes()).status == 403
    assert witness.add_checkpoint(Request(301, (), sign(text, LOG)).to_bytes()).status == 400
    assert witness.add_checkpoint(_request(log, 0, 300, [bytes(32)])).status == 422
    assert witness.add_checkpoint(_request(log, 0, 256)).status == 200
    conflict = witness.add_checkpoint(_request(log, 0, 300))
    assert (conflict.status, conflict.body, conflict.kind) == (409, b"256\n", SIZE_TYPE)
    assert witness.add_checkpoint(_request(log, 3, 300)).status == 409
    assert witness.add_checkpoint(_request(log, 256, 300, [bytes(32)])).status == 422
    fork = sign(Checkpoint(LOG.key.name, 256, bytes(32)).text(), LOG)
    assert witness.add_checkpoint(Request(256, (), fork).to_bytes()).status == 409
    assert len(list(LocalStore(tmp_path / "witness0").names("evidence/"))) == 3
    assert witness.add_checkpoint(_request(log, 256, 300)).status == 200


def test_a_witness_never_goes_back(log: Log, witness: Witness) -> None:
    assert witness.add_checkpoint(_request(log, 0, 300)).status == 200
    assert witness.add_checkpoint(_request(log, 0, 256)).status == 409
    assert witness.add_checkpoint(_request(log, 256, 256, [])).status == 409


def test_a_witness_remembers_over_its_own_end(log: Log, tmp_path: Path) -> None:
    assert witnesses(tmp_path)[1].add_checkpoint(_request(log, 0, 256)).status == 200
    again = witnesses(tmp_path)[1]
    assert again.add_checkpoint(_request(log, 0, 300)).status == 409
    assert again.add_checkpoint(_request(log, 256, 300)).status == 200


def test_a_witness_whose_memory_was_changed_signs_nothing(log: Log, witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(_request(log, 0, 256))
    store = LocalStore(tmp_path / "witness0")
    (path,) = store.names("logs/")
    store.write({path: store.read(path).replace(b"\n256\n", b"\n255\n")})
    with pytest.raises(Refused):
        witness.add_checkpoint(_request(log, 255, 300))


def test_only_the_line_of_the_log_is_kept(log: Log, witness: Witness, tmp_path: Path) -> None:
    note = _head(log).with_signatures([WITNESSES[1].sign(_head(log).text, NOW)])
    assert witness.add_checkpoint(Request(0, (), note).to_bytes()).status == 200
    store = LocalStore(tmp_path / "witness0")
    (path,) = store.names("logs/")
    assert len(Note.parse(store.read(path)).signatures) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"old",
        b"old 01",
        b"old -1",
        b"old 1\nAAAA",
        b"old 1\n" + b"A" * 43 + b"=\n" * 2,
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64,
    ],
)
def test_requests_that_are_none_are_refused(log: Log, witness: Witness, head: bytes) -> None:
    assert witness.add_checkpoint(head.rstrip(b"\n") + b"\n\n" + _head(log).to_bytes()).status == 400


@given(st.binary(max_size=300))
def test_arbitrary_requests_are_refused_and_never_crash(content: bytes) -> None:
    with pytest.raises(Refused):
        Request.parse(content)
    with pytest.raises(Refused):
        Request.parse(b"old 5\n\n" + content)


@contextmanager
def _served(witness: Witness) -> Iterator[str]:
    server = WitnessServer(witness, ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_witness_over_http(log: Log, witness: Witness) -> None:
    with _served(witness) as url:
        send = over_http(url)
        assert send(_request(log, 0, 256)).status == 200
        answer = send(_request(log, 0, 300))
        assert (answer.status, answer.body, answer.kind) == (409, b"256\n", SIZE_TYPE)
        published = publish(log, LOG, policy(1), [Cosigner(witness.signer.key, send)])
        assert [one.key for one in published.seen.witnesses] == [witness.signer.key]


def test_the_server_is_bounded(log: Log, witness: Witness) -> None:
    with _served(witness) as url:
        place = url.removeprefix("http://")

        def ask(method: str, path: str, body: bytes = b"", **headers: str) -> int:
            connection = http.client.HTTPConnection(place, timeout=5)
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            status = connection.getresponse().status
            connection.close()
            return status

        assert ask("GET", "/add-checkpoint") == 501
        assert ask("POST", "/elsewhere", b"x") == 404
        assert ask("POST", "/add-checkpoint", Content_Length=str(MAX_REQUEST + 1)) == 413
        assert ask("POST", "/add-checkpoint", Content_Length="-1") == 411
        assert ask("POST", "/add-checkpoint", Content_Length="9" * 30) == 413
        assert ask("POST", "/add-checkpoint", b"nonsense") == 400
        assert ask("POST", "/add-checkpoint", _request(log, 0, 300)) == 200


def test_too_many_connections_are_turned_away(log: Log, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaymark.log.serving.MAX_CONNECTIONS", 2)
    with _served(witness) as url:
        host, port = url.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(2)]
        try:
            for one in silent:
                one.sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
            threading.Event().wait(0.2)
            with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the machine has it
                over_http(url)(_request(log, 0, 300))
        finally:
            for one in silent:
                one.close()


def test_two_of_three_witnesses_are_enough_and_one_is_not(log: Log, tmp_path: Path) -> None:
    def down(_: bytes) -> Answer:
        raise OSError("down")

    alive = cosigners(tmp_path)
    broken = [Cosigner(one.key, down) for one in alive]
    with pytest.raises(LogError) as caught:
        publish(log, LOG, policy(), [alive[0], *broken[1:]])
    assert caught.value.reason == "no-quorum"
    assert read_checkpoint(log.store, LOG.key) is None
    published = publish(log, LOG, policy(), [alive[0], alive[1], broken[2]])
    assert published.missing == {"witness3.example": "down"}
    note = Note.parse(log.store.read(CHECKPOINT))
    proof = prove(log.reader(), note, 123)
    assert check_logged(entries(123, 124)[0], proof, policy()).witnesses == ("witness1.example", "witness2.example")


def test_witnesses_that_are_behind_catch_up(log: Log, tmp_path: Path) -> None:
    """The first witness saw more than the published size, as after a round without quorum; the third saw nothing."""
    some = cosigners(tmp_path)
    publish(log, LOG, policy(1), some[:1])
    log.add(entries(300, 400))
    with pytest.raises(LogError):
        publish(log, LOG, policy(), some[:1])
    log.add(entries(400, 700))
    assert publish(log, LOG, policy(), some).missing == {}


def test_a_witness_that_holds_another_tree_is_told_apart_from_one_that_is_down(log: Log, tmp_path: Path) -> None:
    some = cosigners(tmp_path)
    fork = sign(Checkpoint(LOG.key.name, 5000, bytes(32)).text(), LOG)
    assert some[2].send(Request(0, (), fork).to_bytes()).status == 200
    missing = publish(log, LOG, policy(), some).missing
    assert missing == {"witness3.example": f"{Reason.NOT_CONSISTENT}: witness3.example holds 5000"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(200, b"hello"),
        Answer(200, WITNESSES[1].sign("other\n", 5).line().encode()),
        Answer(200, WITNESSES[0].sign("other\n", 5).line().encode()),
        Answer(409, b"x\n", SIZE_TYPE),
        Answer(409, b"0\n", SIZE_TYPE),
        Answer(409, b"7\n", "text/plain"),
    ],
)
def test_what_a_witness_answers_is_not_believed(log: Log, answer: Answer) -> None:
    with pytest.raises(LogError) as caught:
        publish(log, LOG, policy(1), [Cosigner(WITNESSES[0].key, lambda _: answer)])
    assert caught.value.reason == "no-quorum"


def test_a_witness_that_never_agrees_with_itself_is_left(log: Log) -> None:
    sizes = iter(range(1, 100))
    with pytest.raises(LogError):
        publish(
            log, LOG, policy(1), [Cosigner(WITNESSES[0].key, lambda _: Answer(409, b"%d\n" % next(sizes), SIZE_TYPE))]
        )
    assert next(sizes) < 10


def test_only_the_key_of_the_log_signs_its_checkpoints(log: Log) -> None:
    with pytest.raises(LogError) as caught:
        publish(log, Signer.of(LOG.key.name, Kind.ED25519, secret("thief")), policy(0), [])
    assert caught.value.reason == "wrong-key"


def test_an_empty_log_has_a_checkpoint(tmp_path: Path) -> None:
    with opened(new_store(tmp_path), tmp_path) as log:
        assert publish(log, LOG, policy(), cosigners(tmp_path)).seen.checkpoint.root == EMPTY


def test_what_no_checkpoint_covers_has_no_proof(log: Log) -> None:
    published = publish(log, LOG, policy(0), [])
    note = sign(published.seen.checkpoint.text(), LOG)
    with pytest.raises(LogError) as caught:
        prove(log.reader(), note, 300)
    assert caught.value.reason == "not-covered"


def test_addresses_that_are_none_of_the_web_are_refused() -> None:
    with pytest.raises(ValueError, match="not an address"):
        over_http("file:///etc/passwd")


def test_a_checkpoint_that_came_out_meanwhile_is_not_replaced(log: Log, tmp_path: Path) -> None:
    """Two writers of an object store: the slower one must not show an older tree again."""
    some = cosigners(tmp_path)

    def meanwhile(content: bytes) -> Answer:
        log.store.write({CHECKPOINT: b"newer"})
        return some[0].send(content)

    with pytest.raises(LogError) as caught:
        publish(log, LOG, policy(1), [Cosigner(some[0].key, meanwhile)])
    assert caught.value.reason == "busy"
    assert log.store.read(CHECKPOINT) == b"newer"
