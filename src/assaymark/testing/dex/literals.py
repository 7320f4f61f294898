"""Smali constants: numbers, strings, references, encoded values, annotations."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from types import MappingProxyType

from assaymark.testing.dex import tree
from assaymark.testing.dex.lexer import Cursor, Token
from assaymark.testing.dex.tree import Annotation, CallSite, FieldRef, MethodHandle, MethodRef, Proto, Reference, Value

PRIMITIVES = "ZBSCIJFD"

VISIBILITY = MappingProxyType({"build": 0, "runtime": 1, "system": 2})

HANDLES = MappingProxyType(
    {
        name: number
        for number, name in enumerate(
            (
                "static-put",
                "static-get",
                "instance-put",
                "instance-get",
                "invoke-static",
                "invoke-instance",
                "invoke-constructor",
                "invoke-direct",
                "invoke-interface",
            )
        )
    }
)
"""Kinds of method handles by their name in smali text; the first four point to fields."""

_ESCAPES = MappingProxyType({"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"})
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)
_TYPES = re.compile(r"\[*(?:[ZBSCIJFD]|L[^;]+;)")
_INTEGER_KINDS = MappingProxyType({"l": tree.VALUE_LONG, "s": tree.VALUE_SHORT, "t": tree.VALUE_BYTE})
_BITS = MappingProxyType({tree.VALUE_BYTE: 8, tree.VALUE_SHORT: 16, tree.VALUE_INT: 32, tree.VALUE_LONG: 64})


def unquote(token: Token) -> str:
    """Give the text of a string or character token; pairs of surrogate escapes become one character."""
    body = token.text[1:-1]
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2]),
        body,
    )
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@lru_cache(maxsize=4096)
def proto(text: str) -> Proto:
    """Give the prototype written as `(parameters)return`."""
    parameters, returns = text[1:].rsplit(")", 1)
    return Proto(tuple(_TYPES.findall(parameters)), returns)


@lru_cache(maxsize=8192)
def method_ref(text: str, owner: str = "") -> MethodRef:
    """Give the method written as `[owner->]name(parameters)return`."""
    stated, arrow, rest = text.rpartition("->")
    name, rest = rest.split("(", 1)
    return MethodRef(stated if arrow else owner, name, proto("(" + rest))


@lru_cache(maxsize=8192)
def field_ref(text: str, owner: str = "") -> FieldRef:
    """Give the field written as `[owner->]name:type`."""
    stated, arrow, rest = text.rpartition("->")
    name, kind = rest.split(":", 1)
    return FieldRef(stated if arrow else owner, name, kind)


def read_type(cursor: Cursor) -> str:
    """Take a type descriptor."""
    if cursor.next.kind == "word" and cursor.next.text in PRIMITIVES:
        return cursor.take().text
    return cursor.kind("type", "a type such as Lcom/a/B;").text


def read_string(cursor: Cursor) -> str:
    """Take a string in double quotes."""
    return unquote(cursor.kind("string", 'a string in "double quotes"'))


def read_method(cursor: Cursor, owner: str = "") -> MethodRef:
    """Take a method; without an owner of its own it belongs to `owner`."""
    found = method_ref(cursor.kind("method", "a method such as Lcom/a/B;->name(I)V").text, owner)
    return found if found.owner else cursor.fail("expected the owner of the method, as in Lcom/a/B;->name(I)V")


def read_field(cursor: Cursor, owner: str = "") -> FieldRef:
    """Take a field; without an owner of its own it belongs to `owner`."""
    found = field_ref(cursor.kind("field", "a field such as Lcom/a/B;->name:I").text, owner)
    return found if found.owner else cursor.fail("expected the owner of the field, as in Lcom/a/B;->name:I")


def read_integer(cursor: Cursor) -> int:
    """Take a whole number, a resource such as `@string/x`, or a floating-point one as its bits (32 for `1.5f`)."""
    if cursor.next.kind == "resource":
        number = cursor.ids.get(cursor.next.text[1:])
        if number is None:
            cursor.fail("expected a resource that exists")
        cursor.take()
        return number
    if cursor.next.kind == "char":
        return ord(unquote(cursor.take()))
    kind, content = _number(cursor)
    if kind == tree.VALUE_FLOAT:
        return int.from_bytes(struct.pack("<f", content), "little", signed=True)
    if kind == tree.VALUE_DOUBLE:
        return int.from_bytes(struct.pack("<d", content), "little", signed=True)
    return int(content)


def _number(cursor: Cursor) -> tuple[int, int | float]:
    text = cursor.kind("number", "a number").text.lower()
    if "x" in text:
        kind = _INTEGER_KINDS.get(text[-1], tree.VALUE_INT)
        return kind, int(text if kind == tree.VALUE_INT else text[:-1], 16)
    if text.endswith(("f", "nan")) or "infinity" in text:
        single = text.endswith("f")
        return (tree.VALUE_FLOAT if single else tree.VALUE_DOUBLE), float(text[:-1] if single else text)
    if text.endswith("d") or "." in text or "e" in text:
        return tree.VALUE_DOUBLE, float(text.removesuffix("d"))
    kind = _INTEGER_KINDS.get(text[-1], tree.VALUE_INT)
    return kind, int(text if kind == tree.VALUE_INT else text[:-1])


def signed(cursor: Cursor, value: int, bits: int, line: int, *, unsigned: bool = True) -> int:
    """Give `value` as a signed number of that many bits; the unsigned reading is taken too where allowed."""
    top = 1 << bits
    if unsigned and top >> 1 <= value < top:
        return value - top
    if not -(top >> 1) <= value < top >> 1:
        cursor.fail(f"{value} does not fit in {bits} bits", line)
    return value


def read_value(cursor: Cursor, *, bits: int = 32) -> Value:
    """Take an encoded value: number, text, reference, enum constant, array or annotation.

    `bits` is the width of a whole number without a suffix.
    """
    token = cursor.next
    if token.kind == "number":
        kind, content = _number(cursor)
        if kind in _BITS:
            width = bits if kind == tree.VALUE_INT else _BITS[kind]
            content = signed(cursor, int(content), width, token.line)
        return Value(kind, content)
    if token.kind == "string":
        return Value(tree.VALUE_STRING, read_string(cursor))
    if token.kind == "char":
        return Value(tree.VALUE_CHAR, ord(unquote(cursor.take())))
    if token.kind == "method":
        return Value(tree.VALUE_METHOD, read_method(cursor))
    if token.kind == "field":
        return Value(tree.VALUE_FIELD, read_field(cursor))
    if token.kind == "proto":
        return Value(tree.VALUE_METHOD_TYPE, proto(cursor.take().text))
    if token.text in ("true", "false"):
        return Value(tree.VALUE_BOOLEAN, cursor.take().text == "true")
    if cursor.accept("null"):
        return Value(tree.VALUE_NULL, None)
    if token.text in HANDLES:
        return Value(tree.VALUE_METHOD_HANDLE, read_method_handle(cursor))
    if cursor.accept("{"):
        return Value(tree.VALUE_ARRAY, _array(cursor))
    if cursor.accept(".enum"):
        return Value(tree.VALUE_ENUM, read_field(cursor))
    if cursor.accept(".subannotation"):
        return Value(tree.VALUE_ANNOTATION, _annotation_body(cursor, 0, ".subannotation"))
    if token.kind == "type" or token.text in PRIMITIVES or token.text == "V":
        return Value(tree.VALUE_TYPE, "V" if cursor.accept("V") else read_type(cursor))
    return cursor.fail("expected a value")


def _array(cursor: Cursor) -> tuple[Value, ...]:
    values: list[Value] = []
    while not cursor.accept("}"):
        values.append(read_value(cursor))
        if not cursor.accept(","):
            cursor.expect("}")
            break
    return tuple(values)


def read_method_handle(cursor: Cursor) -> MethodHandle:
    """Take a method handle such as `invoke-static@Lcom/a/B;->name(I)V`."""
    name = cursor.next.text
    if name not in HANDLES:
        cursor.fail("expected a method handle such as invoke-static@Lcom/a/B;->name(I)V")
    cursor.take()
    cursor.expect("@")
    kind = HANDLES[name]
    return MethodHandle(kind, read_field(cursor) if kind < HANDLES["invoke-static"] else read_method(cursor))


def _call_site(cursor: Cursor) -> CallSite:
    # name("linked name", (prototype)V, further arguments)@Lowner;->bootstrap(…)…; the first name only labels it.
    cursor.kind("word", "the name of a call site")
    cursor.expect("(")
    name = read_string(cursor)
    cursor.expect(",")
    linked = proto(cursor.kind("proto", "a prototype such as (I)V").text)
    arguments: list[Value] = []
    while cursor.accept(","):
        arguments.append(read_value(cursor))
    cursor.expect(")")
    cursor.expect("@")
    return CallSite(MethodHandle(HANDLES["invoke-static"], read_method(cursor)), name, linked, tuple(arguments))


def read_reference(cursor: Cursor, kind: str) -> Reference:
    """Take what an instruction refers to; `kind` is the `reference` of its opcode."""
    match kind:
        case "string":
            return read_string(cursor)
        case "type":
            return read_type(cursor)
        case "field":
            return read_field(cursor)
        case "method":
            return read_method(cursor)
        case "method-handle":
            return read_method_handle(cursor)
        case "call-site":
            return _call_site(cursor)
        case _:
            return proto(cursor.kind("proto", "a prototype such as (I)V").text)


def read_annotations(cursor: Cursor) -> list[Annotation]:
    """Take all annotations that stand here."""
    found: list[Annotation] = []
    while cursor.accept(".annotation"):
        if cursor.next.text not in VISIBILITY:
            cursor.fail("expected build, runtime or system")
        found.append(_annotation_body(cursor, VISIBILITY[cursor.take().text], ".annotation"))
    return found


def _annotation_body(cursor: Cursor, visibility: int, opened: str) -> Annotation:
    kind = read_type(cursor)
    elements: list[tuple[str, Value]] = []
    while not cursor.accept(".end"):
        name = cursor.kind("word", "the name of an element, or .end").text
        cursor.expect("=")
        elements.append((name, read_value(cursor)))
    cursor.expect(opened[1:])
    return Annotation(visibility, kind, tuple(elements))
