"""The signing block: read strictly, written with a pair more, and given back byte for byte."""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from assaymark.signing.block import PADDING, V2, Pair, SigningBlock, add_pair, has_pair, read_block, remove_pair
from assaymark.signing.content import content_digests, sections
from assaymark.signing.errors import SigningError
from assaymark.signing.layout import find_layout
from assaymark.testing.archive import Member, write_archive
from assaymark.testing.sign import signed_archive

MARK = 0x6B6D7941
MEMBERS = [Member("AndroidManifest.xml", b"manifest" * 50), Member("classes.dex", b"code" * 3000)]

needs_apksigner = pytest.mark.skipif(shutil.which("apksigner") is None, reason="apksigner is not installed")


def padded(schemes: tuple[str, ...] = ("v2", "v3"), filling: int = 0) -> bytes:
    """Give a signed file whose block is padded to whole pages, as apksigner pads it."""
    more = [(0x71777777, bytes(filling))]
    bare = signed_archive(MEMBERS, schemes, pairs=more)
    block = block_of(bare)
    missing = -len(block.to_bytes()) % 4096
    size = missing if missing >= 12 else missing + 4096
    return signed_archive(MEMBERS, schemes, pairs=[*more, (PADDING, bytes(size - 12))])


def block_of(data: bytes) -> SigningBlock:
    block = read_block(data, find_layout(data))
    assert block is not None
    return block


def add(data: bytes, value: bytes) -> bytes:
    return b"".join(add_pair(data, MARK, value))


@pytest.mark.parametrize("size", [0, 1, 2514, 4072, 4096, 65_536])
@pytest.mark.parametrize("make", [signed_archive, padded])
def test_a_pair_goes_in_and_comes_out_again(make: object, size: int) -> None:
    data = padded() if make is padded else signed_archive(MEMBERS, ["v1", "v2", "v3"])
    marked = add(data, bytes(size))
    assert block_of(marked).values(MARK) == [bytes(size)]
    assert has_pair(marked, MARK)
    assert b"".join(remove_pair(marked, MARK)) == data


def test_a_padded_block_stays_a_multiple_of_pages() -> None:
    """With every size of the pair that leaves more or less room for padding."""
    data = padded()
    for size in range(4200):
        marked = add(data, bytes(size))
        block = block_of(marked)
        assert len(block.to_bytes()) % 4096 == 0
        assert block.pairs[-1].id == PADDING
        assert b"".join(remove_pair(marked, MARK)) == data


def test_a_block_without_padding_gets_none() -> None:
    data = signed_archive(MEMBERS, ["v2"])
    assert len(add(data, b"x" * 100)) == len(data) + 112


def test_an_aligned_block_without_padding_stays_aligned() -> None:
    """By chance, or by a tool that pads otherwise: a signature over a Merkle tree holds only on whole pages."""
    size = len(block_of(signed_archive(MEMBERS, ["v2"], pairs=[(7, b"")])).to_bytes())
    data = signed_archive(MEMBERS, ["v2"], pairs=[(7, bytes(-size % 4096))])
    assert len(block_of(data).to_bytes()) % 4096 == 0
    marked = add(data, b"x" * 100)
    assert len(block_of(marked).to_bytes()) % 4096 == 0
    assert b"".join(remove_pair(marked, MARK)) == data


def test_a_second_pair_replaces_the_first() -> None:
    data = padded()
    twice = add(add(data, b"one"), b"another")
    assert block_of(twice).values(MARK) == [b"another"]
    assert twice == add(data, b"another")


def test_other_pairs_stay_in_their_order() -> None:
    data = signed_archive(MEMBERS, ["v2"], pairs=[(1, b"a"), (2, b"b"), (1, b"c")])
    before, after = block_of(data).pairs, block_of(add(data, b"x")).pairs
    assert after == (*before, Pair(MARK, b"x"))


def test_two_padding_pairs_are_left_alone() -> None:
    data = signed_archive(MEMBERS, ["v2"], pairs=[(PADDING, bytes(100)), (PADDING, bytes(50))])
    with pytest.raises(SigningError, match="block-not-restorable"):
        add(data, b"x")


def test_padding_that_is_not_last_is_left_alone() -> None:
    with pytest.raises(SigningError, match="block-not-restorable"):
        add(signed_archive(MEMBERS, ["v2"], pairs=[(PADDING, bytes(100)), (7, b"later")]), b"x")


def test_a_file_without_a_block_takes_no_pair() -> None:
    with pytest.raises(SigningError, match="no-block"):
        add(write_archive(MEMBERS).data, b"x")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_content_digests_are_those_of_the_specification(algorithm: str) -> None:
    """Reckoned a second time, from the parts of the archive before it was signed."""
    large = [*MEMBERS, Member("large", bytes(range(256)) * 9000, 0)]
    archive = write_archive(large)
    digests = [
        hashlib.new(algorithm, b"\xa5" + struct.pack("<I", len(piece)) + piece).digest()
        for part in (archive.entries, archive.directory, archive.end)
        for piece in (part[at : at + (1 << 20)] for at in range(0, len(part), 1 << 20))
    ]
    wanted = hashlib.new(algorithm, b"\x5a" + struct.pack("<I", len(digests)) + b"".join(digests)).digest()
    for data in (signed_archive(large, ["v2"]), add(signed_archive(large, ["v3"]), b"mark")):
        layout = find_layout(data)
        assert content_digests(sections(data, layout, block_of(data)), [algorithm]) == {algorithm: wanted}


def test_sm3_is_that_of_its_standard() -> None:
    """GB/T 32905, appendix A.1: the digest of "abc"."""
    from assaymark.signing.content import new_hash

    digest = new_hash("sm3")
    digest.update(b"abc")
    assert digest.digest().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@needs_apksigner
@pytest.mark.parametrize("options", [["--verity-enabled"], [], ["--v1-signing-enabled", "false"]])
def test_apksigner_says_the_same_of_what_it_signed(tmp_path: Path, options: list[str]) -> None:
    unsigned, signed, marked = tmp_path / "a.apk", tmp_path / "b.apk", tmp_path / "c.apk"
    unsigned.write_bytes(write_archive(MEMBERS).data)
    store = tmp_path / "store.p12"
    keytool = ["keytool", "-genkeypair", "-keystore", str(store), "-storepass", "password", "-alias", "k", "-dname"]
    subprocess.run([*keytool, "CN=k", "-keyalg", "EC", "-validity", "9000"], check=True, capture_output=True)
    sign = ["apksigner", "sign", "--ks", str(store), "--ks-pass", "pass:password", "--min-sdk-version", "24", *options]
    subprocess.run([*sign, "--out", str(signed), str(unsigned)], check=True, capture_output=True)
    marked.write_bytes(add(signed.read_bytes(), b"certificate" * 250))
    said = [_apksigner(path) for path in (signed, marked)]
    assert said[0] == said[1]
    assert "Verifies" in said[0]
    assert b"".join(remove_pair(marked.read_bytes(), MARK)) == signed.read_bytes()


def _apksigner(path: Path) -> str:
    command = ["apksigner", "verify", "-v", "--print-certs", "--min-sdk-version", "24", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_v2_is_found_by_its_id() -> None:
    assert len(block_of(signed_archive(MEMBERS, ["v2"])).values(V2)) == 1
