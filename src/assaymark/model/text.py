"""Every sentence a user reads, in both languages: `locale/zh.toml` and `locale/en.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import tomli

LANGUAGES = ("zh", "en")


@cache
def _sentences(language: str) -> Mapping[str, str]:
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language}")
    tree = tomli.loads((Path(__file__).parent.parent / "locale" / f"{language}.toml").read_text(encoding="utf-8"))
    return dict(_flatten("", tree))


def _flatten(prefix: str, tree: Mapping[str, object]) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            out += _flatten(f"{prefix}{key}.", value)
        else:
            out.append((prefix + key, str(value)))
    return out


def text(language: str, key: str, /, **params: object) -> str:
    """Give the sentence `key` in `language` (`zh` or `en`), its `{names}` filled in.

    Raises `KeyError` for a key that the language does not have: a test compares the two files, so this is a mistake
    in the code.
    """
    sentence = _sentences(language)[key]
    return sentence.format(**params) if params else sentence


def has_text(language: str, key: str) -> bool:
    """Say whether the language has this sentence (for names that come from data, such as anomaly kinds)."""
    return key in _sentences(language)


def keys(language: str) -> frozenset[str]:
    """Give all keys of a language."""
    return frozenset(_sentences(language))
