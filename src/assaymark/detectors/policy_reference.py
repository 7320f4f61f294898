"""Signs of a privacy policy inside the package: links, titles, bundled documents.

What it observes: texts of the resource table in every language, string constants of the code, and names of bundled
documents.
Why it matters: an app must have a policy that its users can find; the package usually names it.
Limits: a policy that is shown from a server address built while running leaves no sign here. A sign does not say that
the policy is complete, or that it is shown. What the code of a known SDK names is its maker's policy, not the app's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.analysis.code import code_of
from assaymark.analysis.owners import APP, UNKNOWN
from assaymark.analysis.strings import POLICY, STRING_READS, resource_texts, strings_holding
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import POLICY_REFERENCE, Row

WORDS = {
    "zh": (
        "隐私政策",
        "隐私协议",
        "隐私条款",
        "隐私保护指引",
        "隐私权政策",
        "隐私声明",
        "個人資料保護",
        "隱私權政策",
        "隱私政策",
    ),
    "en": ("privacy policy", "privacy notice", "privacy statement"),
}
"""Names under which apps show their policy."""

_TITLE = re.compile("|".join(f"(?P<{language}>{'|'.join(words)})" for language, words in WORDS.items()), re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s\"'<>\\]{4,300}", re.IGNORECASE)
_LINK_WORDS = re.compile(r"privacy|yinsi|yszc|隐私|隱私|(?<![a-z])polic(?:y|ies)(?![a-z])", re.IGNORECASE)
"""What makes a link one to a privacy policy; of `policy` alone, the whole word."""

_DOCUMENT = re.compile(
    r"(assets|res/raw)/[^\0]*(privacy|yinsi|policy|隐私)[^/]*\.(html?|txt|md|pdf|docx?)", re.IGNORECASE
)

_SIGN = re.compile("|".join(POLICY), re.IGNORECASE)

MAX_ROWS = 200
"""A translated library can carry the words in eighty languages; more than this says nothing more."""


@detector(id="policy-reference", version=3, emits=(POLICY_REFERENCE,), reads=STRING_READS)
def policy_reference(program: Program) -> Iterator[Emission]:
    """Give one row for each link, title or document."""
    seen: set[tuple[str, str]] = set()
    for row in _rows(program):
        key = (str(POLICY_REFERENCE.cell(row, "kind")), str(POLICY_REFERENCE.cell(row, "value")))
        if key not in seen and len(seen) < MAX_ROWS:
            seen.add(key)
            yield POLICY_REFERENCE, row


def _rows(program: Program) -> Iterator[Row]:
    for part in program.packages:
        for name in part.members:
            if _DOCUMENT.fullmatch(name):
                yield POLICY_REFERENCE.row(part.place(name), kind="document", value=name)
    for one in resource_texts(program):
        if _SIGN.search(one.text):
            yield from _signs(one.place, one.text)
    code = code_of(program)
    for hit, _caller in strings_holding(program, POLICY):
        if code.owner(hit.cls) not in (APP, UNKNOWN):
            continue  # an SDK names the policy of its own maker; renamed code may well be the app's
        yield from _signs(hit.place, hit.text or "")


def _signs(place: str, words: str) -> Iterator[Row]:
    for link in _LINK.findall(words):
        if _LINK_WORDS.search(link):
            yield POLICY_REFERENCE.row(place, kind="link", value=link)
    if found := _TITLE.search(words):
        language = next(name for name, value in found.groupdict().items() if value)
        yield POLICY_REFERENCE.row(place, kind="title", value=found.group(0), language=language)
