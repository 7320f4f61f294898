"""Cases 47 to 51: trust roots, status lists, signing blocks and archives around a certificate."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from assaymark.mark.container import read_container
from assaymark.mark.demand import Demand
from assaymark.mark.status import State
from assaymark.signing.block import V2
from assaymark.testing.archive import Member
from assaymark.testing.sign import signed_archive
from assaymark.testing.trust import DAY, NOW
from mark.accepted import case_10b_v1_only_packed_again
from mark.bench import MEMBERS, Bench, Case, case


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
