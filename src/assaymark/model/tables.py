"""The evidence tables, declared once.

Everything else that knows their shape is generated from this page: JSON Schema, SQL DDL, Arrow schema
(`model.schemas`) and the reference page (`docs/reference/evidence.md`). A column is added here and nowhere else.

Evidence is facts with a place, never opinions. Every table starts with two columns that are the same everywhere:

* `id`: stable name of the row. It is made of the table's `key` columns, so the same fact in the next version of an
  app, or under the next version of assaymark, keeps its id; see `model.evidence.row_id`.
* `at`: the place a person can go to: `AndroidManifest.xml`, `classes2.dex:com.a.B.m(I)V+0x1c`,
  `resources.arsc:string/agree`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

Value = str | int | bool | tuple[str, ...] | None
"""What a cell may hold."""

Row = tuple[Value, ...]
"""One row: the cells in the order of the table's columns, `id` and `at` first."""


class Type(Enum):
    """Column types, each with its form in JSON, SQL and Arrow (see `model.schemas`)."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "list"  # of text; a JSON array in SQL, so that `LIKE '%"x"%'` works on both engines


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what it means, and the values it may take where they are few."""

    name: str
    type: Type
    meaning: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One evidence table. `key` names the columns that make a row's identity."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    position: Mapping[str, int] = field(init=False, repr=False, compare=False)
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _cells: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns by name."""
        position = MappingProxyType({column.name: index for index, column in enumerate(self.columns)})
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "names", tuple(position))
        object.__setattr__(self, "_cells", self.names[2:])
        object.__setattr__(self, "_known", frozenset(self.names))

    def row(self, at: str, id: str = "", /, **cells: Value) -> Row:  # noqa: A002 - the column's own name
        """Give a row of this table; columns not named are `None`. An empty `id` is filled in by the collector.

        Raises `KeyError` for a column that the table does not have.
        """
        if not self._known.issuperset(cells):
            raise KeyError(min(cells.keys() - self._known))
        return (cells.get("id", id), at, *map(cells.get, self._cells))

    def cell(self, row: Row, column: str) -> Value:
        """Give one cell of a row by the column's name."""
        return row[self.position[column]]


_ID = Column("id", Type.TEXT, "stable name of the row")
_AT = Column("at", Type.TEXT, "the place: member, then what is inside it")

CONSENT = ("before", "after", "no-gate", "unknown")
"""Order against the user's consent. `unknown` until, or wherever, no analysis could tell."""

PRESENCE = ("bundled", "referenced", "string")
"""How an SDK is in the package: its code is there; only calls to it are; only its name is."""


def _table(name: str, meaning: str, key: Iterable[str], *columns: tuple[str, Type, str] | Column) -> Table:
    made = tuple(column if isinstance(column, Column) else Column(*column) for column in columns)
    return Table(name, meaning, (_ID, _AT, *made), tuple(key))


_T, _I, _B, _L = Type.TEXT, Type.INTEGER, Type.BOOLEAN, Type.LIST

ARTIFACT = _table(
    "artifact",
    "One row for each file of the subject: the package, and in a split set each of its parts.",
    ("sha256", "name"),
    Column("role", _T, "what the file is in the set", ("package", "base", "split", "container")),
    ("name", _T, "name inside the set; `base.apk` for a single package"),
    ("format", _T, "format, such as `apk`, `apks`, `xapk`"),
    ("sha256", _T, "SHA-256 of the file, lower-case hex"),
    ("size", _I, "size of the file in bytes"),
    ("package", _T, "application id"),
    ("version_name", _T, "version as people read it"),
    ("version_code", _I, "version as Android orders it"),
    ("min_sdk", _I, "lowest API level the package states"),
    ("target_sdk", _I, "API level whose rules the package asks for"),
    ("compile_sdk", _I, "API level it was compiled against, where stated"),
    ("label", _T, "name under the icon, in the default language"),
    ("label_zh", _T, "name under the icon in Chinese, where the package has one"),
    ("icon", _T, "launcher icon as a `data:` URL, where it is a small PNG or WebP"),
    ("split", _T, "name of the split, for a part that is not the base"),
    ("schemes", _L, "APK signature schemes that verify, such as `v1`, `v2`, `v3`, `v3.1`"),
    ("signers", _L, "SHA-256 of the first certificate of each signer of the newest verified scheme, in order"),
    ("dex_files", _I, "number of DEX files that Android loads from this file"),
    ("classes", _I, "classes defined in them"),
    ("methods", _I, "methods defined in them"),
    ("code_methods", _I, "methods with code in them"),
    ("method_ids", _I, "method references in them"),
    ("strings", _I, "strings in them"),
    ("instructions", _I, "instructions read in them"),
    ("native_libraries", _L, "names of native libraries, without folder, sorted"),
    ("abis", _L, "processor kinds with native libraries, sorted"),
)

