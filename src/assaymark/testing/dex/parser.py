"""Smali text to classes: everything outside method bodies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assaymark.testing.dex import tree
from assaymark.testing.dex.body import read_body
from assaymark.testing.dex.lexer import Cursor
from assaymark.testing.dex.literals import read_annotations, read_field, read_method, read_string, read_type, read_value
from assaymark.testing.dex.tree import Class, Field, Method, Value

_COMMON = {"public": 0x1, "private": 0x2, "protected": 0x4, "static": 0x8, "final": 0x10, "synthetic": 0x1000}
CLASS_FLAGS = MappingProxyType({**_COMMON, "interface": 0x200, "abstract": 0x400, "annotation": 0x2000, "enum": 0x4000})
FIELD_FLAGS = MappingProxyType({**_COMMON, "volatile": 0x40, "transient": 0x80, "enum": 0x4000})
METHOD_FLAGS = MappingProxyType(
    {
        **_COMMON,
        "synchronized": 0x20,
        "bridge": 0x40,
        "varargs": 0x80,
        "native": 0x100,
        "abstract": 0x400,
        "strictfp": 0x800,
        "constructor": 0x10000,
        "declared-synchronized": 0x20000,
    }
)

# What a static field of a type may start with, and the kind that its value is stored as.
_FIELD_VALUES = MappingProxyType(
    {
        "B": tree.VALUE_BYTE,
        "S": tree.VALUE_SHORT,
        "C": tree.VALUE_CHAR,
        "I": tree.VALUE_INT,
        "J": tree.VALUE_LONG,
        "F": tree.VALUE_FLOAT,
        "D": tree.VALUE_DOUBLE,
        "Z": tree.VALUE_BOOLEAN,
    }
)
_RANGES = MappingProxyType(
    {
        tree.VALUE_BYTE: range(-0x80, 0x80),
        tree.VALUE_SHORT: range(-0x8000, 0x8000),
        tree.VALUE_CHAR: range(0x10000),
        tree.VALUE_INT: range(-(1 << 31), 1 << 31),
        tree.VALUE_LONG: range(-(1 << 63), 1 << 63),
    }
)


def parse(text: str, file: str, ids: Mapping[str, int]) -> list[Class]:
    """Give the classes of a smali text, in order; a text may hold several. Raises `AssemblyError`."""
    cursor = Cursor(text, file, ids)
    classes: list[Class] = []
    while cursor.next.kind != "end":
        classes.append(_class(cursor))
    return classes


def _flags(cursor: Cursor, known: MappingProxyType[str, int]) -> int:
    access = 0
    while cursor.next.kind == "word" and cursor.next.text in known:
        access |= known[cursor.take().text]
    return access


def _class(cursor: Cursor) -> Class:
    line = cursor.expect(".class").line
    access = _flags(cursor, CLASS_FLAGS)
    made = Class(cursor.file, line, read_type(cursor), access)
    while cursor.next.kind != "end" and cursor.next.text != ".class":
        token = cursor.next
        match token.text:
            case ".annotation":
                made.annotations += read_annotations(cursor)
            case ".field":
                made.fields.append(_field(cursor, made.type))
            case ".method":
                made.methods.append(_method(cursor, made))
            case ".super" | ".implements" | ".source":
                cursor.take()
                if token.text == ".super":
                    made.superclass = read_type(cursor)
                elif token.text == ".implements":
                    made.interfaces.append(read_type(cursor))
                else:
                    made.source = read_string(cursor)
            case _:
                cursor.reject("expected .super, .implements, .source, .annotation, .field or .method")
    for found, what in ((made.fields, "field"), (made.methods, "method")):
        seen = set()
        for member in found:
            if member.ref in seen:
                cursor.fail(f"{what} {member.ref.name} is defined twice", member.line)
            seen.add(member.ref)
    if made.superclass is None and made.type != "Ljava/lang/Object;":
        cursor.fail(f"expected a .super line for {made.type}", line)
    return made


def _field(cursor: Cursor, owner: str) -> Field:
    line = cursor.expect(".field").line
    access = _flags(cursor, FIELD_FLAGS)
    ref = read_field(cursor, owner)
    value = None
    if cursor.accept("="):
        if not access & FIELD_FLAGS["static"]:
            cursor.fail("only a static field can start with a value", line)
        value = _field_value(cursor, ref.type, read_value(cursor, bits=64 if ref.type == "J" else 32), line)
    # Annotations belong to the field only if `.end field` closes them; otherwise the class owns them.
    start = cursor.at
    annotations = read_annotations(cursor)
    if cursor.next.text == ".end":
        cursor.take()
        cursor.expect("field")
    else:
        annotations = []
        cursor.back(start)
    return Field(ref, access, value, annotations, line)


def _field_value(cursor: Cursor, kind: str, value: Value, line: int) -> Value:
    wanted = _FIELD_VALUES.get(kind)
    if wanted is None:
        if value.kind < tree.VALUE_METHOD_TYPE or value.kind == tree.VALUE_BOOLEAN:
            cursor.fail(f"a field of type {kind} cannot start with a number", line)
        return value
    content = value.content
    if wanted == tree.VALUE_BOOLEAN:
        if not isinstance(content, bool):
            cursor.fail("expected true or false for a field of type Z", line)
        return value
    if wanted in (tree.VALUE_FLOAT, tree.VALUE_DOUBLE):
        if not isinstance(content, int | float) or isinstance(content, bool):
            cursor.fail(f"expected a number for a field of type {kind}", line)
        return Value(wanted, float(content))
    if not isinstance(content, int) or isinstance(content, bool) or content not in _RANGES[wanted]:
        cursor.fail(f"expected a whole number that fits a field of type {kind}", line)
    return Value(wanted, content)


def _method(cursor: Cursor, owner: Class) -> Method:
    line = cursor.expect(".method").line
    access = _flags(cursor, METHOD_FLAGS)
    ref = read_method(cursor, owner.type)
    if ref.name in ("<init>", "<clinit>"):
        access |= METHOD_FLAGS["constructor"]
    method = Method(ref, access, line)
    read_body(cursor, method)
    without_code = access & (METHOD_FLAGS["abstract"] | METHOD_FLAGS["native"])
    if without_code and method.code is not None:
        cursor.fail(f"{ref.name} is abstract or native and cannot have code", line)
    if not without_code and method.code is None:
        cursor.fail(f"expected code in {ref.name}, which is neither abstract nor native", line)
    return method
