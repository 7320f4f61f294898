"""SDKs that a program holds under whatever names: features of its classes against those learned from artefacts.

A feature that only one SDK has may still occur in other code by chance, or because an application repeats the texts of
an SDK that it talks to. So an SDK counts as found when several features of it are there, some of them runs of platform
calls (an application has no reason to repeat those), over several classes or over much of what a small SDK has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from assaymark import _engine
from assaymark.catalog.fingerprints import SHARED, load_learned, load_table

MIN_FEATURES = 6
"""Features of an SDK that must be found."""

MIN_GRAMS = 3
"""How many of them must be runs of platform calls and texts."""

MIN_CLASSES = 2
"""Classes that they must be spread over."""

DENSE = 2
"""Features that a class must have to be taken for the SDK's by itself."""

VERSION_SHARE = 0.97
"""Part of the features found that a version must have to be named."""

VERSION_LEAD = 3
"""Features found that it must have more than any other learned version."""


@dataclass(frozen=True, slots=True)
class Match:
    """An SDK that was found. `classes` are those told by themselves, sorted."""

    sdk: str
    classes: tuple[str, ...]
    features: int
    grams: int
    version: str | None
    """The learned version that explains the features, if one does."""


@cache
def _known() -> _engine.Fingerprints:
    return _engine.Fingerprints(load_table())


def match(code: _engine.Code) -> tuple[Match, ...]:
    """Give the SDKs whose features the code has, in the order in which they were learned."""
    rows = [row for row in _engine.match_fingerprints(code, _known()) if row[0] != SHARED]
    best: dict[str, int] = {}
    for _library, _versions, classes in rows:
        for name, texts, grams in classes:
            best[name] = max(best.get(name, 0), texts + grams)
    return tuple(found for row in rows if (found := _judge(best, *row)) is not None)


def _judge(
    best: dict[str, int], library: int, versions: list[tuple[int, int]], classes: list[tuple[str, int, int]]
) -> Match | None:
    # A class that speaks more for another SDK does not speak for this one.
    own = [(name, texts, grams) for name, texts, grams in classes if texts + grams == best[name]]
    features = sum(texts + grams for _, texts, grams in own)
    grams = sum(grams for *_, grams in own)
    if features < MIN_FEATURES or grams < MIN_GRAMS or len(own) < MIN_CLASSES:
        return None
    sdk = load_learned().libraries[library]
    dense = tuple(sorted(name for name, texts, grams in own if texts + grams >= DENSE and grams))
    return Match(sdk, dense, features, grams, _version(load_learned().versions(sdk), versions))


def _version(names: tuple[str, ...], found: list[tuple[int, int]]) -> str | None:
    """Give the version that has nearly all features found, and clearly more of them than every other one."""
    explained: Counter[str] = Counter()
    for bits, count in found:
        for at, name in enumerate(names):
            if bits >> at & 1:
                explained[name] += count
    ranked = explained.most_common(2)
    stated = sum(count for bits, count in found if bits)
    if len(ranked) < 2 or ranked[0][1] < VERSION_SHARE * stated or ranked[0][1] - ranked[1][1] < VERSION_LEAD:
        return None
    return ranked[0][0]
