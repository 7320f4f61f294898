"""XML as people write it to the binary XML of Android packages: manifests, layouts, network configurations."""

from __future__ import annotations

import re
import struct
import xml.parsers.expat as expat
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from assaymark.testing import chunks
from assaymark.testing.android_attributes import FRAMEWORK, NAMESPACE, Attribute, attributes
from assaymark.testing.dex.error import AssemblyError

_TOOLS = "http://schemas.android.com/tools"
_REFERENCE = re.compile(r"[@?](\+)?(?:([\w.]+):)?([\w.]+)/([\w.$-]+)\Z")
_NUMBERED = re.compile(r"[@?]0x([0-9a-fA-F]{1,8})\Z")
_UNESCAPE = {"n": "\n", "t": "\t"}


@dataclass(slots=True)
class _Attribute:
    namespace: str | None
    name: str
    id: int
    type: int
    data: int | str


@dataclass(slots=True)
class _Node:
    kind: int  # type of its chunk
    line: int
    namespace: str | None = None
    name: str = ""  # of an element; the prefix of a namespace; the text itself
    attributes: list[_Attribute] = field(default_factory=list)


def compile_xml(text: str, file: str, ids: Mapping[str, int] = MappingProxyType({})) -> bytes:
    """Give the binary form of an XML text. Strings are stored in UTF-16; `tools:` attributes are left out.

    `ids` holds the resources that it may refer to, by `type/name`. Raises `AssemblyError` for XML that is not well
    formed, an `android:` attribute that is not known, a value that does not fit its attribute, a reference to nothing.
    """
    return _write(_Reader(file, ids).read(text))


def new_ids(text: str) -> list[str]:
    """Give the names of the ids that a layout declares with `@+id/name`, in order."""
    return list(dict.fromkeys(re.findall(r"[\"']@\+id/([\w.]+)[\"']", text)))


class _Reader:
    def __init__(self, file: str, ids: Mapping[str, int]) -> None:
        self.file, self.ids = file, ids
        self.nodes: list[_Node] = []
        self.open: dict[str | None, list[str]] = {}  # prefix to the names it stands for, innermost last
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True

    def read(self, text: str) -> list[_Node]:
        self.parser.StartNamespaceDeclHandler = self.namespace
        self.parser.EndNamespaceDeclHandler = self.end_namespace
        self.parser.StartElementHandler = self.element
        self.parser.EndElementHandler = self.end_element
        self.parser.CharacterDataHandler = self.text
        try:
            self.parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            raise AssemblyError(self.file, error.lineno, f"not well-formed XML: {error}") from error
        return self.nodes

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def namespace(self, prefix: str | None, uri: str) -> None:
        if uri != _TOOLS:
            self.nodes.append(_Node(0x0100, self.line, uri, prefix or ""))
        self.open.setdefault(prefix, []).append(uri)

    def end_namespace(self, prefix: str | None) -> None:
        uri = self.open[prefix].pop()
        if uri != _TOOLS:
            self.nodes.append(_Node(0x0101, self.line, uri, prefix or ""))

    def element(self, name: str, pairs: list[str]) -> None:
        namespace, name = _split(name)
        node = _Node(0x0102, self.line, namespace, name)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            space, key = _split(key)
            if space != _TOOLS:
                node.attributes.append(self.attribute(space, key, value))
        # Android looks attributes up by id and expects that order; those without one follow by name.
        node.attributes.sort(key=lambda one: (one.id == 0, one.id, one.name))
        self.nodes.append(node)

    def end_element(self, name: str) -> None:
        self.nodes.append(_Node(0x0103, self.line, *_split(name)))

    def text(self, data: str) -> None:
        if data.strip():
            self.nodes.append(_Node(0x0104, self.line, None, data.strip()))

    def attribute(self, space: str | None, name: str, value: str) -> _Attribute:
        if space != NAMESPACE:
            # Without a declaration every type is tried, as the platform's tools do.
            guesses = (read(value) for _, read in _READERS)
            found = next((one for one in (self.reference(value), *guesses) if one is not None), None)
            return _Attribute(space, name, 0, *(found or (chunks.TYPE_STRING, unescape(value))))
        known = attributes().get(name)
        if known is None:
            raise AssemblyError(
                self.file, self.line, f"unknown attribute android:{name}; add it to android_attributes.txt"
            )
        return _Attribute(space, name, known.id, *self.value(name, known, value))

    def value(self, name: str, known: Attribute, value: str) -> tuple[int, int | str]:
        reference = self.reference(value)
        if reference is not None:
            return reference
        named = [known.values.get(part.strip()) for part in value.split("|")]
        if known.values and None not in named and (len(named) == 1 or "flags" in known.formats):
            bits = 0
            for one in named:
                bits |= one or 0
            return (chunks.TYPE_HEX if "flags" in known.formats else chunks.TYPE_INTEGER), bits
        for kind, read in _READERS:
            if kind in known.formats and (found := read(value)) is not None:
                return found
        if "string" in known.formats:
            return chunks.TYPE_STRING, unescape(value)
        choices = ", ".join(known.values) or " or ".join(sorted(known.formats))
        raise AssemblyError(self.file, self.line, f"expected {choices} in android:{name}, found {value!r}")

    def reference(self, value: str) -> tuple[int, int] | None:
        kind = chunks.TYPE_ATTRIBUTE if value.startswith("?") else chunks.TYPE_REFERENCE
        if value in ("@null", "@empty"):
            return chunks.TYPE_REFERENCE, 0
        if match := _NUMBERED.match(value):
            return kind, int(match[1], 16)
        match = _REFERENCE.match(value)
        if match is None:
            return None
        name = f"{match[3]}/{match[4]}"
        if match[2] == "android":
            known = attributes().get(match[4]) if match[3] == "attr" else None
            number = known.id if known else FRAMEWORK.get(name)
        else:
            number = self.ids.get(name)
        if number is None:
            raise AssemblyError(self.file, self.line, f"expected a resource that exists, found {value!r}")
        return kind, number


