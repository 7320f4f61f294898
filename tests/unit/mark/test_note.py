"""Signed notes against the examples of their specifications and of the first implementation."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from assaymark.mark.note import MAX_SIGNATURES, Key, Kind, Note, Signer, read_signatures, sign
from assaymark.mark.reasons import Reason, Refused
from logs import STEADY

# golang.org/x/mod, sumdb/note/note_test.go: keys, text and signatures.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# c2sp.org/signed-note, the example of the introduction: a text with an empty line in it.
POEM = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
POEM_LINE = (
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)

# c2sp.org/tlog-cosignature, the example of the introduction.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_LINES = (
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
    "mbIUBkBIfZ+qnA==\n"
)


def _note(lines: str, text: str = TEXT) -> Note:
    return Note.parse(f"{text}\n{lines}".encode())


def _reason(call: object, *args: object) -> Reason:
    with pytest.raises(Refused) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.reason


def _signer(name: str = "log.example", kind: Kind = Kind.ED25519, seed: int = 1) -> Signer:
    return Signer.of(name, kind, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def test_the_note_of_the_first_implementation_verifies() -> None:
    signed = _note(PETER_LINE).verify([Key.parse(PETER)])
    assert [(one.key.name, one.time) for one in signed] == [("PeterNeumann", None)]


def test_signing_gives_the_same_bytes_as_the_first_implementation() -> None:
    from assaymark.mark.strict import from_base64

    secret = Ed25519PrivateKey.from_private_bytes(from_base64(PETER_SEED)[1:])
    assert sign(TEXT, Signer.of("PeterNeumann", Kind.ED25519, secret)).to_bytes().decode() == f"{TEXT}\n{PETER_LINE}"


def test_both_of_two_known_keys_are_given_and_unknown_ones_ignored() -> None:
    both = _note(PETER_LINE + ENOCH_LINE)
    assert [one.key.name for one in both.verify([Key.parse(ENOCH), Key.parse(PETER)])] == ["PeterNeumann", "EnochRoot"]
    assert [one.key.name for one in both.verify([Key.parse(PETER)])] == ["PeterNeumann"]
    assert _reason(both.verify, []) is Reason.SIGNATURE_MISSING


def test_a_wrong_line_of_a_known_key_refuses_the_note_even_beside_a_right_one() -> None:
    wrong = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    assert _reason(_note(wrong).verify, [Key.parse(PETER)]) is Reason.SIGNATURE_WRONG
    assert _reason(_note(PETER_LINE + wrong).verify, [Key.parse(PETER)]) is Reason.SIGNATURE_WRONG
    assert _reason(_note(PETER_LINE, TEXT.replace("problem is", "problem was")).verify, [Key.parse(PETER)])


def test_a_key_counts_once_however_often_it_signed() -> None:
    assert len(_note(PETER_LINE * 3).verify([Key.parse(PETER), Key.parse(PETER)])) == 1


def test_the_same_name_with_another_id_is_another_key() -> None:
    other = _signer("PeterNeumann").key
    assert _reason(_note(PETER_LINE).verify, [other]) is Reason.SIGNATURE_MISSING


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE * (MAX_SIGNATURES + 1)}",
        f"{TEXT}\n{PETER_LINE.replace('=', '==')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '- ')}",
        f"{TEXT}\n— a+b AAAAAAAA\n",
        f"{TEXT}\n— a AAAAAA==\n",
        f"{TEXT}\r\n{PETER_LINE}",
    ],
)
def test_what_is_no_note_is_refused(content: str) -> None:
    assert _reason(Note.parse, content.encode()) is Reason.NOTE_MALFORMED


def test_bytes_that_are_no_text_and_notes_beyond_the_limit_are_refused() -> None:
    assert _reason(Note.parse, b"\xff" + TEXT.encode() + b"\n" + PETER_LINE.encode()) is Reason.NOTE_MALFORMED
    assert _reason(Note.parse, f"{TEXT}\n{PETER_LINE}".encode(), 100) is Reason.NOTE_MALFORMED


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = _note(POEM_LINE, POEM)
    assert note.text == POEM
    assert [(one.name, one.key_id.hex(), len(one.value)) for one in note.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert note.to_bytes().decode() == f"{POEM}\n{POEM_LINE}"


def test_the_cosignature_of_the_specification_carries_its_time() -> None:
    log, witness = _note(SOFA_LINES, SOFA).signatures
    assert (log.name, len(log.value)) == ("example.com/behind-the-sofa", 64)
    assert (witness.name, len(witness.value)) == ("witness.example.com/w1", 72)
    assert int.from_bytes(witness.value[:8], "big") == 1679315147  # "time 1679315147" in the signed message there


def test_a_cosignature_signs_the_header_the_time_and_the_whole_text() -> None:
    witness = _signer("w.example", Kind.COSIGNATURE)
    note = sign(SOFA, witness, time=1679315147)
    message = b"cosignature/v1\ntime 1679315147\n" + SOFA.encode()
    witness.secret.public_key().verify(note.signatures[0].value[8:], message)
    assert [(one.key, one.time) for one in note.verify([witness.key])] == [(witness.key, 1679315147)]


def test_a_cosignature_with_another_time_or_as_a_plain_signature_is_wrong() -> None:
    witness = _signer("w.example", Kind.COSIGNATURE)
    line = witness.sign(SOFA, 5)
    later = line._replace(value=(6).to_bytes(8, "big") + line.value[8:])
    for bad in (later, line._replace(value=line.value[8:]), line._replace(value=b"\xff" * 8 + line.value[8:])):
        assert _reason(Note(SOFA, (bad,)).verify, [witness.key]) is Reason.SIGNATURE_WRONG


def test_log_and_witness_of_one_name_and_secret_are_two_keys() -> None:
    """Case 58e of the certification notes."""
    log, witness = _signer("one.example"), _signer("one.example", Kind.COSIGNATURE)
    assert log.key.id != witness.key.id
    note = sign(SOFA, log, witness, time=7)
    assert [one.time for one in note.verify([log.key, witness.key])] == [None, 7]
    assert [one.key for one in note.verify([witness.key])] == [witness.key]


def test_every_piece_and_every_changed_letter_of_a_key_is_refused() -> None:
    for start in range(len(PETER)):
        for end in range(start + 1, len(PETER) + 1):
            if (start, end) != (0, len(PETER)):
                assert _reason(Key.parse, PETER[start:end]) is Reason.KEY_MALFORMED
    for at in range(len(PETER)):
        changed = PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :]
        assert _reason(Key.parse, changed) is Reason.KEY_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, its id fits
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown type, its id fits
        "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+sm"
        "GNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=",  # ECDSA, which is not asked for here
        "",
        "+",
        "++",
    ],
)
def test_keys_of_other_types_are_refused(text: str) -> None:
    assert _reason(Key.parse, text) is Reason.KEY_MALFORMED


def test_a_key_is_written_as_it_is_read() -> None:
    assert str(Key.parse(PETER)) == PETER
    assert str(Key.parse(ENOCH)) == ENOCH


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\x1fb", "x" * 256, "a\n"])
def test_names_that_no_note_can_carry_are_refused(name: str) -> None:
    assert _reason(_signer, name) is Reason.KEY_MALFORMED


@pytest.mark.parametrize("text", ["", "no end", "tab\there\n", "bell\a\n"])
def test_texts_that_no_note_can_carry_are_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        sign(text, _signer())


def test_signature_lines_of_a_witness_come_without_their_note() -> None:
    assert [one.name for one in read_signatures(SOFA_LINES.encode())] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    for content in (b"", b"\n", b"hello\n", b"\n\n" + SOFA_LINES.encode()[:-1]):
        assert _reason(read_signatures, content) is Reason.NOTE_MALFORMED


@STEADY
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_crash(content: bytes) -> None:
    for candidate in (content, TEXT.encode() + b"\n" + content, content + b"\n\n" + PETER_LINE.encode()):
        try:
            note = Note.parse(candidate)
        except Refused:
            continue
        assert Note.parse(note.to_bytes()) == note


@STEADY
@given(st.integers(0, 400), st.integers(0, 7))
def test_one_changed_bit_never_leaves_a_note_of_the_same_text_and_signer(place: int, bit: int) -> None:
    content = bytearray(f"{TEXT}\n{PETER_LINE}".encode())
    place %= len(content)
    content[place] ^= 1 << bit
    try:
        signed = Note.parse(bytes(content)).verify([Key.parse(PETER)])
    except Refused:
        return
    raise AssertionError(f"accepted: {signed}")
