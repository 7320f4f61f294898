"""From the text of a pack's files to values. What is wrong without running a query is said here.

A clause file is TOML between a line `/*---` and a line `---*/`, which SQL takes for a comment; the query follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli

from assaymark.judge.clause import DECIDES, Clause, Example, Instrument, Texts, common_reasons
from assaymark.model.errors import InvalidRulePack
from assaymark.model.report import SEVERITIES, STATUSES
from assaymark.model.tables import TABLES, Row, Table, Type
from assaymark.model.text import LANGUAGES

OPEN, CLOSE = "/*---", "---*/"


class Fields:
    """The keys of one TOML table, taken one by one; `done` complains of what is left over."""

    def __init__(self, file: str, tree: Mapping[str, Any], where: str = "") -> None:
        """Hold a copy of the table; `file` and `where` go into every complaint."""
        self.file = file
        self._where = where
        self._left = dict(tree)

    def fault(self, message: str) -> InvalidRulePack:
        """Give the error that names the file and the fault."""
        return InvalidRulePack(f"{self.file}: {message}", file=self.file, fault=message)

    def text(self, key: str) -> str:
        """Take a text that is not empty."""
        value = self._left.pop(key, None)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(f"`{self._where}{key}` is missing or is not a text")
        return value

    def text_or(self, key: str, default: str) -> str:
        """Take a text, or give the default."""
        return self.text(key) if key in self._left else default

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Take a text that is one of a few."""
        value = self.text(key)
        if value not in allowed:
            raise self.fault(f"`{self._where}{key}` is `{value}`; it must be one of {', '.join(allowed)}")
        return value

    def texts(self, key: str) -> Texts:
        """Take a text in all languages."""
        return _texts(self, f"{self._where}{key}", self._left.pop(key, None))

    def text_in_all(self, key: str) -> Texts:
        """Take a text in all languages that may be written once where it reads the same in each."""
        if isinstance(self._left.get(key), str):
            once = self.text(key)
            return dict.fromkeys(LANGUAGES, once)
        return self.texts(key)

    def texts_or_none(self, key: str) -> Texts | None:
        """Take a text in all languages, if it is there."""
        return self.texts(key) if key in self._left else None

    def names(self, key: str) -> tuple[str, ...]:
        """Take a list of texts; absent is empty."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(f"`{self._where}{key}` must be a list of texts")
        return tuple(value)

    def table(self, key: str) -> Mapping[str, Any]:
        """Take a table; absent is empty."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise self.fault(f"`{self._where}{key}` must be a table")
        return value

    def tables(self, key: str) -> list[Mapping[str, Any]]:
        """Take a list of tables; absent is empty."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(f"`{self._where}{key}` must be a list of tables")
        return value

    def rest(self) -> Mapping[str, Any]:
        """Take everything that is left."""
        left, self._left = self._left, {}
        return left

    def done(self) -> None:
        """Complain of keys that nobody took."""
        if self._left:
            raise self.fault(f"unknown key `{self._where}{min(self._left)}`")


def _texts(fields: Fields, key: str, value: object) -> Texts:
    if not isinstance(value, dict):
        raise fields.fault(f"`{key}` is missing; it needs a text in {' and '.join(LANGUAGES)}")
    for language in LANGUAGES:
        if not isinstance(value.get(language), str) or not value[language].strip():
            raise fields.fault(f"`{key}.{language}` is missing or empty")
    unknown = set(value) - set(LANGUAGES)
    if unknown:
        raise fields.fault(f"unknown language `{key}.{min(unknown)}`")
    return {language: value[language] for language in LANGUAGES}


def parse_toml(file: str, text: str) -> dict[str, Any]:
    """Read TOML. Raises `InvalidRulePack` that names the file, and the line in it."""
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise InvalidRulePack(f"{file}: not valid TOML: {error}", file=file, fault=str(error)) from error


def parse_instrument(file: str, tree: Mapping[str, Any]) -> Instrument:
    """Read one `[[instruments]]` of `pack.toml`."""
    fields = Fields(file, tree, "instruments.")
    made = Instrument(
        id=fields.text("id"),
        name=fields.texts("name"),
        cite=fields.texts("cite"),
        number=fields.text("number"),
        issuer=fields.text("issuer"),
        in_force=fields.text("in_force"),
        official_url=fields.text_or("official_url", ""),
    )
    for language, sentence in made.cite.items():
        if "{number}" not in sentence:
            raise fields.fault(f"instrument `{made.id}`: `cite.{language}` must hold `{{number}}`")
    fields.done()
    return made


def parse_clause(file: str, text: str) -> Clause:
    """Read one clause file. The query is kept as it stands; `check` looks into it."""
    head, sql = _split(file, text)
    fields = Fields(file, parse_toml(file, head))
    manual = fields.text_or("manual", "")
    if manual and manual not in common_reasons():
        raise fields.fault(f"`manual` is `{manual}`; it must be one of {', '.join(common_reasons())}")
    if bool(manual) == bool(sql):
        raise fields.fault("a clause has either a query or `manual`, not both and not neither")
    made = Clause(
        id=fields.text("id"),
        file=file,
        instrument=fields.text("instrument"),
        number=fields.text_in_all("number"),
        title=fields.texts("title"),
        explain=fields.texts("explain"),
        safe_claim=fields.texts_or_none("safe_claim") if manual else fields.texts("safe_claim"),
        static_limit=fields.texts("static_limit"),
        remedy=fields.texts("remedy"),
        notice=fields.texts_or_none("notice"),
        severity=fields.choice("severity", SEVERITIES),
        decides=fields.choice("decides", DECIDES),
        needs=fields.names("needs"),
        manifest=fields.names("manifest"),
        reasons=_sentences(fields, "reasons"),
        words=_sentences(fields, "words"),
        manual=manual,
        sql=sql,
        reads={},
        examples=tuple(_example(file, tree) for tree in fields.tables("examples")),
    )
    fields.done()
    for key, names in {"needs": made.needs, "manifest": made.manifest}.items():
        for name in names:
            if name not in TABLES:
                raise fields.fault(f"`{key}` names `{name}`, which is no evidence table")
    return made


def _split(file: str, text: str) -> tuple[str, str]:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != OPEN:
        raise InvalidRulePack(f"{file}: the first line must be `{OPEN}`", file=file, fault="no head")
    for number, line in enumerate(lines):
        if line.rstrip() == CLOSE:
            # Blank lines stand in for what came before, so that TOML errors name the line of the file.
            return "\n".join(["", *lines[1:number]]), "\n".join(lines[number + 1 :]).strip()
    raise InvalidRulePack(f"{file}: the head is not closed by a line `{CLOSE}`", file=file, fault="open head")


def _sentences(fields: Fields, name: str) -> Mapping[str, Texts]:
    return {key: _texts(fields, f"{name}.{key}", value) for key, value in fields.table(name).items()}


def _example(file: str, tree: Mapping[str, Any]) -> Example:
    fields = Fields(file, tree, "examples.")
    status = fields.choice("expect", STATUSES)
    reason = fields.text("reason")
    subject = fields.text_or("subject", "app")
    evidence = {}
    for name, rows in fields.rest().items():
        if name not in TABLES:
            raise fields.fault(f"an example has rows of `{name}`, which is no evidence table")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise fields.fault(f"rows of `{name}` in an example must be a list of tables")
        evidence[name] = tuple(_row(fields, TABLES[name], place, row) for place, row in enumerate(rows, 1))
    return Example(status, reason, subject, evidence)


_PYTHON = {Type.TEXT: str, Type.INTEGER: int, Type.BOOLEAN: bool, Type.LIST: list}


def _row(fields: Fields, table: Table, place: int, cells: Mapping[str, Any]) -> Row:
    values = {"id": f"{table.name}-{place}", "at": "", **cells}
    for name, value in values.items():
        if name not in table.position:
            raise fields.fault(f"an example gives `{table.name}.{name}`, which is no column")
        column = table.columns[table.position[name]]
        if type(value) is not _PYTHON[column.type]:
            raise fields.fault(f"an example gives `{table.name}.{name}` a value that is not {column.type.value}")
        if column.values and value not in column.values:
            raise fields.fault(f"an example gives `{table.name}.{name}` the value `{value}`, which it cannot have")
    made = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return table.row(str(made.pop("at")), str(made.pop("id")), **made)
