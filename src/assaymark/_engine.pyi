"""The Rust engine: reads hostile Android packages. Private; `formats` and `analysis` are its face."""

from pathlib import Path
from typing import Final, Self, TypeAlias, TypedDict, final

# --- errors ---

class EngineError(Exception):
    """A typed refusal; its arguments are kind, offset (if known), detail.

    Kinds: `io`, `not-this-format`, `malformed`, `limit-hit`, `not-found`, `unsupported`.
    """

    args: tuple[str, int | None, str]

# --- archive, binary XML, resource tables ---

ODDITY_KINDS: Final[list[tuple[str, bool]]]
# Every kind that the readers of archives, XML and resource tables record, and whether it is evasive: Android installs
# a package with it, while common analysers refuse, miss or misread content.

@final
class Package:
    """One opened archive. Android's reading of it counts; what is odd is recorded."""
    @staticmethod
    def open(path: str | Path) -> Package:
        """Map a file. Raises `EngineError`: `io`, `not-this-format`, `malformed`."""

    @staticmethod
    def from_bytes(data: bytes) -> Package:
        """Open an archive in memory. Raises as `open` does."""

    @property
    def size(self) -> int:
        """Bytes of the file."""

    def sha256(self) -> str:
        """SHA-256 of the file in lower-case hexadecimal."""

    def entries(self) -> list[tuple[str, int, int, int, int]]:
        """Name, size, compressed size, method, flags of each entry, as the central directory states them, in its
        order.
        """

    def oddities(self) -> list[tuple[str, str, int | None, str]]:
        """Kind, member (empty: the file), offset, detail: of the archive, then of all members read so far."""

    def contains(self, name: str) -> bool:
        """Whether there is a member of this name."""

    def read(self, name: str, limit: int) -> bytes:
        """Content of a member; its readable start if the data is damaged (oddity `damaged-data`). Raises
        `EngineError`: `not-found`, `limit-hit` beyond `limit` bytes, `malformed` if nothing is readable.
        """

    def prefix(self, name: str, length: int) -> bytes:
        """First bytes of a member, at most `length`; fewer, or none, if the data is damaged. Raises `EngineError`:
        `not- found`.
        """

    def words(self, name: str, words: list[str], limit: int) -> list[int]:
        """Which of some words stand in a member of at most `limit` bytes by themselves (no letter, digit or one of
        `_ $ / . -` on either side; of a word that ends in `*` only the start counts): their positions, ascending.
        Raises as `read` does.
        """

    def nested(self, name: str, limit: int) -> Package:
        """The archive in a member of at most `limit` bytes. Raises as `read` and `from_bytes` do."""

    def xml(self, name: str) -> Xml:
        """The binary XML document in a member: of several with this name, the first that can be read.

        Its oddities are added to those of the package. Raises as `read` and `Xml.parse` do.
        """

@final
class Xml:
    """One binary XML document."""
    @staticmethod
    def parse(data: bytes) -> Xml:
        """Parse a document. Raises `EngineError`: `not-this-format` (with detail `plain text` for XML in text form),
        `malformed`.
        """

    def elements(self) -> list[tuple[int | None, int, str | None, str, int]]:
        """Index of the parent, depth, namespace, tag name, line of each element; parents come before their children."""

    def attributes(self) -> list[tuple[int, str | None, str, int, str | None, int, int]]:
        """Element, namespace, name, resource id (or 0), text, type, data (`Res_value`) of each attribute, in document
        order. Namespace and name follow the resource id where it is the framework's. The text is the value if that
        is a string (type 3), else how the source wrote it, where the file keeps that.
        """

    def texts(self) -> list[tuple[int | None, str, int]]:
        """Element, text, line of each piece of text between tags."""

    def oddities(self) -> list[tuple[str, str, int | None, str]]:
        """Kind, member (empty), offset, detail."""

