"""Secrets that stand in the package: keys of cloud services, private keys, tokens, passwords in addresses.

What it observes: strings of the code, constants and resource texts whose name says secret, meta-data of the manifest,
and private keys among the files of the package. A secret is known by its form (its maker's prefix, length and
alphabet); values that are plainly examples are left out.
Why it matters: whoever unpacks the package can read them, and with them often the data behind a service.
Limits: a secret without a form of its own is found only by the name of what holds it. Whether a key is still valid, and
what it opens, cannot be seen; some keys, such as those of maps, are meant to be in apps and are bound to them
elsewhere. The report keeps four characters of the start, two of the end, and the length.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark import _engine
from assaymark.analysis.code import code_of
from assaymark.analysis.secrets import Found, secrets_in
from assaymark.analysis.strings import STRING_READS, code_strings, resource_texts, secret_names
from assaymark.extend import Emission, detector
from assaymark.formats.program import Part, Program
from assaymark.model.tables import SECRET, Value

FOLDERS = ("assets/", "res/raw/")
"""Folders whose files are looked at."""

SUFFIXES = (".pem", ".key", ".p8", ".crt", ".txt", ".json", ".properties")
"""Files that may hold a private key as text."""

FILE_BYTES = 64 * 1024
"""Bytes of a file that are read."""

FILES = 100
"""Files that are read."""


@detector(id="secret", version=1, emits=(SECRET,), reads=STRING_READS)
def secret(program: Program) -> Iterator[Emission]:
    """Give one row for each secret and place; of several places in one method the first."""
    seen: set[tuple[Value, ...]] = set()
    for at, found, cells in _places(program):
        key = (found.kind, found.masked, *(cells.values() if cells["use"] == "code" else (at,)))
        if key not in seen:
            seen.add(key)
            yield SECRET, SECRET.row(at, kind=found.kind, masked=found.masked, length=found.length, **cells)


def _places(program: Program) -> Iterator[tuple[str, Found, dict[str, Value]]]:
    code = code_of(program)
    known: dict[str, tuple[Found, ...]] = {}
    for hit, _caller in code_strings(program):
        text = hit.text or ""
        if text not in known:
            known[text] = tuple(secrets_in(text))
        for found in known[text]:
            yield (
                hit.place,
                found,
                {
                    "use": "code",
                    "class": hit.cls,
                    "method": hit.method,
                    "owner": code.owner(hit.cls),
                    "reachable": hit.reachable,
                },
            )
    for cls, name, text in code.named_constants(secret_names()):
        for found in secrets_in(text, name):
            yield f"{cls}.{name}", found, {"use": "code", "class": cls, "method": name, "owner": code.owner(cls)}
    for one in resource_texts(program):
        for found in secrets_in(one.text, one.name):
            yield one.place, found, {"use": "resource", "owner": "app"}
    for name, text in _meta_data(program):
        for found in secrets_in(text, name):
            yield f"AndroidManifest.xml:meta-data {name}", found, {"use": "manifest", "owner": "app"}
    for part in program.packages:
        for member, text in _files(part):
            for found in secrets_in(text):
                if found.kind == "private-key":
                    yield part.place(member), found, {"use": "file", "owner": "app"}


def _meta_data(program: Program) -> Iterator[tuple[str, str]]:
    yield from sorted(program.manifest.meta_data.items())
    for one in program.manifest.components:
        yield from one.meta_data


def _files(part: Part) -> Iterator[tuple[str, str]]:
    names = [name for name in part.members if name.startswith(FOLDERS) and name.lower().endswith(SUFFIXES)]
    for name in names[:FILES]:
        try:
            yield name, part.package.prefix(name, FILE_BYTES).decode("utf-8", "replace")
        except _engine.EngineError:
            continue  # the reader records what is wrong with the member
