"""SDKs that a program holds under whatever names: features of its classes against those learned from artefacts.

A feature that only one SDK has may still occur elsewhere: by chance, once in a class; because an app repeats the texts
of an SDK that it talks to; or because the SDK carries a copy of some library that others carry too. So an SDK counts as
found when several classes have several of its features each, runs of platform calls among them, and when all of these
are a fair part of what an artefact of the SDK has; or when one class has very many, as one that R8 melted others into.
What a class is called counts in one way only: a class that the catalog knows as another SDK's or library's speaks for
no SDK but that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from statistics import median
from types import MappingProxyType

from assaymark import _engine
from assaymark.catalog import owner_of, sdks_by_id
from assaymark.catalog.fingerprints import ROW, SHARED, load_learned, load_table

NOBODY: Mapping[str, str] = MappingProxyType({})

TELLING = 3
"""Features that a class must have, one of them a run, to speak for an SDK."""

OWNED = 2
"""Features that a class must have, one of them a run, to be taken for the code of an SDK that was found."""

MIN_CLASSES = 2
"""Classes that must speak for an SDK."""

MIN_FEATURES = 10
"""Features that those classes must have together."""

MIN_SHARE = 0.02
"""Part of an artefact's features that they must be: much of an SDK stays when an app is shrunk, while a class or two of
it may be a copy of some library that was not learned."""

WORDED_SHARE = 0.01
"""Part that suffices where texts are among them: SDKs of one maker share runs of calls, and seldom words."""

WORDED = 5
"""Texts that must be among them then."""

LONE_RUNS = 15
"""Runs that suffice in one class, where R8 has melted an SDK that is hardly used into it."""

LONE_SHARE = 0.05
"""Part of an artefact's features that such a class must have; a helper that SDKs of one maker share has less."""

VERSION_SHARE = 0.97
"""Part of the features found that a version must have to be named."""

VERSION_LEAD = 3
"""Features found that it must have more than any other learned version, and alone."""

VERSION_OWN = 0.9
"""How much of its own features must be found, against the part found of those that it shares with other versions."""


@dataclass(frozen=True, slots=True)
class Match:
    """An SDK that was found. `classes` are those told by themselves, sorted."""

    sdk: str
    classes: tuple[str, ...]
    features: int
    version: str | None
    """The learned version that explains the features, if one does."""


@cache
def _known() -> _engine.Fingerprints:
    return _engine.Fingerprints(load_table())


@cache
def _sizes() -> Mapping[str, float]:
    """Give the features that an artefact of each SDK has, the middle one of all."""
    sizes: dict[str, list[int]] = {}
    for one in load_learned().artefacts:
        sizes.setdefault(one.sdk, []).append(one.features)
    return {sdk: median(counts) for sdk, counts in sizes.items()}


@cache
def _told_by_code() -> frozenset[str]:
    """Give the learned SDKs whose version may be asked for: all but common libraries."""
    known = sdks_by_id()
    return frozenset(one for one in load_learned().libraries if one not in known or not known[one].library)


def match(code: _engine.Code, owners: Mapping[str, str] = NOBODY) -> tuple[Match, ...]:
    """Give the SDKs whose features the code has, in the order in which they were learned.

    `owners` gives the SDK of packages that the catalog knows: those of an SDK that was not learned are not looked at,
    nor those of a common library, whose version nobody asks for.
    """
    libraries = load_learned().libraries
    apart = [package for package, owner in owners.items() if owner not in _told_by_code()]
    rows = []
    best: dict[str, int] = {}
    for library, versions, classes in _engine.match_fingerprints(code, _known(), apart):
        if library == SHARED:
            continue
        sdk = libraries[library]
        own = [one for one in classes if owner_of(one[0]) in (None, sdk)]
        rows.append((library, sdk, versions, own))
        for name, texts, grams in own:
            best[name] = max(best.get(name, 0), texts + grams)
    return tuple(found for row in rows if (found := _judge(best, *row)) is not None)


def _judge(
    best: dict[str, int], library: int, sdk: str, versions: list[tuple[int, int]], classes: list[tuple[str, int, int]]
) -> Match | None:
    # A class that speaks more for another SDK does not speak for this one.
    own = [(name, texts + runs, runs) for name, texts, runs in classes if runs and texts + runs == best[name]]
    telling = [(count, count - runs) for _, count, runs in own if count >= TELLING]
    features = sum(count for count, _ in telling)
    share = WORDED_SHARE if sum(texts for _, texts in telling) >= WORDED else MIN_SHARE
    lone = any(runs >= LONE_RUNS and count >= LONE_SHARE * _sizes()[sdk] for _, count, runs in own)
    if not lone and (len(telling) < MIN_CLASSES or features < max(MIN_FEATURES, share * _sizes()[sdk])):
        return None
    owned = tuple(sorted(name for name, count, _ in own if count >= OWNED))
    return Match(sdk, owned, features, _version(library, load_learned().versions(sdk), versions))


@cache
def _totals() -> Mapping[tuple[int, int], int]:
    """Give how many features are known of each library in each set of versions."""
    return Counter((library, bits) for *_, library, bits in ROW.iter_unpack(load_table()))


def _version(library: int, names: tuple[str, ...], found: list[tuple[int, int]]) -> str | None:
    """Give the version that has nearly all features found, clearly more than every other one, and no few of its own.

    A version that was not learned has what it shares with the learned ones on both sides of it, and lacks what the
    later one added: of that one's own features a smaller part is found than of those that it shares.
    """
    explained = [sum(count for bits, count in found if bits >> at & 1) for at in range(len(names))]
    ranked = sorted(range(len(names)), key=lambda at: -explained[at])[:2]
    stated = sum(count for bits, count in found if bits)
    if len(ranked) < 2:
        return None
    first, second = ranked
    if explained[first] < VERSION_SHARE * stated or explained[first] - explained[second] < VERSION_LEAD:
        return None
    known = {bits: count for (of, bits), count in _totals().items() if of == library and bits >> first & 1}
    own = known.pop(1 << first, 0)
    own_found = sum(count for bits, count in found if bits == 1 << first)
    shared_found = explained[first] - own_found
    complete = own_found * sum(known.values()) >= VERSION_OWN * own * shared_found
    return names[first] if own_found >= VERSION_LEAD and complete else None
