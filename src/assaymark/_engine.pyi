# The Rust engine: reads hostile Android packages. Private; `formats` and `analysis` are its face.

from pathlib import Path
from typing import Final, final

# --- errors ---

# A typed refusal; its arguments are kind, offset (if known), detail. Kinds: `io`, `not-this-format`, `malformed`,
# `limit-hit`, `not-found`, `unsupported`.
class EngineError(Exception):
    args: tuple[str, int | None, str]

# --- archive, binary XML, resource tables ---

# Every kind that the readers of archives, XML and resource tables record, and whether it is evasive: Android installs
# a package with it, while common analysers refuse, miss or misread content.
ODDITY_KINDS: Final[list[tuple[str, bool]]]

# One opened archive. Android's reading of it counts; what is odd is recorded.
@final
class Package:
    # Map a file. Raises `EngineError`: `io`, `not-this-format`, `malformed`.
    @staticmethod
    def open(path: str | Path) -> Package: ...

    # Open an archive in memory. Raises as `open` does.
    @staticmethod
    def from_bytes(data: bytes) -> Package: ...

    # Bytes of the file.
    @property
    def size(self) -> int: ...

    # SHA-256 of the file in lower-case hexadecimal.
    def sha256(self) -> str: ...

    # Name, size, compressed size, method, flags of each entry, as the central directory states them, in its order.
    def entries(self) -> list[tuple[str, int, int, int, int]]: ...

    # Kind, member (empty: the file), offset, detail: of the archive, then of all members read so far.
    def oddities(self) -> list[tuple[str, str, int | None, str]]: ...

    # Whether there is a member of this name.
    def contains(self, name: str) -> bool: ...

    # Content of a member; its readable start if the data is damaged (oddity `damaged-data`).
    # Raises `EngineError`: `not-found`, `limit-hit` beyond `limit` bytes, `malformed` if nothing is readable.
    def read(self, name: str, limit: int) -> bytes: ...

    # First bytes of a member, at most `length`; fewer, or none, if the data is damaged. Raises `EngineError`:
    # `not-found`.
    def prefix(self, name: str, length: int) -> bytes: ...

    # The archive in a member of at most `limit` bytes. Raises as `read` and `from_bytes` do.
    def nested(self, name: str, limit: int) -> Package: ...

    # The binary XML document in a member: of several with this name, the first that can be read. Its oddities are
    # added to those of the package. Raises as `read` and `Xml.parse` do.
    def xml(self, name: str) -> Xml: ...

# One binary XML document.
@final
class Xml:
    # Parse a document. Raises `EngineError`: `not-this-format` (with detail `plain text` for XML in text form),
    # `malformed`.
    @staticmethod
    def parse(data: bytes) -> Xml: ...

    # Index of the parent, depth, namespace, tag name, line of each element; parents come before their children.
    def elements(self) -> list[tuple[int | None, int, str | None, str, int]]: ...

    # Element, namespace, name, resource id (or 0), text, type, data (`Res_value`) of each attribute, in document
    # order.
    # Namespace and name follow the resource id where it is the framework's. The text is the value if that is a string
    # (type 3), else how the source wrote it, where the file keeps that.
    def attributes(self) -> list[tuple[int, str | None, str, int, str | None, int, int]]: ...

    # Element, text, line of each piece of text between tags.
    def texts(self) -> list[tuple[int | None, str, int]]: ...

    # Kind, member (empty), offset, detail.
    def oddities(self) -> list[tuple[str, str, int | None, str]]: ...

# One resource table (`resources.arsc`).
@final
class Resources:
    # The table of a package, if it has one. Raises `EngineError`: `not-this-format`, `malformed`, `limit-hit`.
    @staticmethod
    def of(package: Package) -> Resources | None: ...

    # Parse a table. Raises `EngineError`: `not-this-format`, `malformed`.
    @staticmethod
    def parse(data: bytes) -> Resources: ...

    # Qualifiers (empty: default; `zh-rCN`, `night-v8`), type, data, text of every value; the default configuration
    # comes first.
    # References are followed up to 20 deep, the qualifiers on the way joined by `+`; one that leads nowhere is given
    # as it stands. The items of an array, plural or style are given one after the other.
    def resolve(self, resource_id: int) -> list[tuple[str, int, int, str | None]]: ...

    # Type and name, such as `string/app_name`; the framework's attributes have names too.
    def name(self, resource_id: int) -> str | None: ...

    # The id of `string/app_name`.
    def find(self, name: str) -> int | None: ...

    # Id, type and name, locale qualifier (empty: default), text of every string, array item and plural, in every
    # language.
    def strings(self) -> list[tuple[int, str, str, str]]: ...

    # Id and name of each package of the table.
    def packages(self) -> list[tuple[int, str]]: ...

    # Kind, member (empty), offset, detail.
    def oddities(self) -> list[tuple[str, str, int | None, str]]: ...

# What all layouts, menus and XML resources say.
# File, element, its parent, tag, name of `android:id`, attribute (`text`, `hint`, `title`, `summary`,
# `contentDescription`, `onClick`, `checked`, `inputType`, `textOn`, `textOff`, `autoLink`), text, resource id the
# text comes from or 0. Texts are of the default configuration; `Resources.resolve` gives the other languages.
def layouts(
    package: Package, resources: Resources | None = None
) -> list[tuple[str, int, int | None, str, str | None, str, str, int]]: ...
