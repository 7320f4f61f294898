"""Ready questions: one `.sql` file each in `questions/`, with a TOML head between `/*---` and `---*/`.

The head carries `title` and `explain` in both languages, `bar` (the column that is drawn as a bar, or empty),
`parameters` (name to what it means in both languages, and `default`; without one it must be given) and `columns`
(name to what it holds, in the order of the query).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from assaymark.model.errors import AskError

OPEN, CLOSE = "/*---\n", "---*/\n"

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a question: what it means, and what it is when nobody says."""

    name: str
    meaning: Texts
    default: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with a name. `columns` says what each column of the answer holds, in both languages."""

    id: str
    title: Texts
    explain: Texts
    bar: str
    parameters: tuple[Parameter, ...]
    columns: Mapping[str, Texts]
    sql: str

    def fill(self, given: Mapping[str, str]) -> dict[str, str]:
        """Give a value for every parameter. Raises `AskError` for one that is missing, or that nobody asks for."""
        names = {parameter.name for parameter in self.parameters}
        for name in given:
            if name not in names:
                known = ", ".join(sorted(names)) or "-"
                raise AskError("unknown-parameter", f"{self.id}: {name}", question=self.id, name=name, known=known)
        filled = {parameter.name: parameter.default for parameter in self.parameters} | dict(given)
        for name, value in filled.items():
            if value is None:
                raise AskError("missing-parameter", f"{self.id}: {name}", question=self.id, name=name)
        return {name: value for name, value in filled.items() if value is not None}


@cache
def load_questions() -> tuple[Question, ...]:
    """Give all ready questions, by id."""
    folder = Path(__file__).parent / "questions"
    found = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql")}
    return tuple(parse(name.removesuffix(".sql"), content) for name, content in sorted(found.items()))


def load_question(id: str) -> Question:  # noqa: A002 - the word users know
    """Give a question by its id. Raises `AskError`."""
    questions = {question.id: question for question in load_questions()}
    if id not in questions:
        raise AskError("unknown-question", f"no such question: {id}", question=id, known=", ".join(questions))
    return questions[id]


def parse(id: str, content: str) -> Question:  # noqa: A002
    """Give the question of a file. Raises `ValueError` or `KeyError` for a broken one; a test reads them all."""
    if not content.startswith(OPEN) or CLOSE not in content:
        raise ValueError(f"{id}: no head")
    head, _, sql = content.removeprefix(OPEN).partition(CLOSE)
    tree: dict[str, Any] = tomli.loads(head)
    parameters = tuple(
        Parameter(name, _texts(value), value.get("default")) for name, value in tree.get("parameters", {}).items()
    )
    columns = {name: _texts(value) for name, value in tree["columns"].items()}
    return Question(id, _texts(tree["title"]), _texts(tree["explain"]), tree.get("bar", ""), parameters, columns, sql)


def _texts(value: Mapping[str, str]) -> Texts:
    return {"zh": value["zh"], "en": value["en"]}