@final
class Resources:
    """One resource table (`resources.arsc`)."""
    @staticmethod
    def of(package: Package) -> Resources | None:
        """The table of a package, if it has one. Raises `EngineError`: `not-this-format`, `malformed`, `limit-hit`."""

    @staticmethod
    def parse(data: bytes) -> Resources:
        """Parse a table. Raises `EngineError`: `not-this-format`, `malformed`."""

    def resolve(self, resource_id: int) -> list[tuple[str, int, int, str | None]]:
        """Qualifiers (empty: default; `zh-rCN`, `night-v8`), type, data, text of every value; the default
        configuration comes first. References are followed up to 20 deep, the qualifiers on the way joined by `+`;
        one that leads nowhere is given as it stands. The items of an array, plural or style are given one after
        the other.
        """

    def name(self, resource_id: int) -> str | None:
        """Type and name, such as `string/app_name`; the framework's attributes have names too."""

    def find(self, name: str) -> int | None:
        """The id of `string/app_name`."""

    def strings(self) -> list[tuple[int, str, str, str]]:
        """Id, type and name, locale qualifier (empty: default), text of every string, array item and plural, in every
        language.
        """

    def search_strings(self, parts: list[str], names: list[str]) -> list[tuple[int, str, str, str]]:
        """Those of `strings` whose text holds one of `parts`, or whose name (without its type) holds one of `names`."""

    def packages(self) -> list[tuple[int, str]]:
        """Id and name of each package of the table."""

    def oddities(self) -> list[tuple[str, str, int | None, str]]:
        """Kind, member (empty), offset, detail."""

def layouts(
    package: Package, resources: Resources | None = None
) -> list[tuple[str, int, int | None, str, str | None, str, str, int]]:
    """What all layouts, menus and XML resources say. File, element, its parent, tag, name of `android:id`, attribute
    (`text`, `hint`, `title`, `summary`, `contentDescription`, `onClick`, `checked`, `inputType`, `textOn`,
    `textOff`, `autoLink`), text, resource id the text comes from or 0. Texts are of the default configuration;
    `Resources.resolve` gives the other languages.
    """

def code_names(package: Package, resources: Resources | None = None) -> tuple[list[str], list[str]]:
    """Give the code that XML resources name: classes as written (custom views, fragments, …), methods of `onClick`."""

# --- code: all DEX files of one program ---

Constant: TypeAlias = tuple[str, str | int | list[str | int | None]]
"""What is known of a value: kind (`string`, `pattern`, `integer`, `class`, `field`, `uri`, `result`, `array`), then the text, the number or
the elements.

`pattern` is text that the method put together, with `U+FFFC` for each part that is not constant.
`field` is the content of a static field that has no constant value in the program, such as `android.os.Build.SERIAL`. `uri` is an
`android.net.Uri` that is or starts with this text; `result` one that this method outside the program gives. A `field` or `result` stands also
for URIs that start with it.
"""

FlowEffect: TypeAlias = tuple[str, str, str, list[str], list[str]]
FlowSource: TypeAlias = tuple[str, str, str, str, int, int, list[str], bool, bool, str]
FlowSink: TypeAlias = tuple[str, str, str, str, bytes]
FlowRules: TypeAlias = tuple[
    list[FlowEffect],
    list[FlowSource],
    list[FlowSink],
    list[tuple[str, bool, list[str]]],
    list[tuple[str, list[str]]],
    list[str],
    list[tuple[str, str, str]],
]
"""Effects (class, method, start of the descriptor, flows, call-backs); sources (class, name, start of the descriptor, data, parameter or 0,
argument that is filled or 0, arguments, one of them is required, it is a static field, value of the field); sinks (class, method, start of the descriptor, kind, positions);
life cycles (base class, begins when made, order); listeners (type, methods); packages whose code is left to the rules; starts of names of
classes of SDKs (behind `*` no package below), the SDK, its maker."""

FlowFilter: TypeAlias = tuple[list[str], list[str], list[str], list[str]]
"""Actions, categories, starts of addresses, media types."""

FlowComponent: TypeAlias = tuple[str, bool | None, list[FlowFilter], list[str], list[str]]
"""Class; whether it is exported, or nothing if the manifest does not state it; filters; other names; authorities."""

FlowSetting: TypeAlias = tuple[str, list[FlowComponent], list[str], list[tuple[int, str]]]
"""Name of the package, components, methods of `onClick`, widgets (resource id, data)."""

