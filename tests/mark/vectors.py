"""The numbered cases that a verifier has to decide: what each is made of, and what has to come out.

Each case is a function named by its number that gives a `Case`; `all_cases` runs them. Files are written below one folder, so that a second
verifier, in another language, can be given the same ones.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.container import ENVELOPE, PAIR_ID, PROOF, Container, read_container, wrap
from assaymark.mark.demand import Demand
from assaymark.mark.keys import SecretKey
from assaymark.mark.merkle import leaf_hash, tree_root
from assaymark.mark.note import Kind, Signer, sign
from assaymark.mark.root import Root
from assaymark.mark.statement import DERIVED, DISTRIBUTION, Derivation, Subject
from assaymark.mark.status import State, StatusList
from assaymark.mark.strict import from_base64, to_base64
from assaymark.mark.subject import EXPECTED
from assaymark.signing.block import PADDING, V2, V3, add_pair
from assaymark.testing.archive import DEFLATED, Member, write_archive
from assaymark.testing.sign import Identity, other_identity, signed_archive, throw_away_key
from assaymark.testing.trust import DAY, NOW, ORIGIN, Issuer, World, p256, secret

CHANNEL, STAMP = 0x71777777, 0x6DFF800D
"""Pairs that stores and Google Play put into signing blocks."""


@dataclass
class Case:
    """One case: files, what they are checked with, and the outcome: a state, or the reason of a refusal."""

    paths: list[Path]
    world: World
    wanted: str
    demand: Demand = field(default_factory=Demand)
    statuses: list[StatusList] = field(default_factory=list)
    now: int = NOW
    root: Root | None = None
    place: str | None = None
    root_note: bytes | None = None
    name: str = ""
    status_notes: list[bytes] = field(default_factory=list)


MEMBERS = (
    Member("AndroidManifest.xml", b"manifest " * 40),
    Member("classes.dex", b"code " * 2000),
    Member("res/raw/text", "文".encode() * 300),
)
_cases: dict[str, Callable[[Bench], Case]] = {}


class Bench:
    """Makes files and containers for one case, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World()

    def apk(
        self,
        name: str = "app.apk",
        schemes: Sequence[str] = ("v2", "v3"),
        *,
        members: Sequence[Member] = MEMBERS,
        who: dict[str, Identity] | None = None,
        pairs: Sequence[tuple[int, bytes]] = (),
        lineage: Sequence[Identity] = (),
        comment: bytes = b"",
    ) -> Path:
        path = self.folder / name
        data = signed_archive(members, schemes, identities=who, pairs=pairs, lineage=lineage, comment=comment)
        path.write_bytes(data)
        return path

    def embed(self, path: Path, container: bytes) -> Path:
        path.write_bytes(b"".join(add_pair(path.read_bytes(), PAIR_ID, container)))
        return path

    def beside(self, path: Path, container: bytes) -> Path:
        path.with_name(path.name + ".assaymark").write_bytes(container)
        return path

    def marked(self, **changes: object) -> tuple[Path, bytes]:
        """Give a file signed with v2 and v3 that bears a certificate, and its container."""
        path = self.apk()
        container = self.world.certify(self.world.statement(path, **changes))
        return self.embed(path, container), container

    def case(self, wanted: str, *paths: Path, **more: object) -> Case:
        return Case(list(paths), self.world, wanted, **more)  # type: ignore[arg-type]

    def fresh(self) -> list[StatusList]:
        return [self.world.status()]


def case(function: Callable[[Bench], Case]) -> Callable[[Bench], Case]:
    """Register a case under its number: `case_07_…` is 7."""
    number = function.__name__.split("_")[1].lstrip("0")
    assert number not in _cases or True
    _cases[function.__name__.removeprefix("case_")] = function
    return function


def all_cases(folder: Path) -> Iterator[tuple[str, Case]]:
    """Build every case below a folder."""
    for name, function in _cases.items():
        yield name, build(name, folder)


def build(name: str, folder: Path) -> Case:
    """Build one case."""
    made = _cases[name](Bench(folder / name))
    made.name = name
    return made


def names() -> list[str]:
    """Give the names of all cases."""
    return list(_cases)


# --- accepted ---------------------------------------------------------------------------------------------------------------------


