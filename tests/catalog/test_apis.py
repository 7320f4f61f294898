"""Every row of the API catalog is found by its own call, field or string, with its data, and near misses are not.

One app holds them all: a class for each row, and one beside it that does nearly the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from assaymark import pipeline
from assaymark.catalog import Api, load_apis
from assaymark.catalog.apis import ANY_CLASS
from assaymark.model.tables import API_CALL
from assaymark.testing.apk import Apk

Found = Mapping[str, list[tuple[object, object]]]
"""Class of the app: category and API of each row of evidence that it gave."""

URI = "Landroid/net/Uri;"
TEXT = "Ljava/lang/String;"


def example(pattern: str) -> str:
    """A text that a pattern matches."""
    return pattern.replace("*", "7") if pattern.endswith("*") else pattern


def near(pattern: str) -> str:
    """A text that is nearly matched."""
    return "9999" if pattern.isdigit() else f"x{example(pattern)}"


def body(api: Api, *, miss: bool = False) -> list[str]:
    """The instructions that are a row, or nearly one."""
    if api.kind == "string":
        return [f'const-string v0, "{near(api.name) if miss else example(api.name)}"']
    owner = "Lsome/Wrapper;" if api.class_name == ANY_CLASS else f"L{api.class_name.replace('.', '/')};"
    name = example(api.name)
    if miss and not api.argument:
        name = f"x{name}" if name != "<init>" else "init"
    if api.kind == "field":
        kind = URI if api.value else TEXT
        return [f"sget-object v0, {owner}->{name}:{kind}"]
    lines, shorty = constant(near(api.argument[0]) if miss else example(api.argument[0])) if api.argument else ([], "")
    descriptor = api.descriptor or f"({shorty})"
    descriptor += "" if ")" in descriptor else ")"
    result = URI if api.value else "V"
    registers = ", ".join(["v0"] * parameters(descriptor))
    return [*lines, f"invoke-static {{{registers}}}, {owner}->{name}{descriptor.partition(')')[0]}){result}"]


def constant(text: str) -> tuple[list[str], str]:
    """The instructions that put a constant into v0, and its type."""
    if text.isdigit():
        return [f"const v0, {int(text):#x}"], "I"
    lines = [f'const-string v0, "{text}"']
    if text.startswith("content://"):
        parse = f"invoke-static {{v0}}, {URI}->parse({TEXT}){URI}"
        return [*lines, parse, "move-result-object v0"], URI
    return lines, TEXT


def parameters(descriptor: str) -> int:
    """How many parameters a descriptor has."""
    return len(re.findall(r"\[*(?:L[^;]+;|[ZBCSIJFD])", descriptor.partition(")")[0]))


def source(name: str, lines: list[str], above: str = "java.lang.Object") -> str:
    code = "\n".join(f"    {line}" for line in lines)
    head = f".class public L{name.replace('.', '/')};\n.super L{above.replace('.', '/')};\n"
    return f"{head}.method public static run()V\n    .locals 1\n{code}\n    return-void\n.end method\n"


def sources() -> Iterator[str]:
    for place, api in enumerate(load_apis()):
        yield source(f"row.C{place}", body(api))
        yield source(f"near.C{place}", body(api, miss=True))
        if api.subclasses:
            mine = f"under.C{place}"
            through = [
                line.replace(f"L{api.class_name.replace('.', '/')};->", f"L{mine.replace('.', '/')};->")
                for line in body(api)
            ]
            yield source(mine, through, api.class_name)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    path = tmp_path_factory.mktemp("apis") / "app.apk"
    path.write_bytes(Apk(smali=list(sources())).build())
    _program, evidence, _runs = pipeline.collect(path)
    held: dict[str, list[tuple[object, object]]] = defaultdict(list)
    at = API_CALL.position
    for row in evidence["api_call"]:
        held[str(row[at["class"]])].append((row[at["data"]], row[at["api"]]))
    return held


def title(api: Api) -> str:
    return f"some.Wrapper.{example(api.name)}" if api.class_name == ANY_CLASS else api.title


@pytest.mark.parametrize(("place", "api"), list(enumerate(load_apis())), ids=lambda one: getattr(one, "id", ""))
def test_a_row_is_found_and_a_near_miss_is_not(place: int, api: Api, found: Found) -> None:
    assert found[f"row.C{place}"] == [(api.data, title(api))]
    assert found[f"near.C{place}"] == []


@pytest.mark.parametrize(
    ("place", "api"),
    [(place, api) for place, api in enumerate(load_apis()) if api.subclasses],
    ids=lambda one: getattr(one, "id", ""),
)
def test_a_call_through_a_subclass_is_found(place: int, api: Api, found: Found) -> None:
    assert (api.data, api.title) in found[f"under.C{place}"]


@pytest.mark.parametrize("api", [api for api in load_apis() if len(api.argument) > 1], ids=lambda api: api.id)
def test_each_constant_makes_a_call_count(api: Api) -> None:
    assert [one for one in api.argument if not api.accepts(example(one)) or api.accepts(near(one))] == []
