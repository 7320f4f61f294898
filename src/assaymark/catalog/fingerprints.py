"""Fingerprints of SDKs: features that survive renaming, learned from published artefacts by `make learn-sdk`.

`fingerprints.toml` names the artefacts, `fingerprints.bin` holds the features: hashes, and nothing of anyone's code. A
row of it is ten bytes, little-endian: the feature (six), the position of its SDK in `libraries` (two), and the versions
that have it (two, one bit each in the order of the SDK's artefacts). Rows ascend by feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from struct import Struct

from assaymark.catalog.kept import kept
from assaymark.catalog.reading import FOLDER, Source, load, rows
from assaymark.model.errors import InvalidCatalog

FILE = "fingerprints.toml"
TABLE = "fingerprints.bin"

SHARED = 0xFFFF
"""Library of a feature that several SDKs have: it tells none of them, and is kept so that one learned later sees it."""

ROW = Struct("<IHHH")
"""A row: low 32 bits of the feature, its high 16 bits, library, versions."""

VERSIONS = 16
"""Versions of one SDK that a row can tell apart."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A published artefact that was learned. `version` is empty for an SDK that another's artefact carries along."""

    sdk: str
    version: str
    source: Source
    sha256: str
    checked: str
    classes: int
    """Classes of the SDK in it."""
    features: int
    """Features of those classes that were kept."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned: artefacts in the order of the file, and the SDKs by number."""

    libraries: tuple[str, ...]
    artefacts: tuple[Artefact, ...]
    table: str
    """SHA-256 of the features."""

    def versions(self, sdk: str) -> tuple[str, ...]:
        """Give the versions of an SDK that can be told apart, in the order of their bits."""
        return versions(one for one in self.artefacts if one.sdk == sdk)


def versions(artefacts: Iterable[Artefact]) -> tuple[str, ...]:
    """Give the versions of one SDK's artefacts, each once; several artefacts may make up one version."""
    return tuple(dict.fromkeys(one.version for one in artefacts if one.version))


def read_learned(file: str, tree: Mapping[str, object]) -> Learned:
    """Give what a parsed file says. Raises `InvalidCatalog`."""
    libraries, table = tree.get("libraries"), tree.get("table")
    if not isinstance(libraries, list) or not isinstance(table, str):
        raise InvalidCatalog(f"{file}: no libraries, or no table", file=file, row="", fault="incomplete")
    made = []
    for row in rows(file, tree):
        made.append(
            Artefact(
                sdk=row.text("sdk"),
                version=row.text("version", ""),
                source=row.source(),
                sha256=row.text("sha256"),
                checked=row.checked(),
                classes=int(row.text("classes")),
                features=int(row.text("features")),
            )
        )
        row.known()
        row.finish()
    if unknown := {one.sdk for one in made} ^ set(libraries):
        raise InvalidCatalog(f"{file}: {sorted(unknown)}", file=file, row=min(unknown), fault="not in both lists")
    return Learned(tuple(str(one) for one in libraries), tuple(made), table)


@kept
def load_learned() -> Learned:
    """Give what was learned. Raises `InvalidCatalog`."""
    return read_learned(FILE, load(FILE))


@cache
def load_table() -> bytes:
    """Give the features. Raises `InvalidCatalog` if they are not those of the file that names the artefacts."""
    content = (FOLDER / TABLE).read_bytes()
    if sha256(content).hexdigest() != load_learned().table:
        raise InvalidCatalog(f"{TABLE}: not the table of {FILE}", file=TABLE, row="", fault="another table")
    return content
