"""Proofs as text, and what they show. Numbers are those of the cases in the notes on certification."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.note import Note
from assaymark.mark.proof import HEADER, MAX_PROOF, Proof, check_logged, is_private_entry, private_entry
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import to_base64
from assaymark.testing.trust import NOW, SALT, World
from logs import STEADY

ENVELOPE = b'{"an": "envelope"}'


def _world(entries: int = 41) -> World:
    return World(entries=[f"entry {at}".encode() for at in range(entries)])


def _proven(world: World, index: int = 23) -> tuple[Proof, World]:
    world.entries[index] = ENVELOPE
    return world.proof(index), world


def _reason(envelope: bytes, proof: Proof, world: World) -> Reason:
    with pytest.raises(Refused) as caught:
        check_logged(envelope, proof, world.root().policy)
    return caught.value.reason


def test_an_entry_is_shown_to_be_in_the_log() -> None:
    proof, world = _proven(_world())
    logged = check_logged(ENVELOPE, Proof.parse(proof.to_bytes()), world.root().policy)
    assert (logged.origin, logged.index, logged.size) == (world.origin, 23, 41)
    assert logged.witnesses == ("witness1.example", "witness2.example", "witness3.example")
    assert logged.time is not None
    assert logged.time < NOW
    assert not logged.private


def test_the_text_is_that_of_the_specification() -> None:
    """The lines of the example at c2sp.org/tlog-proof, in their order."""
    proof = Proof(73894, (bytes(32), b"\1" * 32), b"example.com/fancylog\n...", b"\0\1")
    lines = proof.to_bytes().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra AAE=", "index 73894"]
    assert lines[3:] == [to_base64(bytes(32)), to_base64(b"\1" * 32), "", "example.com/fancylog", "..."]
    assert Proof.parse(proof.to_bytes()) == proof


def test_a_private_leaf_needs_its_salt() -> None:
    """Case 5."""
    world = _world()
    index = world.log(private_entry(SALT, ENVELOPE))
    policy = world.root().policy
    assert check_logged(ENVELOPE, world.proof(index, salt=SALT), policy).private
    assert _reason(ENVELOPE, world.proof(index), world) is Reason.NOT_LOGGED
    assert _reason(ENVELOPE, world.proof(index, salt=bytes(32)), world) is Reason.NOT_LOGGED
    assert _reason(ENVELOPE, world.proof(index, salt=b"short"), world) is Reason.PROOF_MALFORMED
    assert _reason(b"another", world.proof(index, salt=SALT), world) is Reason.NOT_LOGGED


def test_a_private_entry_shows_nothing_and_is_known_as_one() -> None:
    entry = private_entry(SALT, ENVELOPE)
    assert is_private_entry(entry)
    assert ENVELOPE not in entry
    assert entry != private_entry(bytes(32), ENVELOPE)
    assert not is_private_entry(entry + b"x")
    assert not is_private_entry(ENVELOPE)


def test_an_entry_that_was_never_logged() -> None:
    """Case 22."""
    proof, world = _proven(_world())
    assert _reason(ENVELOPE + b" ", proof, world) is Reason.NOT_LOGGED


def test_a_split_view_with_no_witness_and_with_one() -> None:
    """Cases 23 and 24: the log shows us a tree of its own."""
    proof, world = _proven(_world())
    for count in (0, 1):
        checkpoint = world.checkpoint(witnesses=count)
        assert _reason(ENVELOPE, replace(proof, checkpoint=checkpoint), world) is Reason.QUORUM_MISSED
    assert check_logged(ENVELOPE, replace(proof, checkpoint=world.checkpoint(witnesses=2)), world.root().policy)


def test_another_log() -> None:
    """Cases 25 and 26: wrong origin, wrong log key."""
    proof, world = _proven(_world())
    other = replace(world, origin="log.example/2031")
    assert _reason(ENVELOPE, replace(proof, checkpoint=other.checkpoint()), world) is Reason.LOG_UNKNOWN
    stranger = replace(proof, checkpoint=world.checkpoint(logs=[world.root_keys[0]]))
    assert _reason(ENVELOPE, stranger, world) is Reason.LOG_NOT_SIGNED


def test_a_damaged_line_of_a_known_witness() -> None:
    """Case 27."""
    proof, world = _proven(_world())
    note = Note.parse(proof.checkpoint)
    last = note.signatures[-1]
    damaged = last._replace(value=last.value[:-1] + bytes([last.value[-1] ^ 1]))
    spoilt = Note(note.text, (*note.signatures[:-1], damaged)).to_bytes()
    assert _reason(ENVELOPE, replace(proof, checkpoint=spoilt), world) is Reason.SIGNATURE_WRONG


def test_a_damaged_path_and_a_wrong_index() -> None:
    """Cases 28 and 29."""
    proof, world = _proven(_world())
    first = bytes([proof.path[0][0] ^ 1]) + proof.path[0][1:]
    assert _reason(ENVELOPE, replace(proof, path=(first, *proof.path[1:])), world) is Reason.NOT_LOGGED
    assert _reason(ENVELOPE, replace(proof, path=proof.path[:-1]), world) is Reason.NOT_LOGGED
    assert _reason(ENVELOPE, replace(proof, path=(*proof.path, bytes(32))), world) is Reason.NOT_LOGGED
    for index in (22, 24, 0, 41, 23 + 64):
        assert _reason(ENVELOPE, replace(proof, index=index), world) is Reason.NOT_LOGGED


HASH = to_base64(bytes(32))


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\nindex 023\n{HASH}\n\nc",  # case 30
        f"{HEADER}\nindex 00\n\nc",
        f"{HEADER}\nindex -1\n\nc",
        f"{HEADER}\nindex 9223372036854775808\n\nc",
        f"{HEADER}\nindex  1\n\nc",
        f"{HEADER}\nindex\n\nc",
        f"{HEADER}\n{HASH}\n\nc",
        f"{HEADER}\nextra AAA=\nextra AAA=\nindex 1\n\nc",
        f"{HEADER}\nextra AAB=\nindex 1\n\nc",  # base64 that is not canonical
        f"{HEADER}\nindex 1\nAAAA\n\nc",  # no hash of 32 bytes
        f"{HEADER}\nindex 1\n{HASH[:-1]}\n\nc",
        f"{HEADER}\nindex 1\n" + f"{HASH}\n" * 65 + "\nc",  # case 57
        f"{HEADER}\r\nindex 1\r\n\r\nc",
        f"{HEADER}\nindex 1",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nc",
        f" {HEADER}\nindex 1\n\nc",
        "",
        "\n\n",
        f"{HEADER}\nindex 1\n\n" + "c" * MAX_PROOF,
    ],
)
def test_what_is_no_proof_is_refused(content: str) -> None:
    with pytest.raises(Refused) as caught:
        Proof.parse(content.encode())
    assert caught.value.reason is Reason.PROOF_MALFORMED


def test_a_path_of_64_hashes_can_be_read_and_belongs_to_no_tree() -> None:
    """Case 57."""
    proof, world = _proven(_world())
    long = Proof.parse(replace(proof, path=(bytes(32),) * 64).to_bytes())
    assert _reason(ENVELOPE, long, world) is Reason.NOT_LOGGED


def test_a_tree_of_one_has_an_empty_path() -> None:
    """Case 57."""
    proof, world = _proven(_world(1), 0)
    assert b"index 0\n\n" in proof.to_bytes()
    assert check_logged(ENVELOPE, Proof.parse(proof.to_bytes()), world.root().policy).size == 1


@STEADY
@given(st.binary(max_size=400), st.integers(0, 2000))
def test_arbitrary_and_damaged_proofs_are_refused_and_never_crash(noise: bytes, place: int) -> None:
    """Case 58. A changed line of a witness that is unknown then may pass: two others are enough."""
    proof, _ = CHECKED
    content = proof.to_bytes()
    place %= len(content)
    for candidate in (noise, content[:place] + noise + content[place:], content[:place], noise + content):
        try:
            logged = check_logged(ENVELOPE, Proof.parse(candidate), POLICY)
        except Refused:
            continue
        assert (logged.index, logged.size) == (23, 41)


CHECKED = _proven(_world())
POLICY = CHECKED[1].root().policy
