"""Cases 1 to 13: certificates that hold, and the ways in which they may."""

from __future__ import annotations

import struct
from dataclasses import replace

from assaymark.mark.container import wrap
from assaymark.mark.demand import Demand
from assaymark.mark.statement import DERIVED, DISTRIBUTION, Derivation, Subject
from assaymark.signing.block import add_pair
from assaymark.testing.archive import write_archive
from assaymark.testing.sign import other_identity, signed_archive, throw_away_key
from assaymark.testing.trust import DAY, NOW, ORIGIN, Issuer, p256
from mark.bench import CHANNEL, MEMBERS, STAMP, Bench, Case, case, repack


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
    repack(path)
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
