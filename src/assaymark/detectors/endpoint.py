"""Addresses of hosts in the package: constants of the code, and texts of the resource table.

What it observes: strings that are a URL with a scheme of the network and a host that can be real, hosts and URLs that
calls of network APIs are given, links that are made of one (for a browser, a player, another app), and those that one
method puts together out of constants.
Why it matters: an address says with whom an app can talk, and whether it talks without encryption.
Limits: an address that is loaded, decrypted or put together by several methods is not seen, nor one in native code or
in scripts and pages among the assets. Names of XML vocabularies, licence texts, reserved names and links inside
sentences are left out; links to pages for developers too, unless the code fetches them. An address in the code does not
mean that anything was sent there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assaymark.analysis.address import Address, addresses_in
from assaymark.analysis.code import code_of
from assaymark.analysis.endpoints import ENDPOINT_READS, address_uses
from assaymark.analysis.strings import ADDRESS, resource_texts
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import ENDPOINT

USES = ("network-call", "link", "constant", "resource")
"""Strongest first."""

CLASSES = 20
"""Classes that a row names."""


@dataclass(slots=True)
class _Found:
    address: Address
    at: str
    use: str
    classes: set[str] = field(default_factory=set)
    reachable: bool | None = None


@detector(id="endpoint", version=3, emits=(ENDPOINT,), reads=ENDPOINT_READS)
def endpoint(program: Program) -> Iterator[Emission]:
    """Give one row for each address and owner, with the strongest of its uses."""
    found: dict[tuple[str, str], _Found] = {}
    for address, owner, at, use, cls, reachable in _uses(program):
        one = found.setdefault((address.url, owner), _Found(address, at, use))
        one.use = min(one.use, use, key=USES.index)
        if cls is not None:
            one.classes.add(cls)
            one.reachable = bool(one.reachable) or bool(reachable)
    for (url, owner), one in sorted(found.items()):
        yield (
            ENDPOINT,
            ENDPOINT.row(
                one.at,
                url=url,
                host=one.address.host,
                scheme=one.address.scheme,
                network=one.address.network,
                use=one.use,
                cleartext=one.address.cleartext,
                owner=owner,
                classes=tuple(sorted(one.classes)[:CLASSES]),
                reachable=one.reachable,
            ),
        )


def _uses(program: Program) -> Iterator[tuple[Address, str, str, str, str | None, bool | None]]:
    """Give address, owner, place, use, class and whether it can run."""
    code = code_of(program)
    for one in address_uses(program):
        use = ("link" if one.link else "network-call") if one.called else "constant"
        yield one.address, code.owner(one.hit.cls), one.hit.place, use, one.hit.cls, one.hit.reachable
    for text in resource_texts(program):
        if ADDRESS in text.text:
            for address in addresses_in(text.text):
                if not address.documentation:
                    yield address, "app", text.place, "resource", None, None
