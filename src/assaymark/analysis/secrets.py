"""Finds secrets in a text by the catalog's patterns, and masks them."""

from __future__ import annotations

import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from assaymark.catalog.secrets import Secret, load_secrets

HEAD, TAIL = 4, 2
"""Characters that a masked value keeps of its start and end."""

_PLACEHOLDER = re.compile(
    r"example|sample|placeholder|your|xxxx|\*\*\*|dummy|changeme|redacted|0{6}|1234567|abcdef", re.IGNORECASE
)
_WEAK = re.compile(r"(?i)(?:pass(?:word|wd)?|pwd|secret|token|user(?:name)?|admin)")
_ESCAPED = re.compile(r"\\[nrt]|\s")


@dataclass(frozen=True, slots=True)
class Found:
    """A secret that was found: its kind, its masked value, and its length in characters."""

    kind: str
    masked: str
    length: int


def secrets_in(text: str, name: str | None = None) -> Iterator[Found]:
    """Give the secrets in a text; `name` is that of the constant or resource that holds it."""
    for row in load_secrets():
        if row.names:
            if name is not None and any(part in name for part in row.names):
                match = row.pattern.fullmatch(text)
                if match is not None and (value := _value(row, match)) is not None:
                    yield Found(row.id, mask(value), len(value))
        elif any(mark in text for mark in row.marks):
            for match in row.pattern.finditer(text):
                if (value := _value(row, match)) is not None:
                    yield Found(row.id, mask(value), len(value))


def mask(value: str) -> str:
    """Give the start and the end of a secret, and how many characters stand between them."""
    return f"{value[:HEAD]}…{len(value) - HEAD - TAIL}…{value[-TAIL:]}" if len(value) >= 12 else f"…{len(value)}…"


def _value(row: Secret, match: re.Match[str]) -> str | None:
    value = match["value"] if "value" in row.pattern.groupindex else match[0]
    if row.id == "private-key":
        value = _ESCAPED.sub("", value)
    varied = len(set(value)) >= min(8, len(value) // 2)
    if not varied or _PLACEHOLDER.search(value):
        return None
    check = _CHECKS.get(row.check)
    return value if check is None or check(value) else None


def _is_jwt(value: str) -> bool:
    head = value.partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


def _is_basic(value: str) -> bool:
    try:
        user, colon, password = b64decode(value, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return False
    return bool(user and colon and password) and user.isprintable() and password.isprintable()


def _is_userinfo(value: str) -> bool:
    password = value.partition(":")[2]
    return not _WEAK.fullmatch(password) and not password.isdecimal()


_CHECKS: Mapping[str, Callable[[str], bool]] = {"jwt": _is_jwt, "basic": _is_basic, "userinfo": _is_userinfo}
