"""The constant pools of a DEX file: what is referred to, sorted as the format demands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from assaymark.testing.dex.binary import utf16_units
from assaymark.testing.dex.tree import CallSite, FieldRef, MethodHandle, MethodRef, Proto

_K = TypeVar("_K")


class PoolOverflowError(ValueError):
    """A pool has more entries than an index of 16 bits can name."""


class Pool:
    """References by their index.

    It has two lives. Until `freeze` it collects: every lookup adds the reference and gives 0. After it every lookup
    gives the index in the sorted table. The writer runs over the classes once in each, so that no second list of
    "everything an item refers to" has to be kept in step with the encoders.
    """

    def __init__(self) -> None:
        """Start empty and collecting."""
        self._frozen = False
        self._strings: dict[str, int] = {}
        self._types: dict[str, int] = {}
        self._protos: dict[Proto, int] = {}
        self._fields: dict[FieldRef, int] = {}
        self._methods: dict[MethodRef, int] = {}
        self._handles: dict[MethodHandle, int] = {}
        self._sites: dict[CallSite, int] = {}

    def string(self, text: str) -> int:
        """Index of a string."""
        return self._strings[text] if self._frozen else self._strings.setdefault(text, 0)

    def type(self, descriptor: str) -> int:
        """Index of a type."""
        if not self._frozen and descriptor not in self._types:
            self.string(descriptor)
            self._types[descriptor] = 0
        return self._types[descriptor]

    def proto(self, proto: Proto) -> int:
        """Index of a prototype."""
        if not self._frozen and proto not in self._protos:
            self.string(shorty(proto))
            for one in (*proto.parameters, proto.returns):
                self.type(one)
            self._protos[proto] = 0
        return self._protos[proto]

    def field(self, ref: FieldRef) -> int:
        """Index of a field."""
        if not self._frozen and ref not in self._fields:
            self.type(ref.owner)
            self.string(ref.name)
            self.type(ref.type)
            self._fields[ref] = 0
        return self._fields[ref]

    def method(self, ref: MethodRef) -> int:
        """Index of a method."""
        if not self._frozen and ref not in self._methods:
            self.type(ref.owner)
            self.string(ref.name)
            self.proto(ref.proto)
            self._methods[ref] = 0
        return self._methods[ref]

    def handle(self, handle: MethodHandle) -> int:
        """Index of a method handle; they keep the order in which they were first named."""
        if not self._frozen and handle not in self._handles:
            self.target(handle)
            self._handles[handle] = len(self._handles)
        return self._handles[handle]

    def target(self, handle: MethodHandle) -> int:
        """Index of the field or method that a handle points to."""
        return self.field(handle.target) if isinstance(handle.target, FieldRef) else self.method(handle.target)

    def site(self, site: CallSite) -> int:
        """Index of a call site; they keep the order in which they were first named."""
        return self._sites[site] if self._frozen else self._sites.setdefault(site, len(self._sites))

    def freeze(self) -> None:
        """Sort everything and fix the indices. Raises `PoolOverflowError` where more entries are named than fit."""
        self._frozen = True
        _number(self._strings, sorted(self._strings, key=utf16_units))
        _number(self._types, sorted(self._types, key=self._strings.__getitem__))
        _number(self._protos, sorted(self._protos, key=self._proto_order))
        _number(self._fields, sorted(self._fields, key=self._field_order))
        _number(self._methods, sorted(self._methods, key=self._method_order))
        for what, held in (
            ("types", self._types),
            ("prototypes", self._protos),
            ("fields", self._fields),
            ("methods", self._methods),
        ):
            if len(held) > 0x10000:
                raise PoolOverflowError(f"{len(held)} {what} in one DEX file, at most 65,536 fit; use several files")

    def _proto_order(self, proto: Proto) -> tuple[int, list[int]]:
        return self._types[proto.returns], [self._types[one] for one in proto.parameters]

    def _field_order(self, ref: FieldRef) -> tuple[int, int, int]:
        return self._types[ref.owner], self._strings[ref.name], self._types[ref.type]

    def _method_order(self, ref: MethodRef) -> tuple[int, int, int]:
        return self._types[ref.owner], self._strings[ref.name], self._protos[ref.proto]

    @property
    def strings(self) -> Sequence[str]:
        """All strings in order."""
        return list(self._strings)

    @property
    def types(self) -> Sequence[str]:
        """All types in order."""
        return list(self._types)

    @property
    def protos(self) -> Sequence[Proto]:
        """All prototypes in order."""
        return list(self._protos)

    @property
    def fields(self) -> Sequence[FieldRef]:
        """All fields in order."""
        return list(self._fields)

    @property
    def methods(self) -> Sequence[MethodRef]:
        """All methods in order."""
        return list(self._methods)

    @property
    def handles(self) -> Sequence[MethodHandle]:
        """All method handles in order."""
        return list(self._handles)

    @property
    def sites(self) -> Sequence[CallSite]:
        """All call sites in order."""
        return list(self._sites)


def _number(held: dict[_K, int], order: Iterable[_K]) -> None:
    ranked = {key: index for index, key in enumerate(order)}
    held.clear()
    held.update(ranked)


def shorty(proto: Proto) -> str:
    """Give the short form of a prototype: one letter a type, return type first, `L` for every reference."""
    return "".join("L" if one[0] in "L[" else one for one in (proto.returns, *proto.parameters))


def width(descriptor: str) -> int:
    """Give how many registers a value of this type takes."""
    return 2 if descriptor in "JD" else 1
