"""Smali text to tokens, and a cursor over them that knows how to complain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from assaymark.testing.dex.error import AssemblyError

_TYPE = r"\[*(?:[ZBSCIJFD]|L[^;\s:(){}=,\"@#]+;)"
_NAME = r"(?:<[\w$-]+>|[^\s:;,(){}=\"'@#\[/.<>]+)"
_PROTO = rf"\((?:{_TYPE})*\)(?:V|{_TYPE})"

# The first alternative that matches wins: members before types, types before words and numbers.
_TOKEN = re.compile(
    rf"""
      (?P<blank>[ \t\r\f]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<char>'(?:\\u[0-9a-fA-F]{{4}}|\\.|[^'\\\n])')
    | (?P<method>(?:{_TYPE}->)?{_NAME}{_PROTO})
    | (?P<field>(?:{_TYPE}->)?{_NAME}:{_TYPE})
    | (?P<proto>{_PROTO})
    | (?P<type>\[+[ZBSCIJFD]|\[*L[^;\s:(){{}}=,"@\#]+;)
    | (?P<typed>(?<="):{_TYPE})
    | (?P<label>:[\w$-]+)
    | (?P<number>[+-]?0[xX][0-9a-fA-F]+[LlTtSs]?\b
        |[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[FfDdLlTtSs]?\b|[+-]?Infinity[fF]?\b|NaN[fF]?\b)
    | (?P<resource>@[a-z]+/[\w.]+)
    | (?P<directive>\.[a-z][\w-]*)
    | (?P<word>[^\W\d][\w$/-]*|\$[\w$/-]*)
    | (?P<mark>\.\.|->|[{{}}=,()@])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """One token: its kind (a group of the pattern, or `end`), its text, and its line from 1."""

    kind: str
    text: str
    line: int


def tokens(text: str, file: str) -> list[Token]:
    """Give the tokens of a smali text, closed by one of kind `end`. Raises `AssemblyError`."""
    out: list[Token] = []
    line, at = 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise AssemblyError(file, line, f"cannot read {text[at : at + 20].splitlines()[0]!r}")
        kind = str(match.lastgroup)
        if kind == "newline":
            line += 1
        elif kind != "blank":
            out.append(Token(kind, match.group(), line))
        at = match.end()
    out.append(Token("end", "", line))
    return out


class Cursor:
    """A place in the tokens of one file."""

    def __init__(self, text: str, file: str, ids: Mapping[str, int] = MappingProxyType({})) -> None:
        """Start at the first token of a text; `ids` holds the resources that it may name as `@type/name`."""
        self.file, self.ids = file, ids
        self._tokens = tokens(text, file)
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that comes next, not taken yet."""
        return self._tokens[self._at]

    @property
    def at(self) -> int:
        """Position, to come back to with `back`."""
        return self._at

    def back(self, at: int) -> None:
        """Return to an earlier position."""
        self._at = at

    def take(self) -> Token:
        """Take the next token, whatever it is; the last one is never passed."""
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        """Take the next token if it reads so; say whether it did."""
        token = self._tokens[self._at]
        if token.text != text or token.kind in ("string", "char"):
            return False
        self._at += 1
        return True

    def expect(self, text: str) -> Token:
        """Take the next token, which must read so."""
        token = self.next
        if not self.accept(text):
            self.fail(f"expected {text!r}")
        return token

    def kind(self, kind: str, expected: str) -> Token:
        """Take the next token, which must be of this kind; `expected` names it in the complaint."""
        if self.next.kind != kind:
            self.fail(f"expected {expected}")
        return self.take()

    def reject(self, message: str) -> NoReturn:
        """Raise `AssemblyError` for the next token, which starts something that cannot stand here."""
        token = self.next
        raise AssemblyError(self.file, token.line, f"{message}, found {token.text or 'the end of the file'!r}")

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Raise `AssemblyError` for the next token of a line begun, or for a line where one is given."""
        if line is not None:
            raise AssemblyError(self.file, line, message)
        token = self.next
        before = self._tokens[self._at - 1] if self._at else token
        if token.kind == "end" or token.line > before.line:
            raise AssemblyError(self.file, before.line, f"{message}, found the end of the line")
        raise AssemblyError(self.file, token.line, f"{message}, found {token.text!r}")
