"""Cases 39 to 46, 57 and 58: containers, statements, envelopes and proofs that are not of their form."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import ENVELOPE, PAIR_ID, Container
from assaymark.mark.merkle import tree_root
from assaymark.mark.note import Kind, Signer, sign
from assaymark.mark.strict import to_base64
from assaymark.testing.sign import other_identity
from assaymark.testing.trust import DAY, NOW, ORIGIN, secret
from mark.bench import MEMBERS, Bench, Case, case
from mark.refused import with_checkpoint, with_proof


@case
def case_39_two_pairs(bench: Bench) -> Case:
    path = bench.apk()
    container = bench.world.certify(bench.world.statement(path))
    return bench.case("two-marks", bench.apk(pairs=[(PAIR_ID, container), (PAIR_ID, container)]))


def _container(bench: Bench, wanted: str, change: Callable[[bytes], bytes]) -> Case:
    path = bench.apk()
    container = change(bench.world.certify(bench.world.statement(path)))
    return bench.case(wanted, bench.apk(pairs=[(PAIR_ID, container)]))


@case
def case_40_unknown_critical_record(bench: Bench) -> Case:
    return _container(bench, "record-unknown", lambda data: data + struct.pack("<II", 1 << 31 | 900, 0))


@case
def case_40b_known_record_marked_critical(bench: Bench) -> Case:
    made = _container(bench, "valid", lambda data: data[:4] + struct.pack("<I", 1 << 31 | ENVELOPE) + data[8:])
    return replace(made, statuses=bench.fresh())


@case
def case_41_truncated_record(bench: Bench) -> Case:
    return _container(bench, "container-malformed", lambda data: data[:-1])


@case
def case_41b_nothing_but_magic(bench: Bench) -> Case:
    return _container(bench, "container-malformed", lambda data: data[:4])


@case
def case_41c_two_envelopes(bench: Bench) -> Case:
    return _container(bench, "container-malformed", lambda data: data + data[4:])


@case
def case_42_over_64_kib(bench: Bench) -> Case:
    filling = struct.pack("<II", 900, 65_536) + bytes(65_536)
    return _container(bench, "container-too-large", lambda data: data + filling)


@case
def case_43_split_member_of_another_signer(bench: Bench) -> Case:
    base, split = bench.apk("base.apk"), bench.apk("split.apk", members=MEMBERS[1:])
    container = bench.world.certify(bench.world.statement_of([base, split]))
    thief = other_identity(3)
    bench.apk("split.apk", members=MEMBERS[1:], who={"v2": thief, "v3": thief})
    return bench.case(
        "signer-differs", bench.embed(base, container), bench.embed(split, container), statuses=bench.fresh()
    )


@case
def case_43b_split_set_without_base(bench: Bench) -> Case:
    base, one, two = (
        bench.apk("base.apk"),
        bench.apk("a.apk", members=MEMBERS[1:]),
        bench.apk("b.apk", members=MEMBERS[2:]),
    )
    container = bench.world.certify(bench.world.statement_of([base, one, two]))
    return bench.case(
        "set-incomplete", bench.embed(one, container), bench.embed(two, container), statuses=bench.fresh()
    )


@case
def case_44_duplicate_members(bench: Bench) -> Case:
    return bench.edited("statement-malformed", b'"level":2', b'"level":1,"level":2')


@case
def case_44b_number_that_is_no_integer(bench: Bench) -> Case:
    return bench.edited("statement-malformed", b'"level":2', b'"level":2.0')


@case
def case_44c_duplicate_members_in_the_envelope(bench: Bench) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path)).replace(
        b'"payloadType"', b'"payloadType":"x","payloadType"'
    )
    return bench.case("envelope-malformed", bench.embed(path, bench.world.contain(envelope)))


@case
def case_45_payload_type_changed(bench: Bench) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path)).replace(b"vnd.in-toto+json", b"vnd.other+json")
    return bench.case("envelope-malformed", bench.embed(path, bench.world.contain(envelope)))


@case
def case_46_algorithm_confusion(bench: Bench) -> Case:
    """A P-256 key that the root lists as Ed25519 spoils the root."""
    path, _ = bench.marked()
    bench.world.issuers["p256"] = replace(bench.world.issuers["p256"], alg="ed25519")
    return bench.case("issuer-algorithm", path, root_note=bench.world.root_note())


@case
def case_46b_sm2_key_listed_as_p256(bench: Bench) -> Case:
    path, _ = bench.marked()
    bench.world.issuers["sm2"] = replace(bench.world.issuers["sm2"], alg="ecdsa-p256")
    return bench.case("issuer-algorithm", path, root_note=bench.world.root_note())


@case
def case_57_path_of_64_hashes(bench: Bench) -> Case:
    hashes = b"".join(to_base64(sha256(bytes([n])).digest()).encode() + b"\n" for n in range(64))
    return with_proof(bench, "not-logged", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 5\n" + hashes[:-90]))


@case
def case_57b_path_too_long(bench: Bench) -> Case:
    hashes = b"".join(to_base64(sha256(bytes([n])).digest()).encode() + b"\n" for n in range(70))
    return with_proof(bench, "proof-malformed", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 5\n" + hashes))


@case
def case_57c_tree_of_one(bench: Bench) -> Case:
    bench.world.entries.clear()
    path, container = bench.marked()
    assert b"index 0\n\n" in container
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_58c_base64_that_is_not_canonical(bench: Bench) -> Case:
    """The last character of the payload has bits that no byte uses."""
    path = bench.apk()
    tree = json.loads(bench.world.seal(bench.world.statement(path, serial="A" * 3)))
    for filling in range(3):
        tree = json.loads(bench.world.seal(bench.world.statement(path, serial="A" * (3 + filling))))
        if tree["payload"].endswith("="):
            break
    text = tree["payload"].rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    padding = "=" * (len(tree["payload"]) - len(text))
    tree["payload"] = text[:-1] + alphabet[alphabet.index(text[-1]) + 1] + padding
    return bench.case("envelope-malformed", bench.embed(path, bench.world.contain(json.dumps(tree).encode())))


def _missing(bench: Bench, wanted: str, name: str, *, inside: bool) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    if inside:
        tree = json.loads(bench.world.statement(path).to_bytes())
        del tree["predicate"][name]
        return bench.case(wanted, bench.embed(path, bench.world.certify(json.dumps(tree).encode())))
    tree = json.loads(envelope)
    del tree[name]
    return bench.case(wanted, bench.embed(path, bench.world.contain(json.dumps(tree).encode())))


@case
def case_58d_missing_signatures(bench: Bench) -> Case:
    return _missing(bench, "envelope-malformed", "signatures", inside=False)


@case
def case_58d_missing_signer(bench: Bench) -> Case:
    return _missing(bench, "statement-malformed", "signerCertSha256", inside=True)


@case
def case_58d_missing_expiry(bench: Bench) -> Case:
    return _missing(bench, "statement-malformed", "notAfter", inside=True)


@case
def case_58d_longer_than_a_year(bench: Bench) -> Case:
    path, _ = bench.marked(not_after=NOW + 500 * DAY)
    return bench.case("statement-malformed", path)


@case
def case_58e_log_and_witness_with_one_name(bench: Bench) -> Case:
    """A witness may bear the name of the log: its key is another, so each line counts for who made it."""
    world = bench.world
    twin = Signer.of(ORIGIN, Kind.COSIGNATURE, secret("witness twin"))
    path = bench.apk()
    envelope = world.seal(world.statement(path))
    index = world.log(envelope)
    note = sign(Checkpoint(ORIGIN, len(world.entries), tree_root(len(world.entries), world.node)).text(), world.log_key)
    note = note.with_signatures([one.sign(note.text, NOW - DAY) for one in (twin, world.witnesses[0])])
    bench.embed(path, Container(envelope, world.proof(index, note.to_bytes()).to_bytes()).to_bytes())
    policy = f"witness a {twin.key}\nwitness b {world.witnesses[0].key}\ngroup g 2 a b\nquorum g\n"
    return bench.case("valid", path, statuses=bench.fresh(), root_note=world.root_note(policy=policy))


@case
def case_58e_witness_listed_twice(bench: Bench) -> Case:
    """One key under two names would fill a quorum of two by itself."""
    path, _ = bench.marked()
    one = bench.world.witnesses[0].key
    policy = f"witness a {one}\nwitness b {one}\ngroup g 2 a b\nquorum g\n"
    return bench.case("root-malformed", path, root_note=bench.world.root_note(policy=policy))


@case
def case_58e_witness_signs_twice(bench: Bench) -> Case:
    """Two lines of one witness count once."""

    def twice() -> bytes:
        lines = bench.world.checkpoint(witnesses=1).decode().rstrip("\n").split("\n")
        return ("\n".join([*lines, lines[-1]]) + "\n").encode()

    return with_checkpoint(bench, "quorum-missed", twice)