FlowPlace: TypeAlias = tuple[str, str, str, str, int, int | None, int]
"""Class, method, descriptor, DEX, code unit, line, id of the method."""

ConsentControlRow: TypeAlias = tuple[list[str], bool, bool, FlowPlace | None, FlowPlace | None, list[str]]
"""Texts, whether it is ticked (not pressed), whether it is known to agree, where its listener was set, the listener, files of its layout."""

FlowRow: TypeAlias = tuple[
    str, str, FlowPlace, str, str, FlowPlace, list[str], bool, str | None, str | None, list[FlowPlace]
]
"""Data, source's name, its place, sink's kind, its name, its place, what was done to the data, whether it is sure, constant address, SDK that
gets it, way."""

CodeHit: TypeAlias = tuple[
    int,
    str,
    str,
    int,
    tuple[str, str, str],
    str,
    int,
    int | None,
    bool,
    list[Constant | None],
]
"""A place in the code: position of the selector, kind, what the code names, id of the calling method, (class, method, descriptor) of
the calling method, DEX file, code unit, source line, can it run, and for a call what is known of each parameter (without the object).

Kinds: `virtual`, `super`, `direct`, `static`, `interface`, `polymorphic`, `custom` (behind a lambda or string concatenation), `handle`; `read`,
`write`; `class`, `cast`, `instance-of`, `new`, `array`; `string`.
"""

