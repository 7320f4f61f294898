"""Resources as a `res` folder holds them to `resources.arsc` and the compiled files."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path, PurePosixPath

from assaymark.testing import chunks
from assaymark.testing.axml import compile_xml, new_ids, unescape
from assaymark.testing.dex.error import AssemblyError

Strings = Mapping[str, Mapping[str, str]]
"""String resources: qualifier (`""`, `zh-rCN`, `en`) to names to texts."""

Files = Mapping[str, str | bytes]
"""Files of the `res` folder by their path in it: `layout/main.xml`, `mipmap-hdpi/icon.png`, `raw/a.txt`."""

PACKAGE_ID = 0x7F

_LOCALE = re.compile(r"([a-z]{2})(?:-r([A-Z]{2}))?\Z")
_DENSITIES = {"ldpi": 120, "mdpi": 160, "hdpi": 240, "xhdpi": 320, "xxhdpi": 480, "xxxhdpi": 640, "nodpi": 0xFFFF}
_LOCALE_FLAG, _DENSITY_FLAG, _VERSION_FLAG = 0x0004, 0x0100, 0x0400


@dataclass(frozen=True, slots=True)
class Compiled:
    """A resource table and the files it points to, by their path in the package; `ids` by `type/name`."""

    table: bytes
    files: Mapping[str, bytes]
    ids: Mapping[str, int]


def compile_resources(package: str, strings: Strings, files: Files, *, manifest: str = "") -> Compiled:
    """Give the table of a package's resources.

    Types and names get their ids in alphabetical order, so that the same sources give the same ids. Ids declared with
    `@+id/…` in a layout or in the manifest become resources of type `id`. Raises `AssemblyError`.
    """
    values: dict[str, dict[str, dict[str, str | None]]] = {}  # type, name, qualifier -> text or path; None for an id
    for qualifier, named in strings.items():
        for name, text in named.items():
            values.setdefault("string", {}).setdefault(name, {})[qualifier] = text
    sources: dict[str, tuple[str, str | bytes]] = {}
    for path, content in files.items():
        kind, qualifier, name = _resource_name(path)
        values.setdefault(kind, {}).setdefault(name, {})[qualifier] = f"res/{path}"
        sources[f"res/{path}"] = (kind, content)
    for text in (manifest, *(content for _, content in sources.values() if isinstance(content, str))):
        for name in new_ids(text):
            values.setdefault("id", {}).setdefault(name, {})[""] = None
    ids = {
        f"{kind}/{name}": PACKAGE_ID << 24 | type_id << 16 | entry
        for type_id, kind in enumerate(sorted(values), 1)
        for entry, name in enumerate(sorted(values[kind]))
    }
    compiled = {path: _compile(path, kind, content, ids) for path, (kind, content) in sources.items()}
    return Compiled(_table(package, values), compiled, ids)


def read_folder(folder: Path) -> tuple[Strings, Files]:
    """Give the strings and the files of a `res` folder: `values*/strings.xml`, and every other file as it stands.

    Texts are read as UTF-8; pictures stay bytes. Raises `AssemblyError` for strings that are not well-formed XML.
    """
    strings: dict[str, dict[str, str]] = {}
    files: dict[str, str | bytes] = {}
    for path in sorted(folder.glob("*/*")):
        if path.name == "strings.xml" and path.parent.name.split("-")[0] == "values":
            strings[path.parent.name.partition("-")[2]] = _strings(path)
        else:
            content = path.read_bytes()
            files[f"{path.parent.name}/{path.name}"] = content.decode() if path.suffix == ".xml" else content
    return strings, files


def _strings(path: Path) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own sources
    except ElementTree.ParseError as error:
        raise AssemblyError(str(path), error.position[0], f"not well-formed XML: {error}") from error
    return {str(one.get("name")): unescape("".join(one.itertext())) for one in root.iter("string")}


def _resource_name(path: str) -> tuple[str, str, str]:
    parts = PurePosixPath(path).parts
    if len(parts) != 2:
        raise AssemblyError(f"res/{path}", 0, "expected a path of folder and file, such as layout/main.xml")
    kind, _, qualifier = parts[0].partition("-")
    return kind, qualifier, parts[1].split(".")[0]


def _compile(path: str, kind: str, content: str | bytes, ids: Mapping[str, int]) -> bytes:
    if isinstance(content, bytes):
        return content
    if path.endswith(".xml") and kind != "raw":
        return compile_xml(content, path, ids)
    return content.encode()


def _config(qualifiers: str) -> tuple[bytes, int]:
    """Give the 64 bytes of a configuration and the flags of what it varies by."""
    language = country = b"\0\0"
    density = sdk = flags = 0
    rest = qualifiers
    match = _LOCALE.match("-".join(rest.split("-")[:2])) or _LOCALE.match(rest.split("-")[0])
    if match:
        language, country = match[1].encode(), (match[2] or "\0\0").encode()
        flags |= _LOCALE_FLAG
        rest = rest[match.end() :].lstrip("-")
    for one in filter(None, rest.split("-")):
        if one in _DENSITIES:
            density, flags = _DENSITIES[one], flags | _DENSITY_FLAG
        elif re.fullmatch(r"v\d{1,3}", one):
            sdk, flags = int(one[1:]), flags | _VERSION_FLAG
        else:
            raise AssemblyError(f"res/*-{qualifiers}", 0, f"expected a locale, a density or a version, found {one!r}")
    head = struct.pack("<IHH2s2sBBHIHHHH", 64, 0, 0, language, country, 0, 0, density, 0, 0, 0, sdk, 0)
    return head + bytes(64 - len(head)), flags


def _table(package: str, values: Mapping[str, Mapping[str, Mapping[str, str | None]]]) -> bytes:
    texts: dict[str, int] = {}
    keys = sorted({name for named in values.values() for name in named})
    key_index = {name: index for index, name in enumerate(keys)}
    body = bytearray()
    for type_id, kind in enumerate(sorted(values), 1):
        names = sorted(values[kind])
        qualifiers = sorted({one for name in names for one in values[kind][name]})
        # A specification says by what the values of an entry differ.
        specs = [reduce(or_, (_config(one)[1] for one in values[kind][name]), 0) for name in names]
        body += chunks.chunk(
            0x0202, struct.pack("<BBHI", type_id, 0, 0, len(names)), struct.pack(f"<{len(names)}I", *specs)
        )
        for qualifier in qualifiers:
            offsets: list[int] = []
            entries = bytearray()
            for name in names:
                if qualifier not in values[kind][name]:
                    offsets.append(0xFFFFFFFF)
                    continue
                offsets.append(len(entries))
                value = values[kind][name][qualifier]
                typed = (chunks.TYPE_BOOLEAN, 0)
                if value is not None:
                    typed = (chunks.TYPE_STRING, texts.setdefault(value, len(texts)))
                entries += struct.pack("<HHIHBBI", 8, 0, key_index[name], 8, 0, *typed)
            config = _config(qualifier)[0]
            start = 8 + 12 + len(config) + 4 * len(names)
            header = struct.pack("<BBHII", type_id, 0, 0, len(names), start) + config
            body += chunks.chunk(0x0201, header, struct.pack(f"<{len(names)}I", *offsets) + bytes(entries))
    types_pool = chunks.string_pool(sorted(values), utf8=False)
    keys_pool = chunks.string_pool(keys, utf8=True)
    wide = package.encode("utf-16-le")[:254]
    header = struct.pack("<I", PACKAGE_ID) + wide + bytes(256 - len(wide))
    header += struct.pack("<5I", 288, len(values), 288 + len(types_pool), len(keys), 0)
    inside = chunks.chunk(0x0200, header, types_pool + keys_pool + bytes(body))
    return chunks.chunk(0x0002, struct.pack("<I", 1), chunks.string_pool(list(texts), utf8=True) + inside)
