"""Judges whether a text is the address of a host: `address_of` for URLs, `host_of` for bare hosts.

The form is that of RFC 3986, read as programs write it: a hole `{}` stands for a part that is filled in while running.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from unicodedata import category

from assaymark.catalog.addresses import load_top_level, why_not

ADDRESS_READS = ("not_endpoints.toml", "top_level.toml")
"""Catalog files that this depends on."""

CLEARTEXT = {"http", "ws", "ftp", "mqtt", "rtmp", "rtsp", "rtp", "coap", "amqp"}
"""Schemes without encryption."""

ENCRYPTED = {"https", "wss", "ftps", "sftp", "mqtts", "ssl", "tls", "grpcs", "rtmps", "rtsps", "coaps", "amqps", "quic"}
"""Schemes that encrypt."""

UNDECIDED = {"tcp", "udp", "grpc", "srt"}
"""Schemes that leave encryption to what they carry."""

SCHEMES = CLEARTEXT | ENCRYPTED | UNDECIDED

LONGEST = 2000
"""Characters of a URL that a row keeps; longer ones are data, such as a page or an image written as a URL."""

HOLE = "{}"
"""Stands in a text for a part that is not known."""

_BEFORE = re.compile(r"[A-Za-z]{2,6}\Z")
_END = re.compile(r"[\s\"'<>\\^`|]|[,;](?=[A-Za-z]{2,6}://)")
_SEPARATORS = re.compile(r"[,;|\s]*")
_PARTS = re.compile(r"([a-z]+)://([^/?#\\]*)([^?#]*)", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r":(\d{0,5}|%d|%s|\{[^}]*\})\Z")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{1,62}")
_PLACEHOLDER = re.compile(r"%(?:\d\$)?[sd]|\$?\{[^{}]*\}|<[^<>]*>|\*")
_DOCUMENTATION = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
_DOCUMENTATION_V6 = IPv6Network("2001:db8::/32")


@dataclass(frozen=True, slots=True)
class Address:
    """An address. `scheme` is empty for a bare host; `cleartext` is `None` where the scheme does not decide it.

    `network` says where the host is: `internet`, `local` or `device`. `documentation` is true for a page for
    developers, which is an address only if the code fetches it.
    """

    url: str
    scheme: str
    host: str
    network: str
    cleartext: bool | None
    documentation: bool = False


def addresses_in(text: str) -> Iterator[Address]:
    """Give the addresses that a text consists of or holds in quotes, as HTML and scripts do.

    A link inside a sentence is talk about an address, and is left out.
    """
    starts = list(_starts(text.strip()))
    for part in _chain(text.strip(), starts) or _quoted(text.strip(), starts):
        if (address := address_of(part)) is not None:
            yield address


def _starts(text: str) -> Iterator[int]:
    """Give where a URL with a scheme of the network starts."""
    at = text.find("://")
    while at >= 0:
        scheme = _BEFORE.search(text, max(0, at - 6), at)
        if scheme is not None and scheme[0].lower() in SCHEMES:
            yield scheme.start()
        at = text.find("://", at + 3)


def _chain(text: str, starts: Sequence[int]) -> list[str]:
    """Give the URLs of a text that consists of nothing else but separators; empty for any other text."""
    found = []
    known, at = set(starts), 0
    while at in known:
        end = _end(text, at)
        found.append(text[at:end])
        separators = _SEPARATORS.match(text, end)
        at = separators.end() if separators else end
    return found if at == len(text) else []


def _quoted(text: str, starts: Iterable[int]) -> list[str]:
    return [text[at : _end(text, at)] for at in starts if at and text[at - 1] in "\"'"]


def _end(text: str, at: int) -> int:
    end = _END.search(text, at)
    return end.start() if end else len(text)


def address_of(url: str) -> Address | None:
    """Give the address in a URL; `None` if its host cannot be a real one, or the catalog knows it to be a mere name."""
    if len(url) > LONGEST or not (parts := _PARTS.match(url)):
        return None
    scheme = parts[1].lower()
    if scheme not in SCHEMES:
        return None
    found = _host(parts[2].rpartition("@")[2])
    if found is None:
        return None
    host, network = found
    why = why_not(host, parts[3])
    if why is not None and why != "documentation":
        return None
    cleartext = None if scheme in UNDECIDED else scheme in CLEARTEXT
    return Address(url, scheme, host, network, cleartext, why == "documentation")


def host_of(text: str, port: str | None = None) -> Address | None:
    """Give the address of a bare host as a socket is given it."""
    found = _host(text)
    if found is None or why_not(found[0], "") == "reserved":
        return None
    return Address(f"{text}:{port}" if port else text, "", *found, None)


def _host(authority: str) -> tuple[str, str] | None:
    """Give host and network of an authority without user: `[2001:db8::1]:80`, `api.host.org:8080`."""
    if authority.startswith("["):
        inside, bracket, _port = authority[1:].partition("]")
        return _ip(inside) if bracket else None
    host = _PORT.sub("", authority).lower().removesuffix(".")
    if host.count(":") > 1:
        return _ip(host)
    if host.replace(".", "").isdecimal():
        return _ip(host)
    if host == "localhost":
        return host, "device"
    return _name(host)


def _ip(text: str) -> tuple[str, str] | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address in _DOCUMENTATION_V6:
            return None
    elif any(address in network for network in _DOCUMENTATION):
        return None
    if address.is_loopback or address.is_unspecified:
        return text, "device"
    return text, "internet" if address.is_global else "local"


def _name(host: str) -> tuple[str, str] | None:
    labels = host.split(".")
    known = labels
    # The first labels may be filled in while running; what is registered must stand there.
    while len(known) > 2 and _PLACEHOLDER.search(known[0]):
        known = known[1:]
    if len(known) < 2 or len(host) > 253 or not all(_LABEL.fullmatch(_letters(label)) for label in known):
        return None
    network = load_top_level().get(".".join(known[-2:])) or _top(known[-1])  # some stand below another
    shown = labels if known is labels else ["*", *known]
    return (".".join(shown), network) if network else None


def _letters(label: str) -> str:
    """Give a label without the marks that are written onto letters: names in Indic scripts hold them (RFC 5892)."""
    return label if label.isascii() else "".join(one for one in label if category(one) not in ("Mn", "Mc"))


def _top(label: str) -> str | None:
    if label.startswith("xn--"):
        return "internet"  # the ASCII form of an internationalised domain
    return load_top_level().get(label)
