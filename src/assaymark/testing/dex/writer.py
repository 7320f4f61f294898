"""Classes to a DEX file: tables, data sections, map, checksums.

Source: the "Dalvik executable format" page of the Android Open Source Project.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence

from assaymark.testing.dex.binary import align, mutf8, sleb128, uleb128, utf16_units
from assaymark.testing.dex.code import Assembled, assemble_code, debug_info
from assaymark.testing.dex.error import AssemblyError
from assaymark.testing.dex.pool import Pool, shorty, width
from assaymark.testing.dex.tree import (
    VALUE_BOOLEAN,
    VALUE_BYTE,
    VALUE_CHAR,
    VALUE_DOUBLE,
    VALUE_FLOAT,
    VALUE_INT,
    VALUE_LONG,
    VALUE_METHOD_HANDLE,
    VALUE_METHOD_TYPE,
    VALUE_NULL,
    VALUE_SHORT,
    VALUE_STRING,
    Annotation,
    CallSite,
    Class,
    Method,
    Value,
)
from assaymark.testing.dex.values import encode_annotation, encode_array

VERSIONS = range(35, 42)

_NO_INDEX = 0xFFFFFFFF
_DIRECT = 0x2 | 0x8 | 0x10000  # private, static, constructor

# Types of the map list.
_HEADER, _MAP, _TYPE_LIST, _SET_REFS, _SET, _CLASS_DATA, _CODE = 0x0000, 0x1000, 0x1001, 0x1002, 0x1003, 0x2000, 0x2001
_STRING_DATA, _DEBUG, _ANNOTATION, _ARRAY, _DIRECTORY = 0x2002, 0x2003, 0x2004, 0x2005, 0x2006
# Tables in front of the data: type, size of one entry.
_TABLES = ((0x0001, 4), (0x0002, 4), (0x0003, 12), (0x0004, 8), (0x0005, 8), (0x0006, 32), (0x0007, 4), (0x0008, 8))

Bodies = dict[int, Assembled]
"""Assembled code by the identity of its method."""


def write_dex(classes: Sequence[Class], version: int = 35) -> tuple[bytes, Bodies]:
    """Give the DEX file of these classes and the body of each method by `id(method)`.

    `version` is 35 to 41; 41 makes a container with this one file in it. Raises `AssemblyError`.
    """
    if version not in VERSIONS:
        raise ValueError(f"DEX version {version} is not one of 35 to 41")
    ordered = _superclasses_first(classes)
    pool = Pool()
    _Writer(ordered, pool, version).write()
    pool.freeze()
    writer = _Writer(ordered, pool, version)
    return writer.write(), writer.bodies


def _superclasses_first(classes: Sequence[Class]) -> list[Class]:
    known: dict[str, Class] = {}
    for one in classes:
        if one.type in known:
            raise AssemblyError(one.file, one.line, f"{one.type} is defined twice, first in {known[one.type].file}")
        known[one.type] = one
    done: dict[str, Class] = {}

    def place(one: Class, above: tuple[str, ...]) -> None:
        if one.type in above:
            raise AssemblyError(one.file, one.line, f"{one.type} is its own superclass or interface")
        for parent in (one.superclass, *one.interfaces):
            if parent in known and parent not in done:
                place(known[parent], (*above, one.type))
        done.setdefault(one.type, one)

    for one in classes:
        place(one, ())
    return list(done.values())


class _Data:
    """The data part of the file. Items of one kind stand together, as the map list demands."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.raw = bytearray()
        self.map: list[tuple[int, int, int]] = []  # kind, count, offset
        self._kind, self._alignment = -1, 1
        self._shared: dict[bytes, int] = {}

    def section(self, kind: int, alignment: int = 1) -> None:
        """Start the section of this kind; it gets a place in the map with its first item."""
        self._kind, self._alignment = kind, alignment
        self._shared = {}

    def add(self, item: bytes, *, share: bool = False) -> int:
        """Write an item; give its offset in the file. Equal items of a section may share one place."""
        if share and item in self._shared:
            return self._shared[item]
        align(self.raw, self._alignment)
        offset = self.base + len(self.raw)
        count, start = 1, offset
        if self.map and self.map[-1][0] == self._kind:
            _, before, start = self.map.pop()
            count += before
        self.map.append((self._kind, count, start))
        self.raw += item
        self._shared[item] = offset
        return offset


