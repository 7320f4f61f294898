"""Addresses in the code of a program, each with the places that use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assaymark.analysis.address import ADDRESS_READS, HOLE, Address, address_of, addresses_in, host_of
from assaymark.analysis.code import Hit, code_of
from assaymark.analysis.strings import ADDRESS, STRING_READS, strings_holding
from assaymark.catalog.addresses import load_network_calls
from assaymark.formats.program import Program

ENDPOINT_READS = (*STRING_READS, *ADDRESS_READS, "network_calls.toml")
"""Catalog files that this depends on."""


@dataclass(frozen=True, slots=True)
class AddressUse:
    """A place in the code that uses an address; `called` if it gives it to a network call, or makes a `link` of it."""

    address: Address
    hit: Hit
    called: bool
    link: bool = False


def address_uses(program: Program) -> tuple[AddressUse, ...]:
    """Give all uses, found once for each program: calls first, then constants."""
    return program.once("address-uses", lambda one: tuple(_find(one)))


def _find(program: Program) -> Iterator[AddressUse]:
    fetched: set[str] = set()
    for use in _calls(program):
        fetched.add(use.address.url)
        yield use
    # Methods that hold a piece of an address may put the whole together.
    pieces: dict[int, Hit] = {}
    known: dict[str, tuple[Address, ...]] = {}
    for hit, caller in strings_holding(program, (ADDRESS,)):
        text = hit.text or ""
        if text not in known:
            known[text] = tuple(addresses_in(text))
        found = known[text]
        for address in found:
            if not address.documentation or address.url in fetched:
                yield AddressUse(address, hit, called=False)
        if not found:
            pieces.setdefault(caller, hit)
    for hit, texts in zip(pieces.values(), code_of(program).built_texts(list(pieces)), strict=True):
        for _unit, whole in texts:
            built = address_of(whole)
            if built is not None and not built.documentation:
                yield AddressUse(built, hit, called=False)


def _calls(program: Program) -> Iterator[AddressUse]:
    rows = load_network_calls()
    selectors = [(row.class_name, row.name, row.descriptor, row.subclasses) for row in rows]
    for hit, texts in code_of(program).calls_with_texts(selectors):
        row = rows[hit.selector]
        text = texts[row.argument] if row.argument < len(texts) else None
        if text is None:
            continue
        given = address_of(text) if row.takes == "url" else _host(texts, row.argument)
        if given is not None:
            yield AddressUse(given, hit, called=True, link=row.link)


def _host(texts: tuple[str | None, ...], argument: int) -> Address | None:
    """Give the host at a position, with the port behind it if that is known."""
    text, *rest = texts[argument:]
    return host_of(text, rest[0] if rest else None) if text is not None and HOLE not in text else None
