"""Damaged and hostile variants of a package, the same ones for the same seed.

`mutations` walks through all kinds again and again, so that a few hundred variants hold several of each. What a variant
means for Android differs by kind: some are only broken, some (`EVASIVE`) still install on a phone while they mislead a
strict reader.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from assaymark.testing.archive import DEFLATED, STORED, Entry, Member, write_entries
from assaymark.testing.dex import seal

EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
"""Numbers at which lengths, offsets and counts tend to break a reader."""

EVASIVE = frozenset(
    {"encrypted-flags", "unknown-method", "prefix", "folder-names", "dex-checksum", "axml-strange-chunk"}
)
"""Kinds that hide content from a strict reader while the platform accepts, or once accepted, the file."""

_MASK = (1 << 64) - 1


class Dice:
    """A sequence of numbers that a seed decides (splitmix64): no state of the process takes part in it."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of this seed."""
        self._state = seed & _MASK

    def below(self, limit: int) -> int:
        """Give a number from 0 to `limit` - 1; 0 if `limit` is 0."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return (mixed ^ mixed >> 31) % limit if limit else 0

    def extreme(self) -> int:
        """Give one of `EXTREMES`."""
        return EXTREMES[self.below(len(EXTREMES))]


@dataclass(frozen=True, slots=True)
class Package:
    """A package taken apart: raw bytes, entries in the order of the directory, and where their two headers stand."""

    raw: bytes
    end: int
    entries: tuple[Entry, ...]
    headers: tuple[tuple[int, int], ...]  # offset in the directory, offset of the local header

    @classmethod
    def take_apart(cls, raw: bytes) -> Package:
        """Take a sound package apart. Raises `ValueError` for one that is not."""
        end = raw.rfind(b"PK\x05\x06")
        if end < 0:
            raise ValueError("not an archive")
        count, _, at = struct.unpack_from("<HII", raw, end + 10)
        entries: list[Entry] = []
        headers: list[tuple[int, int]] = []
        for _ in range(count):
            flags, method, _, _, crc, packed, size, name, extra, note = struct.unpack_from("<HHHHIIIHHH", raw, at + 8)
            (local,) = struct.unpack_from("<I", raw, at + 42)
            name_size, extra_size = struct.unpack_from("<HH", raw, local + 26)
            start = local + 30 + name_size + extra_size
            entries.append(Entry(raw[at + 46 : at + 46 + name], method, crc, raw[start : start + packed], size, flags))
            headers.append((at, local))
            at += 46 + name + extra + note
        return cls(raw, end, tuple(entries), tuple(headers))

    def content(self, name: str) -> bytes:
        """Give a member's content, unpacked. Raises `KeyError` if there is none of this name."""
        for one in self.entries:
            if one.name == name.encode():
                return one.packed if one.method == STORED else zlib.decompress(one.packed, -15)
        raise KeyError(name)

    def names(self, *endings: str) -> list[str]:
        """Give the names of all members that end so, in order."""
        return [name for one in self.entries if (name := one.name.decode()).endswith(endings)]

    def rebuilt(
        self,
        change: Mapping[str, bytes | None] = MappingProxyType({}),
        *,
        before: Iterable[Entry] = (),
        after: Iterable[Entry] = (),
    ) -> bytes:
        """Give the package with other contents (`None`: without the member) and further entries, unsigned.

        Untouched members keep their packed bytes, so a variant costs little more than copying.
        """
        changed = {name.encode(): data for name, data in change.items()}
        middle: list[Entry] = []
        for one in self.entries:
            data = changed.get(one.name, b"")
            if one.name not in changed:
                middle.append(one)
            elif data is not None:
                middle.append(Member(one.name.decode(), data, one.method).entry())
        return write_entries((*before, *middle, *after)).data

    def patched(self, offset: int, value: bytes) -> bytes:
        """Give the package with some bytes of the file overwritten."""
        return self.raw[:offset] + value + self.raw[offset + len(value) :]


