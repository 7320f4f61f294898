"""Forms that have exactly one spelling: base64, decimals, JSON. What has two spellings can be changed unnoticed.

All functions raise `ValueError` for what they refuse; callers turn it into a `Refused` with their own reason.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

MAX_INTEGER = 2**53 - 1
"""The greatest integer that every JSON reader keeps exact."""

MAX_DEPTH = 32
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def from_base64(text: str) -> bytes:
    """Give the bytes of canonical base64 (RFC 4648 section 4, padded, no other spelling)."""
    content = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    if to_base64(content) != text:
        raise ValueError("base64 is not canonical")
    return content


def to_base64(content: bytes) -> str:
    """Give standard base64."""
    return binascii.b2a_base64(content, newline=False).decode("ascii")


def from_decimal(text: str) -> int:
    """Give a number below 2**63 that is written without sign, space or leading zero."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) >= 2**63:
        raise ValueError("not a plain decimal below 2**63")
    return number


def from_json(content: bytes | str) -> Any:
    """Give a JSON value: UTF-8, no member twice, integers below 2**53, no fractions, not deeper than `MAX_DEPTH`."""
    text = content if isinstance(content, str) else content.decode("utf-8")
    if _depth(text) > MAX_DEPTH:
        raise ValueError("JSON is nested too deeply")
    tree = json.loads(text, object_pairs_hook=_members, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse)
    json.dumps(tree, ensure_ascii=False).encode("utf-8")  # halves of surrogate pairs have no spelling in UTF-8
    return tree


def _depth(text: str) -> int:
    """Give the nesting, without recursion."""
    deepest = depth = 0
    for sign in re.findall(r"[\[\]{}]", _TEXT.sub("", text)):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a JSON member is named twice")
    return members


def _integer(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > MAX_INTEGER:
        raise ValueError("a JSON integer is beyond 2**53")
    return number


def _refuse(text: str) -> Any:
    raise ValueError(f"not an integer: {text[:20]}")


def member(tree: Mapping[str, Any], name: str, kind: type) -> Any:
    """Give a member that must be there and be of this kind. Truth values are no integers."""
    value = tree.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is missing or not of its kind")
    return value