@final
class Code:
    """All DEX files of one program together. Ids of methods are valid for this object only.

    Nothing is known to run until `reach` was called.
    """

    def __new__(cls, packages: list[Package]) -> Self:
        """Read `classes.dex`, `classes2.dex`, … of each package up to the first that is missing, as Android does.

        A DEX file that cannot be read is a row of `problems`; the others are read all the same. With several packages, DEX names
        start with the position of the package: `1:classes.dex`.
        """
    @staticmethod
    def of_dex(files: list[tuple[str, bytes]]) -> Code:
        """Read DEX files in loading order, each with its name."""
    @property
    def unloaded(self) -> list[str]:
        """Members that look like DEX files and that Android does not load by itself, sorted."""
    @property
    def problems(self) -> list[tuple[str, str, int, str]]:
        """Damage and irregularities that were stepped over, at most 100 of each DEX: DEX file, kind, offset, particulars."""
    def dex_names(self) -> list[str]:
        """Names of the DEX files that were read. The parts of a container (version 041) are `classes.dex`, `classes.dex!1`, …"""
    def stats(self) -> list[dict[str, int]]:
        """Counts of each DEX, in the order of `dex_names`.

        Keys: size (bytes), version, checksum_ok, string_ids, type_ids, proto_ids, field_ids, method_ids, class_defs, methods, fields (both:
        defined), code_methods, instructions, damaged_classes, damaged_methods, damaged_strings, problems (all, listed or not).
        """
    def reach(self, classes: list[str], on_click: list[str]) -> dict[str, int]:
        """Find the methods that can run, from the classes that the platform makes objects of and methods that layouts name.

        `classes`: dotted names of enabled components, of the application class, of views in layouts, of classes in meta-data.
        Gives methods (with code), reached (of these), instantiated (classes), steps, and complete (0 if the limit of steps was hit).
        """
    def consent(
        self,
        packages: list[Package],
        resources: list[Resources | None],
        application: list[str],
        version: tuple[str | None, int | None],
        components: list[tuple[str, str, bool, bool, list[str], list[str]]],
        meta_data: list[tuple[str, str]],
        initializers: list[str],
        words: dict[str, list[str]],
        sites: list[tuple[int, int]],
        starts: list[tuple[tuple[int, int], int, bool]],
    ) -> tuple[list[tuple[str, str | None, list[str], str | None]], list[ConsentControlRow], dict[str, int]]:
        """Find the order of places (id of the method, code unit) against the user's consent.

        `packages` and `resources` go together. `components`: class, kind (`activity`, `service`, `receiver`, `provider`), whether anybody
        can start it, whether it is exported, actions of its filters, names that a provider answers to; enabled ones only. `version`: name and number.
        `initializers`: classes that a start-up library makes objects of. `words`: in lower case, by role. `starts`: calls,
        by place, that start an SDK: its number, and whether without collecting.

        Gives for each place `before`, `after`, `no-gate` or `unknown`, why it is unknown (`not-reached`, `unresolved-guard`, `pre-init`, `unseen-way`, `limit`), the
        methods on the way to it, and what opens the way; then the controls that agree, or may; then counts: steps, nodes, complete (0 if the limit
        of steps was hit), and of what was left out reflection, intents, dynamic (calls by call site), long_methods.
        """
    def find_calls(self, selectors: list[tuple[str, str, str, bool]]) -> list[CodeHit]:
        """Find calls of methods, by selector, caller, code unit.

        A selector is (class, method, start of the descriptor or "", also calls on subclasses of the program that inherit the method).
        `*` stands for all methods of a class, `get*` for those that start so, `<init>` for its constructors; the class `*` for whatever
        class. Raises `EngineError` (`limit-hit`) beyond a million rows.
        """
    def find_fields(self, selectors: list[tuple[str, str]]) -> list[CodeHit]:
        """Find reads and writes of fields, each given as (class, field); `*` stands for all fields of a class."""
    def find_types(self, prefixes: list[str]) -> list[CodeHit]:
        """Find uses of types whose dotted names start with a prefix, calls on them left out."""
    def find_strings(self, equal: list[str], prefixes: list[str] = ...) -> list[tuple[int, str, CodeHit | None]]:
        """Find strings that equal or start with a text: selector (numbered through both lists), string, and its use.

        A string that no instruction uses has one row without a use: it may be a name, an annotation, or the value of a constant.
        """
    def search_strings(self, parts: list[str]) -> list[tuple[int, str, CodeHit | None]]:
        """Find strings that contain one of some texts, in one search: 0, string, and its use.

        A string that is only the value of a static field is used where that field is read (kind `read`); what is left without a use has
        one row without.
        """
    def named_constants(self, names: list[str]) -> list[tuple[str, str, str]]:
        """Strings of static final fields whose names hold one of some texts: class, field, string."""
    def built_texts(self, methods: list[int]) -> list[list[tuple[int, str]]]:
        """Texts that each method (by id) puts together with `StringBuilder`, `StringBuffer` or `String.concat`: code unit, text.

        `U+FFFC` stands for each part that is not constant.
        """
    def packages(self) -> list[tuple[str, int, int, int]]:
        """All packages by name: dotted name, classes defined, classes with a method that can run, methods defined."""
    def classes(self, prefixes: list[str]) -> list[tuple[int, str]]:
        """Classes defined here whose dotted names start with a prefix: position of the prefix, name."""
    def type_refs(self, prefixes: list[str]) -> list[tuple[int, str]]:
        """Types named and not defined here whose dotted names start with a prefix: position of the prefix, name."""
    def has_class(self, names: list[str]) -> list[bool]:
        """Whether each class is defined here."""
    def superclasses(self, names: list[str]) -> list[list[str]]:
        """Each class and its superclasses, nearest first, up to the first one outside; empty for a name that does not occur."""
    def subclasses(self, names: list[str]) -> list[list[str]]:
        """Classes defined here that extend or implement each type, at any depth."""
    def strings_of_classes(self, names: list[str]) -> list[list[str]]:
        """Strings that the methods of each class use."""
    def static_fields(self, fields: list[tuple[str, str]]) -> list[Constant | None]:
        """Constants of static final fields, each given as (class, field)."""
    def class_annotations(self, names: list[str]) -> list[list[tuple[str, str, list[tuple[str, list[str]]]]]]:
        """Annotations of each class and its members: what it stands on, its type, its elements.

        It stands on `""` (the class), the name of a field, or name and descriptor of a method.
        """
    def flows(
        self, rules: FlowRules, setting: FlowSetting, implicit: bool = False
    ) -> tuple[list[FlowRow], dict[str, int]]:
        """Follow data from sources to sinks, by sink. Counts: `steps`, `bodies`, `methods`, and each bound that was hit (`flow-…`).
        Raises `EngineError` for a rule that cannot be read.
        """

    def native_methods(self) -> list[tuple[str, str, str, bool]]:
        """Methods implemented in native code: class, method, descriptor, can it run."""
    def find_methods(self, class_name: str, method: str, descriptor: str | None = ...) -> list[int]:
        """Ids of the definitions of a method."""
    def methods(self, class_name: str) -> list[tuple[int, str, str, int]]:
        """Methods that a class defines: id, name, descriptor, access flags."""
    def paths_to(self, methods: list[int]) -> list[list[tuple[str, str]]]:
        """A way from an entry point to each method: `class.method`, and why it runs; empty for one that cannot run.

        Reasons: `entry`, `call`, `dispatch` (a call on a supertype), `callback` (the platform may call it), `initializer`, `reflection`
        (a constant names its class).
        """
    def instructions(self, method: int) -> list[tuple[int, str]]:
        """Code unit and mnemonic of each instruction of a method, tables between them included."""
    def lines(self, method: int) -> list[tuple[int, int]]:
        """Code units of a method at which a source line starts, and that line; 0 for code without one."""