def mutations(apk: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Give `count` variants of a package with a name for each, such as `0017-dex-header`."""
    package = Package.take_apart(apk)
    kinds = list(KINDS.items())
    for number in range(count):
        kind, mutate = kinds[number % len(kinds)]
        dice = Dice(seed * 1_000_003 + number)
        tries = (mutate(package, dice) for _ in range(16))  # a throw of the dice may be what stood there already
        yield f"{number:04}-{kind}", next((variant for variant in tries if variant != apk), apk)


def overwritten(data: bytes, offset: int, value: bytes) -> bytes:
    """Give data with some bytes overwritten, by their opposite where they stand there already. The length stays."""
    if data[offset : offset + len(value)] == value:
        value = bytes(0xFF - one for one in value)
    return (data[:offset] + value + data[offset + len(value) :])[: len(data)]


def with_flipped_bits(data: bytes, dice: Dice, count: int) -> bytes:
    """Give data with up to `count` bits turned over."""
    out = bytearray(data)
    for _ in range(count if out else 0):
        out[dice.below(len(out))] ^= 1 << dice.below(8)
    return bytes(out)


def bomb(name: str, size: int) -> Entry:
    """Give a member of `size` zero bytes that packs to about a thousandth."""
    return Member(name, bytes(size)).entry()


# The whole file.


def _truncated(package: Package, dice: Dice) -> bytes:
    return package.raw[: dice.below(len(package.raw))]


def _flipped(package: Package, dice: Dice) -> bytes:
    return with_flipped_bits(package.raw, dice, 1 << dice.below(12))


def _blanked(package: Package, dice: Dice) -> bytes:
    return package.patched(dice.below(len(package.raw)), bytes((0, 0xFF)[dice.below(2)] for _ in range(64)))


def _prefixed(package: Package, dice: Dice) -> bytes:
    return bytes(1 + dice.below(5000)) + package.raw


def _suffixed(package: Package, dice: Dice) -> bytes:
    return package.raw + b"PK\x05\x06"[: dice.below(5)] + bytes(dice.below(70_000))


def _without_end(package: Package, dice: Dice) -> bytes:
    return package.raw[: package.end + dice.below(22)]


def _end_field(package: Package, dice: Dice) -> bytes:
    offset, form = ((8, "<H"), (10, "<H"), (12, "<I"), (16, "<I"), (20, "<H"))[dice.below(5)]
    return package.patched(package.end + offset, _number(form, dice.extreme()))


def _signing_block(package: Package, dice: Dice) -> bytes:
    magic = package.raw.rfind(b"APK Sig Block 42")
    if magic < 0:
        return _flipped(package, dice)
    (size,) = struct.unpack_from("<Q", package.raw, magic - 8)
    offset = magic - 8 if dice.below(2) else max(0, magic + 8 - size + dice.below(min(size, 64)))
    return package.patched(offset, struct.pack("<I", dice.extreme()))


# Headers of entries.

_DIRECTORY_FIELDS = (
    (8, "<H"),
    (10, "<H"),
    (16, "<I"),
    (20, "<I"),
    (24, "<I"),
    (28, "<H"),
    (30, "<H"),
    (32, "<H"),
    (42, "<I"),
)
_LOCAL_FIELDS = ((6, "<H"), (8, "<H"), (14, "<I"), (18, "<I"), (22, "<I"), (26, "<H"), (28, "<H"))


def _number(form: str, value: int) -> bytes:
    return struct.pack(form, value & (0xFFFF if form == "<H" else 0xFFFFFFFF))


def _directory_field(package: Package, dice: Dice) -> bytes:
    header = package.headers[dice.below(len(package.headers))][0]
    offset, form = _DIRECTORY_FIELDS[dice.below(len(_DIRECTORY_FIELDS))]
    return package.patched(header + offset, _number(form, dice.extreme()))


def _local_field(package: Package, dice: Dice) -> bytes:
    header = package.headers[dice.below(len(package.headers))][1]
    offset, form = _LOCAL_FIELDS[dice.below(len(_LOCAL_FIELDS))]
    return package.patched(header + offset, _number(form, dice.extreme()))


def _encrypted(package: Package, dice: Dice) -> bytes:
    # Android never looks at the flag; a reader that asks for a password sees nothing.
    raw = bytearray(package.raw)
    both = dice.below(2)
    for directory, local in package.headers:
        raw[directory + 8] |= 1
        raw[local + 6] |= both
    return bytes(raw)


def _unknown_method(package: Package, dice: Dice) -> bytes:
    # Android takes every method but "deflated" for "stored".
    content = package.content("AndroidManifest.xml")
    strange = replace(Member("AndroidManifest.xml", content, STORED).entry(), method=0x2300 + dice.below(200))
    return package.rebuilt({"AndroidManifest.xml": None}, after=[strange])


def _bad_name(package: Package, dice: Dice) -> bytes:
    names = (b"../../etc/passwd", b"/classes9.dex", b"a\0b", b"\xff\xfe\xfd", b"", b"x/" * 2000, b"META-INF/\n.SF")
    return package.rebuilt(after=[replace(Member("x", b"y").entry(), name=names[dice.below(len(names))])])


def _duplicate(package: Package, dice: Dice) -> bytes:
    name = ("AndroidManifest.xml", "classes.dex", "resources.arsc")[dice.below(3)]
    decoy = Member(name, b"not what it seems" * 9, (STORED, DEFLATED)[dice.below(2)]).entry()
    return package.rebuilt(before=[decoy]) if dice.below(2) else package.rebuilt(after=[decoy])


def _folders(package: Package, dice: Dice) -> bytes:
    names = ("classes2.dex/", "AndroidManifest.xml/", "AndroidManifest.xml/x", "resources.arsc/y", "a" * 4000 + "/b")
    return package.rebuilt(after=[Member(name, b"", STORED).entry() for name in names[: 1 + dice.below(5)]])


def _shared_place(package: Package, dice: Dice) -> bytes:
    # Two names for one place in the file: content is read twice, or the entries overlap.
    one, other = (package.headers[dice.below(len(package.headers))] for _ in range(2))
    return package.patched(one[0] + 42, struct.pack("<I", other[1]))


def _bomb(package: Package, dice: Dice) -> bytes:
    name = ("classes2.dex", "assets/big", "res/raw/big.xml")[dice.below(3)]
    return package.rebuilt(after=[bomb(name, (2 + dice.below(3)) << 20)])


def _crowded(package: Package, dice: Dice) -> bytes:
    plain = Member("x", b"", STORED).entry()
    return package.rebuilt(after=[replace(plain, name=b"assets/%d" % n) for n in range(500 + dice.below(1500))])


# Contents of members.


def _some(package: Package, dice: Dice, *endings: str) -> tuple[str, bytes]:
    names = package.names(*endings) or package.names("")
    name = names[dice.below(len(names))]
    return name, package.content(name)


def _missing(package: Package, dice: Dice) -> bytes:
    return package.rebuilt({_some(package, dice, "")[0]: None})


def _cut_member(package: Package, dice: Dice) -> bytes:
    name, content = _some(package, dice, "")
    return package.rebuilt({name: content[: dice.below(len(content))]})


def _flipped_member(package: Package, dice: Dice) -> bytes:
    name, content = _some(package, dice, "")
    return package.rebuilt({name: with_flipped_bits(content, dice, 1 << dice.below(10))})


def _broken_stream(package: Package, dice: Dice) -> bytes:
    index = dice.below(len(package.entries))
    entries = list(package.entries)
    entries[index] = replace(entries[index], packed=with_flipped_bits(entries[index].packed, dice, 4))
    return write_entries(entries).data


def _dex_field(first: int, last: int) -> Callable[[Package, Dice], bytes]:
    """Give a mutation that overwrites an aligned number of a DEX file between two offsets and seals the file again."""

    def mutate(package: Package, dice: Dice) -> bytes:
        name, dex = _some(package, dice, ".dex")
        end = min(last, len(dex))
        offset = first + 4 * dice.below((end - first) // 4)
        value = dice.extreme() if dice.below(2) else dice.below(2 * len(dex))
        return package.rebuilt({name: seal(overwritten(dex, offset, struct.pack("<I", value)))})

    return mutate


def _dex_data(package: Package, dice: Dice) -> bytes:
    name, dex = _some(package, dice, ".dex")
    (start,) = struct.unpack_from("<I", dex, 0x6C)
    if not 0 < start < len(dex):
        start = 0x70
    out = dex
    for _ in range(1 + dice.below(20)):
        out = overwritten(out, start + dice.below(len(dex) - start), bytes((dice.below(256),)))
    return package.rebuilt({name: seal(out)})


def _dex_long_numbers(package: Package, dice: Dice) -> bytes:
    # A run of continuation bits where numbers of variable length stand.
    name, dex = _some(package, dice, ".dex")
    return package.rebuilt({name: seal(overwritten(dex, 0x70 + dice.below(len(dex) - 0x70), b"\xff" * 24))})


def _dex_checksum(package: Package, dice: Dice) -> bytes:
    name, dex = _some(package, dice, ".dex")
    return package.rebuilt({name: overwritten(dex, 8, struct.pack("<I", dice.below(1 << 32)))})


def _dex_version(package: Package, dice: Dice) -> bytes:
    name, dex = _some(package, dice, ".dex")
    version = (b"034", b"036", b"041", b"042", b"\0\0\0", b"999")[dice.below(6)]
    return package.rebuilt({name: overwritten(dex, 4, version)})


def _chunk_offsets(data: bytes, start: int, end: int) -> list[int]:
    """Give the offsets of the chunks in binary XML or a resource table, those inside a table's package too."""
    offsets: list[int] = []
    while start + 8 <= end:
        kind, header, size = struct.unpack_from("<HHI", data, start)
        if size < 8 or start + size > end:
            break
        offsets.append(start)
        if kind in (0x0002, 0x0003, 0x0200):
            offsets += _chunk_offsets(data, start + header, start + size)
        start += size
    return offsets


def _chunk_field(ending: str) -> Callable[[Package, Dice], bytes]:
    """Give a mutation that overwrites a number at the head of a chunk of a member."""

    def mutate(package: Package, dice: Dice) -> bytes:
        name, data = _some(package, dice, ending)
        offsets = _chunk_offsets(data, 0, len(data)) or [0]
        offset = offsets[dice.below(len(offsets))] + (0, 2, 4, 8, 12, 16, 20, 24)[dice.below(8)]
        form = "<H" if dice.below(3) == 0 else "<I"
        return package.rebuilt({name: overwritten(data, offset, _number(form, dice.extreme()))})

    return mutate


def _strange_chunk(package: Package, dice: Dice) -> bytes:
    manifest = package.content("AndroidManifest.xml")
    (pool,) = struct.unpack_from("<I", manifest, 12)
    strange = struct.pack("<HHI", 0x0900 + dice.below(99), 8, 24) + bytes(16)
    body = manifest[8 : 8 + pool] + strange + manifest[8 + pool :]
    return package.rebuilt({"AndroidManifest.xml": manifest[:4] + struct.pack("<I", 8 + len(body)) + body})


def _deep_xml(package: Package, dice: Dice) -> bytes:
    # The first element, opened again and again and never closed.
    manifest = package.content("AndroidManifest.xml")
    opened = next((at for at in _chunk_offsets(manifest, 0, len(manifest)) if manifest[at : at + 2] == b"\x02\x01"), 0)
    (size,) = struct.unpack_from("<I", manifest, opened + 4)
    body = manifest[8:opened] + manifest[opened : opened + size] * (1000 + dice.below(3000)) + manifest[opened:]
    return package.rebuilt({"AndroidManifest.xml": manifest[:4] + struct.pack("<I", 8 + len(body)) + body})


def _certificate(package: Package, dice: Dice) -> bytes:
    name, content = _some(package, dice, ".RSA", ".SF", ".MF")
    return package.rebuilt({name: with_flipped_bits(content, dice, 1 + dice.below(6))})


KINDS: Mapping[str, Callable[[Package, Dice], bytes]] = MappingProxyType(
    {
        "truncated": _truncated,
        "flipped": _flipped,
        "blanked": _blanked,
        "prefix": _prefixed,
        "suffix": _suffixed,
        "no-end": _without_end,
        "end-field": _end_field,
        "signing-block": _signing_block,
        "directory-field": _directory_field,
        "local-field": _local_field,
        "encrypted-flags": _encrypted,
        "unknown-method": _unknown_method,
        "bad-name": _bad_name,
        "duplicate": _duplicate,
        "folder-names": _folders,
        "shared-place": _shared_place,
        "bomb": _bomb,
        "crowded": _crowded,
        "missing-member": _missing,
        "cut-member": _cut_member,
        "flipped-member": _flipped_member,
        "broken-stream": _broken_stream,
        "dex-header": _dex_field(0x20, 0x70),
        "dex-tables": _dex_field(0x70, 1 << 20),
        "dex-data": _dex_data,
        "dex-long-numbers": _dex_long_numbers,
        "dex-checksum": _dex_checksum,
        "dex-version": _dex_version,
        "axml-chunk": _chunk_field(".xml"),
        "axml-strange-chunk": _strange_chunk,
        "axml-deep": _deep_xml,
        "arsc-chunk": _chunk_field(".arsc"),
        "certificate": _certificate,
    }
)
"""Every kind of damage by its name."""