_READERS = (
    ("boolean", chunks.boolean),
    ("color", chunks.color),
    ("dimension", chunks.dimension),
    ("fraction", chunks.fraction),
    ("integer", chunks.integer),
    ("enum", chunks.integer),
    ("flags", chunks.integer),
    ("float", chunks.number),
)


def _split(name: str) -> tuple[str | None, str]:
    space, blank, local = name.rpartition(" ")
    return (space if blank else None), local


def unescape(value: str) -> str:
    """Give a text with the escapes of resource files resolved: line breaks, tabs, quotes, code points."""
    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else _UNESCAPE.get(match[2], match[2]),
        value,
    )


def _write(nodes: list[_Node]) -> bytes:
    # Names with a resource id come first in the pool: the resource map runs beside it from its start.
    named = {one.name: one.id for node in nodes for one in node.attributes if one.id}
    by_id = sorted(named.items(), key=lambda item: item[1])
    keyed = {name: index for index, (name, _) in enumerate(by_id)}
    pool: list[str] = list(keyed)
    indices: dict[str, int] = {}

    def string(text: str | None) -> int:
        if text is None:
            return chunks.NO_STRING
        if text not in indices:
            indices[text] = len(pool)
            pool.append(text)
        return indices[text]

    def attribute(one: _Attribute) -> bytes:
        name = keyed[one.name] if one.id else string(one.name)
        data = string(one.data) if isinstance(one.data, str) else one.data
        raw = data if one.type == chunks.TYPE_STRING else chunks.NO_STRING
        return struct.pack("<IIIHBBI", string(one.namespace), name, raw, 8, 0, one.type, data)

    body = bytearray()
    for node in nodes:
        head = struct.pack("<II", node.line, chunks.NO_STRING)
        match node.kind:
            case 0x0102:
                rest = struct.pack(
                    "<IIHHHHHH", string(node.namespace), string(node.name), 20, 20, len(node.attributes), 0, 0, 0
                ) + b"".join(attribute(one) for one in node.attributes)
            case 0x0104:
                rest = struct.pack("<IHBBI", string(node.name), 8, 0, 0, 0)
            case 0x0103:
                rest = struct.pack("<II", string(node.namespace), string(node.name))
            case _:
                rest = struct.pack("<II", string(node.name), string(node.namespace))
        body += chunks.chunk(node.kind, head, rest)
    resource_map = chunks.chunk(0x0180, b"", struct.pack(f"<{len(by_id)}I", *(number for _, number in by_id)))
    return chunks.chunk(0x0003, b"", chunks.string_pool(pool, utf8=False) + resource_map + bytes(body))