# --- signatures ---

class SignerRow(TypedDict):
    """One signer of one scheme; a scheme of which no signer can be read has one row with `signer` and certificate `None`.

    `status` is that of the scheme: `verified`, `failed`, or `unsupported` (an algorithm or key outside the schemes, or a limit). `problem` is a
    stable name (`content-digest-mismatch`, `missing-newer-scheme`, …) of what is wrong with this signer, else with the scheme; `detail` says
    more in English. Times are ISO 8601 in UTC, names are written as RFC 4514 does, `lineage` has SHA-256 digests, oldest certificate first.
    """

    scheme: str
    status: str
    problem: str | None
    detail: str | None
    signer: int | None
    certificate_sha256: str | None
    subject: str
    issuer: str
    valid_from: str
    valid_to: str
    algorithm: str
    key_bits: int
    lineage: list[str]

def signatures(
    package: Package, min_sdk: int | None = None
) -> tuple[list[SignerRow], list[tuple[int, int]], list[tuple[str, str]]]:
    """Verify every signature scheme present, each by itself, for all platforms from `min_sdk` (`None`: 24) on.

    Gives the signers; id and size of each pair of the signing block; kind and particulars of what is wrong with the block.
    """

def signers(
    package: Package, sha256: bytes | None, sha512: bytes | None
) -> tuple[list[SignerRow], list[tuple[int, int]], list[tuple[str, str]]]:
    """As `signatures`, with content digests (v2 construction) that are computed already: no pass over the file for them.

    Of v1 only the signature blocks and their `*.SF` are verified, neither manifest nor entries: where v2 or later holds, it covers them.
    """

def signing_block_pairs(package: Package) -> tuple[tuple[int, int] | None, list[tuple[int, int, int]]]:
    """Give start and end of the signing block, and id, start and end of the value of each pair."""

# --- fingerprints and owners ---

class Fingerprints:
    """Known features of libraries, ready to be looked up."""

    def __new__(cls, table: bytes) -> Self:
        """Read a table: rows of ten bytes (feature, library, versions), ascending. Raises `EngineError` if it is none."""

def code_features(code: Code) -> list[tuple[str, list[int]]]:
    """Give the features of each class that has some: dotted name; features, ascending, 48 bits, the lowest set for grams."""

def match_fingerprints(
    code: Code, known: Fingerprints, apart: list[str]
) -> list[tuple[int, list[tuple[int, int]], list[tuple[str, int, int]]]]:
    """Give the libraries whose features are there, ascending. Classes of the Java packages `apart` are not looked at.

    Each with its number; how many of the features found each set of versions (bits) has; and the classes that hold them: dotted name,
    texts, grams.
    """

def any_reached(code: Code, classes: list[str]) -> bool:
    """Say whether a method of one of these classes can run."""

def spread_owners(code: Code, packages: dict[str, int], classes: dict[str, int]) -> list[tuple[str, int]]:
    """Give an owner to classes without one, by the classes that they name and that name them; owner 0 is the program itself.

    A class's own entry counts before that of its package. Gives only the classes whose owner this tells.
    """