SIGNATURE = _table(
    "signature",
    "One row for each signer of each signature scheme, verified or not.",
    ("artifact", "scheme", "signer", "certificate_sha256"),
    ("artifact", _T, "name of the file in the set"),
    Column("scheme", _T, "signature scheme", ("v1", "v2", "v3", "v3.1")),
    ("signer", _I, "position of the signer in the scheme, from 0"),
    Column("status", _T, "result of the verification", ("verified", "failed", "unsupported")),
    ("certificate_sha256", _T, "SHA-256 of the signer's certificate (DER)"),
    ("certificate_subject", _T, "subject of the certificate"),
    ("certificate_issuer", _T, "issuer of the certificate"),
    ("valid_from", _T, "start of validity, ISO 8601, UTC"),
    ("valid_to", _T, "end of validity, ISO 8601, UTC"),
    ("algorithm", _T, "signature algorithm"),
    ("key_bits", _I, "size of the public key"),
    ("lineage", _L, "earlier signers, SHA-256 of their certificates, oldest first (v3 proof of rotation)"),
    ("problem", _T, "why it did not verify, or a weakness seen"),
)

ANOMALY = _table(
    "anomaly",
    "An irregularity of the file that a tolerant reader stepped over. It may be damage or evasion.",
    ("kind", "member", "detail"),
    ("kind", _T, "stable name, such as `duplicate-entry`"),
    ("member", _T, "archive member, or empty for the file as a whole"),
    ("offset", _I, "byte offset, where known"),
    ("detail", _T, "the particulars"),
    ("evasive", _B, "true if the irregularity is known to hide content from analysers while Android accepts it"),
)

PERMISSION = _table(
    "permission",
    "A permission that the package asks for, defines, or whose guarded calls its code makes.",
    ("name", "requested", "defined"),
    ("name", _T, "full name of the permission"),
    ("requested", _B, "asked for in the manifest"),
    ("defined", _B, "defined by this package"),
    ("max_sdk", _I, "highest API level at which it is asked for, where stated"),
    Column(
        "protection",
        _T,
        "protection level: of the platform, or as the package defines it",
        ("normal", "dangerous", "signature", "special", "unknown"),
    ),
    ("data", _L, "data categories that the permission opens"),
    Column(
        "usage",
        _T,
        "does the package call what the permission guards: `used` reachable calls; `present-only` calls that no entry "
        "point reaches, or other signs of use; `unused` none, though the catalog of APIs covers every way of use; "
        "`not-asked` reachable calls without the permission; `not-tracked` the catalog cannot tell",
        ("used", "present-only", "unused", "not-asked", "not-tracked"),
    ),
    ("runtime_request", _B, "its name stands in code, outside common libraries, that can ask for it at run time"),
    ("callers", _L, "owners (`app`, SDK ids, `unknown`) of the calls that it guards"),
    ("background", _B, "opens data while the app is not in use"),
)