class _Writer:
    def __init__(self, classes: Sequence[Class], pool: Pool, version: int) -> None:
        self.classes, self.pool, self.version = classes, pool, version
        self.header_size = 0x78 if version >= 41 else 0x70
        self.bodies: Bodies = {}
        tables = (pool.strings, pool.types, pool.protos, pool.fields, pool.methods, classes, pool.sites, pool.handles)
        self.counts = tuple(len(table) for table in tables)
        size = sum(count * entry_size for count, (_, entry_size) in zip(self.counts, _TABLES, strict=True))
        self.data = _Data(self.header_size + size)

    def write(self) -> bytes:
        pool = self.pool
        # Bodies first: they name the call sites, whose content is written before any of them has a place.
        for one in self.classes:
            for method in one.methods:
                if method.code is not None:
                    self.bodies[id(method)] = assemble_code(method, method.code, pool, one.file)
        lists = self._type_lists()
        statics, sites = self._arrays()
        directories = self._annotations()
        contents = self._contents(self._code())
        self.data.section(_STRING_DATA)
        texts = [self.data.add(uleb128(len(utf16_units(text))) + mutf8(text) + b"\0") for text in pool.strings]
        class_defs = [
            struct.pack(
                "<8I",
                pool.type(one.type),
                one.access,
                _NO_INDEX if one.superclass is None else pool.type(one.superclass),
                lists[tuple(one.interfaces)],
                _NO_INDEX if one.source is None else pool.string(one.source),
                directories[one.type],
                contents[one.type],
                statics[one.type],
            )
            for one in self.classes
        ]
        tables = (
            [struct.pack("<I", text) for text in texts],
            [struct.pack("<I", pool.string(one)) for one in pool.types],
            [
                struct.pack("<III", pool.string(shorty(one)), pool.type(one.returns), lists.get(one.parameters, 0))
                for one in pool.protos
            ],
            [struct.pack("<HHI", pool.type(f.owner), pool.type(f.type), pool.string(f.name)) for f in pool.fields],
            [struct.pack("<HHI", pool.type(m.owner), pool.proto(m.proto), pool.string(m.name)) for m in pool.methods],
            class_defs,
            [struct.pack("<I", site) for site in sites],
            [struct.pack("<HHHH", one.kind, 0, pool.target(one), 0) for one in pool.handles],
        )
        return self._file(b"".join(entry for table in tables for entry in table))

    def _type_lists(self) -> dict[tuple[str, ...], int]:
        self.data.section(_TYPE_LIST, 4)
        lists: dict[tuple[str, ...], int] = {(): 0}
        wanted = (tuple(one.interfaces) for one in self.classes)
        for types in dict.fromkeys((*wanted, *(proto.parameters for proto in self.pool.protos))):
            if types:
                indices = [self.pool.type(one) for one in types]
                lists[types] = self.data.add(struct.pack(f"<I{len(indices)}H", len(indices), *indices))
        return lists

    def _arrays(self) -> tuple[dict[str, int], list[int]]:
        self.data.section(_ARRAY)
        statics = {one.type: self._static_values(one) for one in self.classes}
        return statics, [self.data.add(self._site(site)) for site in self.pool.sites]

    def _static_values(self, one: Class) -> int:
        fields = sorted((f for f in one.fields if f.access & 0x8), key=lambda f: self.pool.field(f.ref))
        while fields and fields[-1].value is None:
            fields.pop()
        if not fields:
            return 0
        return self.data.add(
            encode_array(tuple(f.value or _default(f.ref.type) for f in fields), self.pool), share=True
        )

    def _site(self, site: CallSite) -> bytes:
        head = (
            Value(VALUE_METHOD_HANDLE, site.bootstrap),
            Value(VALUE_STRING, site.name),
            Value(VALUE_METHOD_TYPE, site.proto),
        )
        return encode_array(head + site.arguments, self.pool)

    def _annotations(self) -> dict[str, int]:
        every = [group for one in self.classes for group in _annotation_groups(one)]
        self.data.section(_ANNOTATION)
        places: dict[int, int] = {}
        for group in every:
            for annotation in group:
                raw = bytes((annotation.visibility,)) + encode_annotation(annotation, self.pool)
                places[id(annotation)] = self.data.add(raw, share=True)
        self.data.section(_SET, 4)
        sets: dict[int, int] = {}
        for group in every:
            ordered = sorted(group, key=lambda one: self.pool.type(one.type))
            offsets = [places[id(one)] for one in ordered]
            sets[id(group)] = self.data.add(struct.pack(f"<I{len(offsets)}I", len(offsets), *offsets), share=True)
        self.data.section(_SET_REFS, 4)
        references: dict[int, int] = {}
        for one in self.classes:
            for method in one.methods:
                groups = _parameter_annotations(method)
                if any(groups):
                    offsets = [sets[id(group)] if group else 0 for group in groups]
                    references[id(method)] = self.data.add(struct.pack(f"<I{len(offsets)}I", len(offsets), *offsets))
        self.data.section(_DIRECTORY, 4)
        return {one.type: self._directory(one, sets, references) for one in self.classes}

    def _directory(self, one: Class, sets: dict[int, int], references: dict[int, int]) -> int:
        pool = self.pool
        fields = sorted((pool.field(f.ref), sets[id(f.annotations)]) for f in one.fields if f.annotations)
        methods = sorted((pool.method(m.ref), sets[id(m.annotations)]) for m in one.methods if m.annotations)
        parameters = sorted((pool.method(m.ref), references[id(m)]) for m in one.methods if id(m) in references)
        if not (one.annotations or fields or methods or parameters):
            return 0
        head = struct.pack(
            "<4I", sets[id(one.annotations)] if one.annotations else 0, len(fields), len(methods), len(parameters)
        )
        return self.data.add(head + b"".join(struct.pack("<II", *pair) for pair in (*fields, *methods, *parameters)))

    def _code(self) -> dict[int, int]:
        bodies = [
            (method, method.code, self.bodies[id(method)])
            for one in self.classes
            for method in one.methods
            if method.code is not None
        ]
        self.data.section(_DEBUG)
        debug: dict[int, int] = {}
        for method, code, body in bodies:
            info = debug_info(method, code, body, self.pool)
            debug[id(method)] = 0 if info is None else self.data.add(info)
        self.data.section(_CODE, 4)
        return {id(method): self.data.add(self._code_item(body, debug[id(method)])) for method, _, body in bodies}

    def _code_item(self, body: Assembled, debug: int) -> bytes:
        out = bytearray(
            struct.pack("<HHHHII", body.registers, body.ins, body.outs, len(body.tries), debug, len(body.units) // 2)
        )
        out += body.units
        if body.tries:
            align(out)
            lists = list(dict.fromkeys(handlers for _, _, handlers in body.tries))
            table = bytearray(uleb128(len(lists)))
            places: dict[tuple[tuple[str, int], ...], int] = {}
            for handlers in lists:
                places[handlers] = len(table)
                table += self._handlers(handlers)
            for start, end, handlers in body.tries:
                out += struct.pack("<IHH", start, end - start, places[handlers])
            out += table
        return bytes(out)

    def _handlers(self, handlers: tuple[tuple[str, int], ...]) -> bytes:
        typed = [(self.pool.type(kind), address) for kind, address in handlers if kind]
        everything = [address for kind, address in handlers if not kind]
        out = sleb128(-len(typed) if everything else len(typed))
        out += b"".join(uleb128(kind) + uleb128(address) for kind, address in typed)
        return out + b"".join(uleb128(address) for address in everything)

    def _contents(self, code: dict[int, int]) -> dict[str, int]:
        self.data.section(_CLASS_DATA)
        return {
            one.type: self.data.add(self._class_data(one, code)) if one.fields or one.methods else 0
            for one in self.classes
        }

    def _class_data(self, one: Class, code: dict[int, int]) -> bytes:
        fields = [(self.pool.field(f.ref), f.access) for f in one.fields]
        methods = [(self.pool.method(m.ref), m.access, code.get(id(m), 0)) for m in one.methods]
        groups = (
            sorted(entry for entry in fields if entry[1] & 0x8),
            sorted(entry for entry in fields if not entry[1] & 0x8),
            sorted(entry for entry in methods if entry[1] & _DIRECT),
            sorted(entry for entry in methods if not entry[1] & _DIRECT),
        )
        out = bytearray(b"".join(uleb128(len(group)) for group in groups))
        for group in groups:
            before = 0
            for index, *rest in group:
                out += uleb128(index - before) + b"".join(uleb128(number) for number in rest)
                before = index
        return bytes(out)

    def _file(self, tables: bytes) -> bytes:
        align(self.data.raw)
        map_offset = self.data.base + len(self.data.raw)
        entries = [(_HEADER, 1, 0)]
        offsets: list[int] = []
        at = self.header_size
        for count, (kind, entry_size) in zip(self.counts, _TABLES, strict=True):
            offsets.append(at if count else 0)
            if count:
                entries.append((kind, count, at))
            at += count * entry_size
        entries += [*self.data.map, (_MAP, 1, map_offset)]
        listing = struct.pack("<I", len(entries)) + b"".join(
            struct.pack("<HHII", kind, 0, count, offset) for kind, count, offset in entries
        )
        size = map_offset + len(listing)
        sections = [number for pair in zip(self.counts[:6], offsets[:6], strict=True) for number in pair]
        data = (0, 0) if self.version >= 41 else (size - self.data.base, self.data.base)
        rest = struct.pack("<6I", size, self.header_size, 0x12345678, 0, 0, map_offset)
        rest += struct.pack("<14I", *sections, *data)
        if self.version >= 41:
            rest += struct.pack("<II", size, 0)  # size of the container, offset of this header in it
        rest += tables + bytes(self.data.raw) + listing
        return seal(b"dex\n%03d\0" % self.version + bytes(24) + rest)


def seal(dex: bytes) -> bytes:
    """Give a DEX file with its SHA-1 and its checksum made right."""
    digest = hashlib.sha1(dex[32:], usedforsecurity=False).digest()
    checksum = zlib.adler32(digest + dex[32:])
    return dex[:8] + struct.pack("<I", checksum) + digest + dex[32:]


def _default(kind: str) -> Value:
    if kind == "Z":
        return Value(VALUE_BOOLEAN, False)
    if kind in "FD":
        return Value(VALUE_FLOAT if kind == "F" else VALUE_DOUBLE, 0.0)
    numbers = {"B": VALUE_BYTE, "S": VALUE_SHORT, "C": VALUE_CHAR, "I": VALUE_INT, "J": VALUE_LONG}
    return Value(numbers[kind], 0) if kind in numbers else Value(VALUE_NULL, None)


def _annotation_groups(one: Class) -> Iterable[list[Annotation]]:
    groups = [one.annotations]
    groups += [f.annotations for f in one.fields]
    groups += [m.annotations for m in one.methods]
    groups += [p.annotations for m in one.methods for p in m.parameters]
    return [group for group in groups if group]


def _parameter_annotations(method: Method) -> list[list[Annotation]]:
    """Give the annotations of each parameter in order; the text names parameters by their first register."""
    by_register = {one.register: one.annotations for one in method.parameters}
    word = 0 if method.access & 0x8 else 1
    groups: list[list[Annotation]] = []
    for one in method.ref.proto.parameters:
        groups.append(by_register.get(f"p{word}", []))
        word += width(one)
    return groups
