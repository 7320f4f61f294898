"""What tells an address from a name: top-level domains, names written like addresses, calls that are given one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from assaymark.catalog.reading import Row, load, refuse_duplicates, rows

TOP_LEVEL = "top_level.toml"
NOT_ENDPOINTS = "not_endpoints.toml"
NETWORK_CALLS = "network_calls.toml"

NETWORKS = ("internet", "local", "device")
"""Where a host is: on the internet, in a network of its own, or on the device itself."""

KINDS = ("namespace", "licence", "reserved", "documentation")
"""Why an address is not meant to be contacted; `documentation` gives way where the code does contact it."""


@dataclass(frozen=True, slots=True)
class NotEndpoint:
    """Addresses that name something. A `host` with a leading dot stands for all hosts below it, `*` for any."""

    host: str
    path: str
    part: str
    exact: bool
    kind: str

    def covers(self, host: str, path: str) -> bool:
        """Say whether an address is one of these; `host` in lower case, `path` from its slash on, or empty."""
        if self.host != "*" and not (host.endswith(self.host) if self.host.startswith(".") else host == self.host):
            return False
        return (path in ("", self.path) if self.exact else path.startswith(self.path)) and self.part in path


@dataclass(frozen=True, slots=True)
class NetworkCall:
    """A method that is given an address: its position among the parameters, and whether it is a URL or a host."""

    class_name: str
    name: str
    descriptor: str
    subclasses: bool
    takes: str
    argument: int
    link: bool
    """It makes a link of the URL, which something else may open."""


@cache
def load_top_level() -> Mapping[str, str]:
    """Give the network of each top-level domain, in lower case. Raises `InvalidCatalog`."""
    made: list[tuple[str, str]] = []
    for row in rows(TOP_LEVEL, load(TOP_LEVEL)):
        network = row.one_of("network", NETWORKS)
        made += ((name, network) for name in row.text("names").split())
        row.text("id")
        _finish(row)
    refuse_duplicates(TOP_LEVEL, (name for name, _network in made))
    return dict(made)


@cache
def load_not_endpoints() -> tuple[NotEndpoint, ...]:
    """Give all rows, in the order of the file. Raises `InvalidCatalog`."""
    made = []
    for row in rows(NOT_ENDPOINTS, load(NOT_ENDPOINTS)):
        host = row.text("host")
        if host != host.lower():
            row.refuse("host is not in lower case")
        made.append(
            NotEndpoint(
                host=host,
                path=row.text("path", ""),
                part=row.text("part", ""),
                exact=row.flag("exact"),
                kind=row.one_of("kind", KINDS),
            )
        )
        _finish(row)
    return tuple(made)


@cache
def _by_host() -> Mapping[str, tuple[NotEndpoint, ...]]:
    held: dict[str, tuple[NotEndpoint, ...]] = {}
    for one in load_not_endpoints():
        held[one.host] = (*held.get(one.host, ()), one)
    return held


def why_not(host: str, path: str) -> str | None:
    """Give the kind of the row that covers an address, or `None`."""
    held = _by_host()
    parts = host.split(".")
    names = [host, *("." + ".".join(parts[start:]) for start in range(1, len(parts))), "*"]
    return next((one.kind for name in names for one in held.get(name, ()) if one.covers(host, path)), None)


@cache
def load_network_calls() -> tuple[NetworkCall, ...]:
    """Give all rows, in the order of the file. Raises `InvalidCatalog`."""
    made = []
    for row in rows(NETWORK_CALLS, load(NETWORK_CALLS)):
        made.append(
            NetworkCall(
                class_name=row.text("class"),
                name=row.text("name"),
                descriptor=row.text("descriptor"),
                subclasses=row.flag("subclasses"),
                takes=row.one_of("takes", ("url", "host")),
                argument=row.level("argument") or 0,
                link=row.flag("link"),
            )
        )
        _finish(row)
    return tuple(made)


def _finish(row: Row) -> None:
    row.source()
    row.checked()
    row.known()
    row.finish()
