"""Cases 14 to 38: sound files and certificates, put together wrongly, or not standing any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import Container, read_container
from assaymark.mark.demand import Demand
from assaymark.mark.merkle import tree_root
from assaymark.mark.note import Kind, Signer, sign
from assaymark.mark.statement import DERIVED, DISTRIBUTION, Derivation
from assaymark.mark.status import State
from assaymark.mark.strict import from_base64, to_base64
from assaymark.mark.subject import EXPECTED
from assaymark.testing.archive import Member
from assaymark.testing.sign import other_identity, throw_away_key
from assaymark.testing.trust import DAY, NOW, ORIGIN, Issuer, p256, secret
from mark.accepted import case_04f_derived_from_a_certified_bundle
from mark.bench import MEMBERS, Bench, Case, case, flip


@case
def case_14_stripped(bench: Bench) -> Case:
    return bench.case("none", bench.apk())


@case
def case_14b_stripped_and_the_file_says_so(bench: Bench) -> Case:
    return bench.case("stripped", bench.apk(members=[*MEMBERS, Member(EXPECTED, b"1\n")]))


@case
def case_15_certificate_of_another_app(bench: Bench) -> Case:
    _, container = bench.marked()
    other = bench.apk("other.apk", members=MEMBERS[:2])
    return bench.case("other-file", bench.embed(other, container))


@case
def case_16_same_content_other_signer(bench: Bench) -> Case:
    _, container = bench.marked()
    thief = other_identity(3)
    return bench.case("signer-differs", bench.embed(bench.apk("twin.apk", who={"v2": thief, "v3": thief}), container))


@case
def case_16b_foreign_v2_grafted_beside_v3(bench: Bench) -> Case:
    genuine = bench.apk(schemes=["v3"])
    container = bench.world.certify(bench.world.statement(genuine))
    grafted = bench.apk("grafted.apk", who={"v2": other_identity(3)})
    return bench.case("schemes-differ", bench.embed(grafted, container))


@case
def case_16c_scheme_removed_afterwards(bench: Bench) -> Case:
    """The v3 pair is taken out of a file that was certified with v2 and v3, both valid by themselves."""
    path = bench.apk(who={"v3": other_identity(2)}, lineage=[throw_away_key()])
    container = bench.world.certify(bench.world.statement(path))
    return bench.case("schemes-differ", bench.embed(bench.apk("less.apk", schemes=["v2"]), container))


@case
def case_16d_lineage_changed(bench: Bench) -> Case:
    path = bench.apk(who={"v3": other_identity(2)}, lineage=[throw_away_key()])
    container = bench.world.certify(bench.world.statement(path))
    other = bench.apk("other.apk", who={"v3": other_identity(2)}, lineage=[other_identity(4), throw_away_key()])
    return bench.case("signer-differs", bench.embed(other, container))


@case
def case_17_bit_flipped_in_an_entry(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("file-changed", flip(path, path.read_bytes().index(b"classes.dex") + 60))


@case
def case_18_bit_flipped_in_the_central_directory(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("file-changed", flip(path, path.read_bytes().index(b"PK\x01\x02") + 12))


@case
def case_18b_bit_flipped_in_the_developers_signature(bench: Bench) -> Case:
    path, _ = bench.marked()
    key = throw_away_key()[0].public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bench.case("developer-signature", flip(path, path.read_bytes().rindex(public) - 40))


@case
def case_19_statement_edited(bench: Bench) -> Case:
    path = bench.apk()
    tree = json.loads(bench.world.seal(bench.world.statement(path)))
    payload = from_base64(tree["payload"]).replace(b'"versionCode":7', b'"versionCode":8')
    envelope = json.dumps(tree | {"payload": to_base64(payload)}).encode()
    return bench.case("statement-wrong", bench.embed(path, bench.world.contain(envelope)))


@case
def case_20_unknown_issuer(bench: Bench) -> Case:
    path = bench.apk()
    bench.world.issuers["stranger"] = Issuer(p256("stranger"), "Stranger")
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["stranger"]))
    del bench.world.issuers["stranger"]
    return bench.case("issuer-unknown", path)


@case
def case_21_right_key_id_wrong_signature(bench: Bench) -> Case:
    path = bench.apk()
    tree = json.loads(bench.world.seal(bench.world.statement(path), ["p256"]))
    tree["signatures"][0]["keyid"] = bench.world.issuers["platform"].key.keyid
    return bench.case("statement-wrong", bench.embed(path, bench.world.contain(json.dumps(tree).encode())))


@case
def case_22_never_logged(bench: Bench) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    bench.embed(path, Container(envelope, bench.world.proof(2).to_bytes()).to_bytes())
    return bench.case("not-logged", path)


def _forked(bench: Bench, witnesses: int) -> Case:
    """A second tree that holds the entry, shown to so many witnesses."""
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    index = bench.world.log(envelope)
    proof = bench.world.proof(index, bench.world.checkpoint(witnesses=witnesses))
    bench.embed(path, Container(envelope, proof.to_bytes()).to_bytes())
    return bench.case("quorum-missed", path)


@case
def case_23_split_view_no_witness(bench: Bench) -> Case:
    return _forked(bench, 0)


@case
def case_24_split_view_one_of_three(bench: Bench) -> Case:
    return _forked(bench, 1)


def _checkpoint_of(bench: Bench, origin: str, signer: Signer) -> bytes:
    head = Checkpoint(origin, len(bench.world.entries), tree_root(len(bench.world.entries), bench.world.node))
    note = sign(head.text(), signer)
    return note.with_signatures([one.sign(note.text, NOW - DAY) for one in bench.world.witnesses]).to_bytes()


def with_checkpoint(bench: Bench, wanted: str, make: Callable[[], bytes]) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    index = bench.world.log(envelope)
    bench.embed(path, Container(envelope, bench.world.proof(index, make()).to_bytes()).to_bytes())
    return bench.case(wanted, path)


@case
def case_25_wrong_origin(bench: Bench) -> Case:
    signer = Signer.of("log.elsewhere/2026", Kind.ED25519, secret("log elsewhere"))
    return with_checkpoint(bench, "log-unknown", lambda: _checkpoint_of(bench, "log.elsewhere/2026", signer))


@case
def case_26_wrong_log_key(bench: Bench) -> Case:
    signer = Signer.of(ORIGIN, Kind.ED25519, secret("another log key"))
    return with_checkpoint(bench, "log-not-signed", lambda: _checkpoint_of(bench, ORIGIN, signer))


@case
def case_27_damaged_signature_of_a_known_witness(bench: Bench) -> Case:
    def damaged() -> bytes:
        lines = bench.world.checkpoint().decode().split("\n")
        at = next(number for number, line in enumerate(lines) if line.startswith("— witness2"))
        head, _, value = lines[at].rpartition(" ")
        content = bytearray(from_base64(value))
        content[-1] ^= 1
        lines[at] = f"{head} {to_base64(bytes(content))}"
        return "\n".join(lines).encode()

    return with_checkpoint(bench, "signature-wrong", damaged)


def with_proof(bench: Bench, wanted: str, change: Callable[[bytes], bytes]) -> Case:
    path, container = bench.marked()
    held = read_container(container)
    bench.embed(path, Container(held.envelope, change(held.proof)).to_bytes())
    return bench.case(wanted, path)


@case
def case_28_damaged_path(bench: Bench) -> Case:
    def damaged(proof: bytes) -> bytes:
        lines = proof.split(b"\n")
        lines[2] = to_base64(sha256(lines[2]).digest()).encode()
        return b"\n".join(lines)

    return with_proof(bench, "not-logged", damaged)


@case
def case_29_wrong_index(bench: Bench) -> Case:
    return with_proof(bench, "not-logged", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 4\n"))


@case
def case_30_index_with_leading_zero(bench: Bench) -> Case:
    return with_proof(bench, "proof-malformed", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 05\n"))


@case
def case_31_expired(bench: Bench) -> Case:
    path, _ = bench.marked(not_after=NOW - 1)
    return bench.case("expired", path, statuses=bench.fresh())


@case
def case_31b_not_yet_valid(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("not-yet-valid", path, now=NOW - 11 * DAY)


def _standing(bench: Bench, wanted: str, state: State, offset: int = 0) -> Case:
    path, _ = bench.marked()
    index = len(bench.world.entries) - 1 + offset
    return bench.case(wanted, path, statuses=[bench.world.status({index: state})])


@case
def case_32_revoked(bench: Bench) -> Case:
    return _standing(bench, "revoked", State.REVOKED)


@case
def case_32b_suspended(bench: Bench) -> Case:
    return _standing(bench, "suspended", State.SUSPENDED)


@case
def case_32c_superseded(bench: Bench) -> Case:
    return _standing(bench, "superseded", State.SUPERSEDED)


@case
def case_32d_revoked_by_the_stapled_list(bench: Bench) -> Case:
    path = bench.apk()
    held = read_container(bench.world.certify(bench.world.statement(path)))
    note = bench.world.status_note({5: State.REVOKED})
    bench.embed(path, replace(held, status=note).to_bytes())
    return bench.case("revoked", path)


@case
def case_33_neighbour_revoked(bench: Bench) -> Case:
    return _standing(bench, "valid", State.REVOKED, offset=-1)


@case
def case_34_after_the_cut_off(bench: Bench) -> Case:
    path, _ = bench.marked()
    index = len(bench.world.entries) - 1
    bench.world.issuers["platform"] = replace(bench.world.issuers["platform"], cut_off={ORIGIN: index - 1})
    return bench.case("issuer-cut-off", path)


@case
def case_34b_key_not_valid_at_issue(bench: Bench) -> Case:
    path, _ = bench.marked()
    bench.world.issuers["platform"] = replace(bench.world.issuers["platform"], valid=(0, NOW - 50 * DAY))
    return bench.case("issuer-not-valid", path)


@case
def case_35_other_version_expected(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("other-version", path, statuses=bench.fresh(), demand=Demand(version_code=8))


@case
def case_35b_other_package_expected(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("other-package", path, demand=Demand(package="com.example.other"))


@case
def case_36_result_not_pass(bench: Bench) -> Case:
    return bench.edited("not-a-pass", b'"result":"pass"', b'"result":"fail"')


@case
def case_36b_other_kind_of_statement(bench: Bench) -> Case:
    return bench.edited("kind-unknown", b":inspection:v1", b":failure:v1")


@case
def case_37_level_above_right(bench: Bench) -> Case:
    path, _ = bench.marked(level=3)
    return bench.case("issuer-level", path)


@case
def case_37b_developer_above_level_one(bench: Bench) -> Case:
    path = bench.apk()
    bench.world.issuers["developer"] = replace(bench.world.issuers["developer"], level=2)
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["developer"]))
    return bench.case("issuer-role", path)


@case
def case_37c_lab_without_platform(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path, level=3), ["lab"]))
    return bench.case("cosigner-missing", path)


@case
def case_37d_self_checked_only(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path, level=1), ["developer"]))
    return bench.case("level-too-low", path)


@case
def case_37e_store_signs_an_inspection(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path, level=1), ["store"]))
    return bench.case("issuer-role", path)


@case
def case_37f_only_the_word_of_a_store(bench: Bench) -> Case:
    path = bench.apk()
    said = replace(bench.world.statement(path), kind=DISTRIBUTION, inspection=None)
    bench.embed(path, bench.world.certify(said, ["store"]))
    return bench.case("not-inspected", path)


@case
def case_37g_derived_without_its_parent(bench: Bench) -> Case:
    path = bench.apk()
    derivation = Derivation({"sha256": sha256(b"a bundle").hexdigest()}, ("split",))
    said = bench.world.statement(path, kind=DERIVED)
    bench.embed(path, bench.world.certify(replace(said, inspection=None, derivation=derivation), ["store"]))
    return bench.case("parent-missing", path)


@case
def case_37h_derived_from_what_was_revoked(bench: Bench) -> Case:
    made = case_04f_derived_from_a_certified_bundle(bench)
    return replace(made, wanted="revoked", statuses=[bench.world.status({5: State.REVOKED})])


@case
def case_38_issued_after_logged(bench: Bench) -> Case:
    path, _ = bench.marked(issued_at=NOW - 8 * DAY)
    return bench.case("logged-before-issued", path)