COMPONENT = _table(
    "component",
    "An activity, service, receiver or provider of the manifest.",
    ("kind", "name"),
    Column("kind", _T, "what it is", ("activity", "activity-alias", "service", "receiver", "provider")),
    ("name", _T, "class name, dotted and complete"),
    ("target", _T, "class that an activity-alias stands for"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    ("enabled", _B, "enabled in the manifest, application included"),
    ("exported", _B, "may other apps start it"),
    Column(
        "exported_by", _T, "why it is, or is not, exported", ("stated", "intent-filter", "default", "platform-default")
    ),
    ("permission", _T, "permission that a caller needs"),
    ("process", _T, "process it runs in, where not the default one"),
    ("actions", _L, "actions of its intent filters, sorted"),
    ("categories", _L, "categories of its intent filters, sorted"),
    ("links", _L, "schemes and hosts of its intent filters, as `scheme://host`"),
    ("authorities", _L, "authorities of a provider"),
    ("foreground_service", _L, "foreground service types"),
    ("launcher", _B, "shows an icon in the launcher"),
    ("present", _B, "its class is defined in the code that was read"),
)

SDK = _table(
    "sdk",
    "A third-party SDK recognised in the package. Its `id` is the SDK's id in the catalog, the same in every app.",
    ("id",),
    ("name", _T, "name"),
    ("name_zh", _T, "name in Chinese"),
    ("vendor", _T, "who makes it"),
    ("vendor_zh", _T, "who makes it, in Chinese"),
    ("version", _T, "version, where the package states one or its fingerprints fit one learned version alone"),
    ("version_from", _T, "where the version stands, or `fingerprint`"),
    Column("presence", _T, "how it is in the package", PRESENCE),
    ("purpose", _T, "what it is for, such as `push`"),
    (
        "known_by",
        _L,
        "what it was recognised by: `package`, `class`, `fingerprint`, `library`, `manifest`, `asset`, `string`",
    ),
    Column("confidence", _T, "how sure the recognition is", ("high", "medium", "low")),
    ("packages", _L, "its Java packages found here"),
    ("classes", _I, "its classes found here"),
    ("reachable", _B, "some of its code can be reached from the app's entry points"),
    ("data", _L, "data categories that its maker documents it to collect"),
)

API_CALL = _table(
    "api_call",
    "A place in the code that reads personal information, or asks for the right to.",
    ("api", "class", "method", "descriptor", "data", "argument"),
    ("data", _T, "data category, a leaf of the taxonomy"),
    ("api", _T, "what is called, `dotted.Class.method`; a field or a URI for reads of those"),
    Column("kind", _T, "what kind of place it is", ("method", "field", "string")),
    ("argument", _T, "the constant that makes the call sensitive, such as `android_id`"),
    ("class", _T, "class of the caller, dotted"),
    ("method", _T, "method of the caller"),
    ("descriptor", _T, "descriptor of the caller's method, such as `(I)V`"),
    ("dex", _T, "DEX file"),
    ("offset", _I, "code unit of the instruction in its method"),
    ("line", _I, "source line, where the DEX carries one"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    ("reachable", _B, "reachable from the manifest's entry points in the call graph"),
    ("permission", _T, "permission that guards it, where one does"),
    Column("consent", _T, "order against the user's consent", CONSENT),
    ("consent_reason", _T, "why the order is unknown"),
    ("consent_path", _L, "entry point to call, for `before` and for what an SDK's quiet start leads to"),
    ("gate", _T, "the consent gate found, for `after`"),
)

SDK_CALL = _table(
    "sdk_call",
    "A place where the app starts an SDK, lets it start without collecting, or tells it what the user decided.",
    ("sdk", "role", "api", "class", "method", "descriptor", "told"),
    ("sdk", _T, "id of the SDK"),
    Column("role", _T, "what the call is for", ("init", "auto-init", "pre-init", "consent", "switch")),
    ("api", _T, "what is called, `dotted.Class.method`; for `auto-init` the component that the system starts"),
    Column(
        "told",
        _T,
        "what the SDK is told of the user's decision, or of collecting",
        ("agreed", "refused", "on", "off", "unknown"),
    ),
    ("held", _B, "for a start: before the user agreed the SDK is told not to collect, and nothing else"),
    ("class", _T, "class of the caller, dotted"),
    ("method", _T, "method of the caller"),
    ("descriptor", _T, "descriptor of the caller's method"),
    ("dex", _T, "DEX file"),
    ("offset", _I, "code unit of the instruction in its method"),
    ("line", _I, "source line, where the DEX carries one"),
    ("owner", _T, "whose code calls: `app`, an SDK id, or `unknown`"),
    ("reachable", _B, "reachable from the manifest's entry points in the call graph"),
    Column("consent", _T, "order against the user's consent", CONSENT),
    ("consent_reason", _T, "why the order is unknown"),
    ("consent_path", _L, "entry point to call, for `before`"),
    ("gate", _T, "the consent gate found, for `after`"),
)

CONSENT_GATE = _table(
    "consent_gate",
    "A control by which the user agrees, or may agree: what the order against consent hangs on.",
    ("says", "control", "class", "method", "layouts"),
    ("says", _L, "its texts, in the languages of the app, as far as they are known"),
    Column("control", _T, "what the user does with it", ("press", "tick")),
    ("agrees", _B, "known to agree by its text and what stands around it; false: it may be the one"),
    ("class", _T, "class of the listener that runs, dotted; none for a box that code only looks at"),
    ("method", _T, "method of the listener"),
    ("layouts", _L, "files of the layout that it stands in; none for one made by code or of a dialog"),
    ("owner", _T, "whose listener it is: `app`, an SDK id, or `unknown`"),
)

FLOW = _table(
    "flow",
    "Personal information that moves from a source to a sink.",
    ("data", "source_api", "source_class", "source_method", "sink_api", "sink_class", "sink_method", "sink_at"),
    ("data", _T, "data category"),
    ("source_api", _T, "where it is read"),
    ("source_class", _T, "class that reads it"),
    ("source_method", _T, "method that reads it"),
    ("sink_kind", _T, "network, log, file, SMS, SDK, …"),
    ("sink_api", _T, "where it goes"),
    ("sink_class", _T, "class that sends it"),
    ("sink_method", _T, "method that sends it"),
    ("sink_at", _T, "place of the sink; tells two sinks of one method apart"),
    ("recipient", _T, "host or SDK that gets it"),
    Column("certainty", _T, "how sure the flow is", ("confirmed", "possible")),
    ("derived", _L, "what was done to it on the way: hashed, encrypted, length only, coarse"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    Column("consent", _T, "order against the user's consent", CONSENT),
    ("path", _L, "the way it takes"),
)

ENDPOINT = _table(
    "endpoint",
    "An address of a host that stands in the package. That it stands there does not say that anything is sent there.",
    ("url", "owner"),
    ("url", _T, "the address as it stands; `{}` stands for a part that is put in while running"),
    ("host", _T, "host name in lower case, or IP address; `*` for first labels that are put in while running"),
    ("scheme", _T, "scheme in lower case, such as `https`; empty for a host that a socket is given"),
    Column("network", _T, "where the host is", ("internet", "local", "device")),
    Column(
        "use",
        _T,
        "how it is used, the strongest: given to a network call, made into a link, named by code, a text of resources",
        ("network-call", "link", "constant", "resource"),
    ),
    ("cleartext", _B, "true if the scheme is without encryption; null if the scheme does not decide it"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    ("classes", _L, "classes that name it, sorted, at most 20"),
    ("reachable", _B, "some code that names it can be reached from the entry points; null for a resource"),
)

SECRET = _table(
    "secret",
    "A key, token or password that everybody who unpacks the package can read. The value itself is never kept.",
    ("kind", "masked", "at"),
    ("kind", _T, "what it is, such as `aws-access-key`"),
    ("masked", _T, "its first four and last two characters, and between them how many are left out"),
    ("length", _I, "characters of the value"),
    Column("use", _T, "where it stands", ("code", "resource", "manifest", "file")),
    ("class", _T, "class that holds it"),
    ("method", _T, "method that uses it, or field that holds it"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    ("reachable", _B, "the method can be reached from the entry points; null outside of code"),
)

IDENTIFIER_READ = _table(
    "identifier_read",
    "A long-lived identifier and the ways in which the package reads it.",
    ("data", "owner"),
    ("data", _T, "data category of the identifier"),
    ("owner", _T, "`app`, an SDK id, or `unknown`"),
    ("apis", _L, "the ways"),
    ("resettable", _B, "the user can reset it"),
)

STATEMENT = _table(
    "statement",
    "A sentence of the privacy policy, taken apart.",
    ("document", "start", "kind"),
    ("document", _T, "which document"),
    ("kind", _T, "what it states"),
    ("actor", _T, "who"),
    ("action", _T, "does what"),
    ("data", _L, "with which data"),
    ("purpose", _T, "for what"),
    ("recipient", _T, "to whom"),
    ("condition", _T, "under which condition"),
    ("start", _I, "first character of the sentence"),
    ("end", _I, "character after the sentence"),
    ("language", _T, "language of the sentence"),
)

DISCLOSED_SDK = _table(
    "disclosed_sdk",
    "A third-party SDK that the policy or its SDK list names.",
    ("sdk", "name"),
    ("sdk", _T, "id in the catalog, where it is known"),
    ("name", _T, "as the policy names it"),
    ("vendor", _T, "as the policy names it"),
    ("data", _L, "data categories that the policy says it gets"),
    ("purpose", _T, "purpose that the policy gives"),
)

POLICY_RIGHT = _table(
    "policy_right",
    "A right of the user that the policy describes.",
    ("right",),
    ("right", _T, "access, correct, delete, withdraw, cancel, complain, …"),
    ("means", _T, "the way the policy gives"),
    ("days", _I, "the time it promises, in working days"),
)

POLICY_REFERENCE = _table(
    "policy_reference",
    "A sign inside the package that it has a privacy policy: a link, a title, a bundled document.",
    ("kind", "value"),
    Column("kind", _T, "what it is", ("link", "title", "document")),
    ("value", _T, "the address, the words or the member's name"),
    ("language", _T, "language of the words, where known"),
)

LISTING = _table(
    "listing",
    "What a store page says about the app.",
    ("store", "field"),
    ("store", _T, "which store"),
    ("field", _T, "which field"),
    ("value", _T, "what it says"),
)

SETTING = _table(
    "setting",
    "A property of the package that bears on protection, presence or autonomy.",
    ("name", "value", "scope"),
    ("name", _T, "name of the setting, such as `cleartext-traffic`"),
    ("value", _T, "its value in this package"),
    ("scope", _T, "what it holds for: the app, a host, a component"),
    Column("origin", _T, "where the value comes from", ("manifest", "resource", "platform-default", "code")),
    Column(
        "effect",
        _T,
        "what the value does, by the platform's documentation",
        ("weakens", "protects", "starts-itself", "hides", "observes-others", "runs-in-background", "neutral"),
    ),
)

GAP = _table(
    "gap",
    "Something that was not analysed, and why. Silence is not a pass.",
    ("kind", "member", "reason", "noted_by"),
    ("kind", _T, "family, such as `native-code`; names the sentence `gap.<kind>` in the locales"),
    ("reason", _T, "the particulars, one English sentence"),
    ("member", _T, "archive member or class it concerns, or empty"),
    ("count", _I, "how many places, where it stands for several"),
    ("hides", _L, "evidence tables whose rows may be missing because of it"),
    ("marks", _L, "what a product or technique was recognised by: members, classes, places in the code; the first few"),
    Column("weight", _T, "does it hide everything of these tables, or some", ("total", "partial")),
    ("noted_by", _T, "the detector that noted it, or failed; `open` where the file could not be read whole"),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            ARTIFACT,
            SIGNATURE,
            ANOMALY,
            PERMISSION,
            COMPONENT,
            SDK,
            API_CALL,
            SDK_CALL,
            CONSENT_GATE,
            FLOW,
            ENDPOINT,
            SECRET,
            IDENTIFIER_READ,
            STATEMENT,
            DISCLOSED_SDK,
            POLICY_RIGHT,
            POLICY_REFERENCE,
            LISTING,
            SETTING,
            GAP,
        )
    }
)
"""All evidence tables by name, in the order in which a report shows them."""