@case
def case_01_embedded(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("valid", path, statuses=bench.fresh(), place="embedded")


@case
def case_01b_no_news_of_the_status(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("valid-status-stale", path)


@case
def case_02_detached(bench: Bench) -> Case:
    path = bench.apk()
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh(), place="detached")


@case
def case_03_p256_issuer(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["p256"]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04_two_issuers(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["platform", "p256"]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04b_lab_with_platform(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path, level=3), ["lab", "platform"]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04c_one_known_issuer_and_one_unknown(bench: Bench) -> Case:
    path = bench.apk()
    bench.world.issuers["new"] = Issuer(p256("new"), "Not yet in the root")
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["new", "platform"]))
    del bench.world.issuers["new"]
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04d_two_labs_each_with_its_own_certificate(bench: Bench) -> Case:
    path = bench.apk()
    one = bench.world.certify(bench.world.statement(path))
    two = bench.world.certify(bench.world.statement(path, serial="P-1", not_after=NOW - DAY), ["p256"])
    bench.embed(path, wrap([two, one]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04e_from_making_to_distribution(bench: Bench) -> Case:
    """Developer, inspector and store each certify the same file; the inspector's word decides."""
    path = bench.apk()
    said = bench.world.statement(path)
    made = bench.world.certify(bench.world.statement(path, serial="D-1", level=1), ["developer"])
    seen = bench.world.certify(said)
    sold = bench.world.certify(replace(said, kind=DISTRIBUTION, serial="S-1", inspection=None), ["store"])
    bench.embed(path, wrap([made, sold, seen]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04f_derived_from_a_certified_bundle(bench: Bench) -> Case:
    """A store makes an APK of a certified bundle and says so."""
    bundle = bench.folder / "app.aab"
    bundle.write_bytes(write_archive(MEMBERS).data)
    parent = bench.world.statement(bundle)
    path = bench.apk(who={"v2": other_identity(9), "v3": other_identity(9)})
    said = bench.world.statement(path, kind=DERIVED, serial="S-2")
    derived = replace(
        said, inspection=None, derivation=Derivation(parent.subjects[0].digest, ("split by screen density",))
    )
    bench.embed(path, wrap([bench.world.certify(parent), bench.world.certify(derived, ["store"])]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_04g_self_checked_where_that_is_enough(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path, level=1), ["developer"]))
    return bench.case("valid", path, statuses=bench.fresh(), demand=Demand(min_level=1))


@case
def case_05_private_leaf(bench: Bench) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    bench.embed(path, bench.world.contain(envelope, private=True))
    assert all(envelope not in entry for entry in bench.world.entries)
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_06_other_pairs_present(bench: Bench) -> Case:
    path = bench.apk(pairs=[(CHANNEL, b'{"channel":"store"}'), (STAMP, b"stamp" * 300)])
    bench.embed(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_06b_channel_pair_added_later(bench: Bench) -> Case:
    path, _ = bench.marked()
    path.write_bytes(b"".join(add_pair(path.read_bytes(), CHANNEL, b'{"channel":"store"}')))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_07_unknown_optional_record(bench: Bench) -> Case:
    path = bench.apk()
    container = bench.world.certify(bench.world.statement(path))
    bench.embed(path, container + struct.pack("<II", 900, 5) + b"later")
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_08_split_set(bench: Bench) -> Case:
    base, split = bench.apk("base.apk"), bench.apk("split.apk", members=MEMBERS[1:])
    container = bench.world.certify(bench.world.statement_of([base, split]))
    return bench.case("valid", bench.embed(base, container), bench.embed(split, container), statuses=bench.fresh())


@case
def case_08b_split_set_member_alone(bench: Bench) -> Case:
    base, split = bench.apk("base.apk"), bench.apk("split.apk", members=MEMBERS[1:])
    container = bench.world.certify(bench.world.statement_of([base, split]))
    return bench.case("valid", bench.embed(split, container), statuses=bench.fresh())


@case
def case_09_sm2_beside_ed25519(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["platform", "sm2"]))
    return bench.case("valid", path, statuses=bench.fresh(), demand=Demand(algorithms=("sm2",)))


@case
def case_09b_sm2_alone(bench: Bench) -> Case:
    path = bench.apk()
    bench.embed(path, bench.world.certify(bench.world.statement(path), ["sm2"]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_09c_sm3_digest_alone(bench: Bench) -> Case:
    from assaymark.mark.subject import opened

    path = bench.apk()
    with opened(path) as file:
        digest = file.content({"sm3"})
    said = bench.world.statement(path)
    bench.embed(path, bench.world.certify(replace(said, subjects=(Subject("app.apk", digest),)), ["sm2"]))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_10_v1_only_detached(bench: Bench) -> Case:
    path = bench.apk(schemes=("v1",))
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh(), place="detached", demand=Demand(exact=True))


@case
def case_10b_v1_only_packed_again(bench: Bench) -> Case:
    """Same entries in another order and compression: equal contents, which is less than the same file."""
    path = bench.apk(schemes=("v1",))
    said = bench.world.statement(path)
    _repack(path)
    bench.beside(path, bench.world.certify(said))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_11_bundle_detached(bench: Bench) -> Case:
    path = bench.folder / "app.aab"
    path.write_bytes(signed_archive(MEMBERS, ["v1"]))
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_11b_library_detached(bench: Bench) -> Case:
    path = bench.folder / "sdk.aar"
    path.write_bytes(write_archive(MEMBERS).data)
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_11c_no_archive_at_all(bench: Bench) -> Case:
    path = bench.folder / "app.bin"
    path.write_bytes(b"some other kind of package" * 100)
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_12_rotated_signer(bench: Bench) -> Case:
    path = bench.apk(who={"v3": other_identity(2)}, lineage=[throw_away_key()])
    said = bench.world.statement(path)
    assert len(said.lineage["v3"][0]) == 2
    bench.embed(path, bench.world.certify(said))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_12b_rotated_with_v31(bench: Bench) -> Case:
    path = bench.apk(schemes=("v2", "v3", "v3.1"), who={"v3.1": other_identity(2)}, lineage=[throw_away_key()])
    said = bench.world.statement(path)
    assert list(said.signers) == ["v2", "v3", "v3.1"]
    assert set(said.lineage) == {"v3.1"}
    bench.embed(path, bench.world.certify(said))
    return bench.case("valid", path, statuses=bench.fresh())


@case
def case_13_before_the_cut_off(bench: Bench) -> Case:
    path, _ = bench.marked()
    index = len(bench.world.entries) - 1
    bench.world.issuers["platform"] = replace(bench.world.issuers["platform"], cut_off={ORIGIN: index})
    return bench.case("valid", path, statuses=bench.fresh())


# --- refused ----------------------------------------------------------------------------------------------------------------------


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
    return bench.case("file-changed", _flip(path, path.read_bytes().index(b"classes.dex") + 60))


@case
def case_18_bit_flipped_in_the_central_directory(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("file-changed", _flip(path, path.read_bytes().index(b"PK\x01\x02") + 12))


@case
def case_18b_bit_flipped_in_the_developers_signature(bench: Bench) -> Case:
    path, _ = bench.marked()
    key = throw_away_key()[0].public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bench.case("developer-signature", _flip(path, path.read_bytes().rindex(public) - 40))


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


def _with_checkpoint(bench: Bench, wanted: str, make: Callable[[], bytes]) -> Case:
    path = bench.apk()
    envelope = bench.world.seal(bench.world.statement(path))
    index = bench.world.log(envelope)
    bench.embed(path, Container(envelope, bench.world.proof(index, make()).to_bytes()).to_bytes())
    return bench.case(wanted, path)


@case
def case_25_wrong_origin(bench: Bench) -> Case:
    signer = Signer.of("log.elsewhere/2026", Kind.ED25519, secret("log elsewhere"))
    return _with_checkpoint(bench, "log-unknown", lambda: _checkpoint_of(bench, "log.elsewhere/2026", signer))


@case
def case_26_wrong_log_key(bench: Bench) -> Case:
    signer = Signer.of(ORIGIN, Kind.ED25519, secret("another log key"))
    return _with_checkpoint(bench, "log-not-signed", lambda: _checkpoint_of(bench, ORIGIN, signer))


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

    return _with_checkpoint(bench, "signature-wrong", damaged)


def _with_proof(bench: Bench, wanted: str, change: Callable[[bytes], bytes]) -> Case:
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

    return _with_proof(bench, "not-logged", damaged)


@case
def case_29_wrong_index(bench: Bench) -> Case:
    return _with_proof(bench, "not-logged", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 4\n"))


@case
def case_30_index_with_leading_zero(bench: Bench) -> Case:
    return _with_proof(bench, "proof-malformed", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 05\n"))


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
    path = bench.apk()
    payload = bench.world.statement(path).to_bytes().replace(b'"result":"pass"', b'"result":"fail"')
    return bench.case("not-a-pass", bench.embed(path, bench.world.certify(payload)))


@case
def case_36b_other_kind_of_statement(bench: Bench) -> Case:
    path = bench.apk()
    payload = bench.world.statement(path).to_bytes().replace(b":inspection:v1", b":failure:v1")
    return bench.case("kind-unknown", bench.embed(path, bench.world.certify(payload)))


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
    path = bench.apk()
    payload = bench.world.statement(path).to_bytes()
    return bench.case(
        "statement-malformed",
        bench.embed(path, bench.world.certify(payload.replace(b'"level":2', b'"level":1,"level":2'))),
    )


@case
def case_44b_number_that_is_no_integer(bench: Bench) -> Case:
    path = bench.apk()
    payload = bench.world.statement(path).to_bytes().replace(b'"level":2', b'"level":2.0')
    return bench.case("statement-malformed", bench.embed(path, bench.world.certify(payload)))


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
def case_47_root_expired(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("root-expired", path, now=NOW + 101 * DAY)


@case
def case_47b_root_below_threshold(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("root-below-threshold", path, root_note=bench.world.root_note(signers=1))


@case
def case_48_older_status_list_does_not_help(bench: Bench) -> Case:
    """An older list says good, the newest one says revoked."""
    path, _ = bench.marked()
    lists = [bench.world.status(time=NOW - 3 * DAY), bench.world.status({5: State.REVOKED})]
    return bench.case("revoked", path, statuses=lists)


@case
def case_48b_stale_status(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("valid-status-stale", path, statuses=[bench.world.status()], demand=Demand(fresh=3600))


@case
def case_48c_stale_status_where_fresh_is_required(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("status-stale", path, statuses=bench.fresh(), demand=Demand(fresh=3600, require_status=True))


@case
def case_48d_no_status_where_one_is_required(bench: Bench) -> Case:
    path, _ = bench.marked()
    return bench.case("status-missing", path, demand=Demand(require_status=True))


@case
def case_48e_stapled_status(bench: Bench) -> Case:
    path = bench.apk()
    held = read_container(bench.world.certify(bench.world.statement(path)))
    bench.embed(path, replace(held, status=bench.world.status_note()).to_bytes())
    return bench.case("valid", path)


@case
def case_48f_stapled_status_from_the_future(bench: Bench) -> Case:
    path = bench.apk()
    held = read_container(bench.world.certify(bench.world.statement(path)))
    bench.embed(path, replace(held, status=bench.world.status_note(time=NOW + DAY)).to_bytes())
    return bench.case("status-future", path)


def _block(bench: Bench, change: Callable[[bytearray, int, int], None]) -> Case:
    """A file whose signing block is changed: `change` gets the bytes, start and end of the block."""
    path, _ = bench.marked()
    data = bytearray(path.read_bytes())
    end = struct.unpack_from("<I", data, len(data) - 6)[0]
    start = end - struct.unpack_from("<Q", data, end - 24)[0] - 8
    change(data, start, end)
    path.write_bytes(bytes(data))
    return bench.case("file-malformed", path)


@case
def case_49_sizes_of_the_block_disagree(bench: Bench) -> Case:
    return _block(bench, lambda data, start, end: struct.pack_into("<Q", data, start, end - start - 9))


@case
def case_49b_pair_runs_over(bench: Bench) -> Case:
    return _block(bench, lambda data, start, end: struct.pack_into("<Q", data, start + 8, end - start))


@case
def case_49c_two_v2_pairs(bench: Bench) -> Case:
    return bench.case("file-malformed", bench.apk(pairs=[(V2, b"another")]))


@case
def case_50_zip64(bench: Bench) -> Case:
    path, _ = bench.marked()
    data = path.read_bytes()
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    end = data[-22:]
    end = end[:12] + struct.pack("<II", len(data) - 22 - directory + len(locator), directory) + end[20:]
    path.write_bytes(data[:-22] + locator + end)
    return bench.case("file-malformed", path)


@case
def case_50b_bytes_between_directory_and_end_record(bench: Bench) -> Case:
    path, _ = bench.marked()
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"????" + data[-22:])
    return bench.case("file-malformed", path)


@case
def case_50c_longest_comment(bench: Bench) -> Case:
    path = bench.apk(comment=b"c" * 65_535)
    bench.embed(path, bench.world.certify(bench.world.statement(path)))
    return bench.case("valid", path, statuses=bench.fresh())


def _entries(bench: Bench, change: Callable[[bytes], bytes]) -> Case:
    """A v1-only file, changed after certification, so that only the digest over its entries could still hold."""
    path = bench.apk(schemes=["v1"])
    bench.beside(path, bench.world.certify(bench.world.statement(path)))
    path.write_bytes(change(path.read_bytes()))
    return bench.case("file-malformed", path)


@case
def case_51_bytes_before_the_first_entry(bench: Bench) -> Case:
    def prefix(data: bytes) -> bytes:
        shifted = bytearray(b"dex\n" + data)
        directory = struct.unpack_from("<I", data, len(data) - 6)[0] + 4
        struct.pack_into("<I", shifted, len(shifted) - 6, directory)
        at = directory
        while shifted[at : at + 4] == b"PK\x01\x02":
            offset = struct.unpack_from("<I", shifted, at + 42)[0]
            struct.pack_into("<I", shifted, at + 42, offset + 4)
            at += 46 + sum(struct.unpack_from("<HHH", shifted, at + 28))
        return bytes(shifted)

    return _entries(bench, prefix)


@case
def case_51b_duplicate_names(bench: Bench) -> Case:
    return _entries(bench, lambda data: signed_archive([*MEMBERS, MEMBERS[0]], ["v1"]))


@case
def case_51c_headers_disagree(bench: Bench) -> Case:
    return _entries(bench, lambda data: data[:30] + b"a" + data[31:])


@case
def case_51d_encrypted_entry(bench: Bench) -> Case:
    def encrypted(data: bytes) -> bytes:
        changed = bytearray(data)
        at = data.index(b"PK\x01\x02")
        changed[at + 8] |= 1
        changed[6] |= 1
        return bytes(changed)

    return _entries(bench, encrypted)


@case
def case_51e_other_content(bench: Bench) -> Case:
    other = [*MEMBERS[:2], Member("res/raw/text", b"other")]
    return replace(_entries(bench, lambda data: signed_archive(other, ["v1"])), wanted="other-file")


@case
def case_51f_contents_equal_where_the_file_is_asked_for(bench: Bench) -> Case:
    made = case_10b_v1_only_packed_again(bench)
    return replace(made, wanted="contents-only", demand=Demand(exact=True))


@case
def case_57_path_of_64_hashes(bench: Bench) -> Case:
    hashes = b"".join(to_base64(sha256(bytes([n])).digest()).encode() + b"\n" for n in range(64))
    return _with_proof(bench, "not-logged", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 5\n" + hashes[:-90]))


@case
def case_57b_path_too_long(bench: Bench) -> Case:
    hashes = b"".join(to_base64(sha256(bytes([n])).digest()).encode() + b"\n" for n in range(70))
    return _with_proof(bench, "proof-malformed", lambda proof: proof.replace(b"\nindex 5\n", b"\nindex 5\n" + hashes))


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

    return _with_checkpoint(bench, "quorum-missed", twice)


# --- helpers ----------------------------------------------------------------------------------------------------------------------


def _flip(path: Path, at: int) -> Path:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
    return path


def _repack(path: Path) -> None:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        members = [Member(one.filename, archive.read(one), DEFLATED) for one in archive.infolist()]
    path.write_bytes(write_archive(reversed(members)).data)


__all__ = ["PADDING", "PROOF", "V3", "SecretKey", "all_cases", "build", "leaf_hash", "names"]
