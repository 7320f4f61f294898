"""Smali text to code: what stands between `.method` and `.end method`."""

from __future__ import annotations

import re

from assaymark.testing.dex.lexer import Cursor
from assaymark.testing.dex.literals import (
    proto,
    read_annotations,
    read_integer,
    read_reference,
    read_string,
    read_type,
    signed,
)
from assaymark.testing.dex.opcodes import OPCODES, OPERANDS, Opcode
from assaymark.testing.dex.tree import Catch, Code, DebugEvent, Instruction, Method, Parameter

_REGISTER = re.compile(r"[vp]\d+\Z")

_LITERAL_BITS = {"11n": 4, "21s": 16, "22b": 8, "22s": 16, "31i": 32, "51l": 64}


def read_body(cursor: Cursor, method: Method) -> None:
    """Take everything to `.end method` into the method; without instructions its code stays `None`."""
    code = Code()
    while True:
        token = cursor.next
        if token.kind == "label":
            name = cursor.take().text
            if name in code.labels:
                cursor.fail(f"label {name} is set twice", token.line)
            code.labels[name] = len(code.instructions)
        elif token.kind == "word":
            code.instructions.append(_instruction(cursor))
        elif token.kind == "directive":
            cursor.take()
            if token.text == ".end" and cursor.accept("method"):
                break
            _directive(cursor, token.text, method, code)
        else:
            cursor.reject("expected an instruction, a label or .end method")
    if code.instructions:
        method.code = code
    elif code.labels or code.catches:
        cursor.fail("labels without an instruction", method.line)


def _directive(cursor: Cursor, name: str, method: Method, code: Code) -> None:
    at = len(code.instructions)
    match name:
        case ".registers":
            code.registers = read_integer(cursor)
        case ".locals":
            code.locals = read_integer(cursor)
        case ".annotation":
            cursor.back(cursor.at - 1)
            method.annotations += read_annotations(cursor)
        case ".param":
            method.parameters.append(_parameter(cursor))
        case ".line":
            code.debug.append(DebugEvent(at, "line", read_integer(cursor)))
        case ".prologue":
            code.debug.append(DebugEvent(at, "prologue"))
        case ".local":
            register = _register(cursor)
            cursor.expect(",")
            local = read_string(cursor)
            kind = cursor.kind("typed", 'the type of the variable, as in "name":I').text[1:]
            code.debug.append(DebugEvent(at, "local", 0, register, local, kind))
        case ".restart":
            cursor.expect("local")
            code.debug.append(DebugEvent(at, "restart", 0, _register(cursor)))
        case ".end":
            cursor.expect("local")
            code.debug.append(DebugEvent(at, "end", 0, _register(cursor)))
        case ".catch":
            code.catches.append(_catch(cursor, read_type(cursor)))
        case ".catchall":
            code.catches.append(_catch(cursor, ""))
        case ".packed-switch" | ".sparse-switch" | ".array-data":
            code.instructions.append(_payload(cursor, name))
        case _:
            cursor.back(cursor.at - 1)
            cursor.reject("unknown directive in a method")


def _parameter(cursor: Cursor) -> Parameter:
    register = _register(cursor)
    name = read_string(cursor) if cursor.accept(",") else None
    start = cursor.at
    annotations = read_annotations(cursor)
    if cursor.accept(".end") and cursor.accept("param"):
        return Parameter(register, name, annotations)
    cursor.back(start)
    return Parameter(register, name, [])


def _label(cursor: Cursor) -> str:
    return cursor.kind("label", "a label such as :end").text


def _register(cursor: Cursor) -> str:
    token = cursor.next
    if token.kind != "word" or not _REGISTER.match(token.text):
        cursor.fail("expected a register such as v0 or p1")
    return cursor.take().text


def _catch(cursor: Cursor, kind: str) -> Catch:
    line = cursor.expect("{").line
    start = _label(cursor)
    cursor.expect("..")
    end = _label(cursor)
    cursor.expect("}")
    return Catch(kind, start, end, _label(cursor), line)


def _instruction(cursor: Cursor) -> Instruction:
    token = cursor.take()
    opcode = OPCODES.get(token.text)
    if opcode is None:
        cursor.fail(f"unknown instruction {token.text!r}", token.line)
    made = Instruction(opcode.name, token.line)
    for index, operand in enumerate(OPERANDS[opcode.format].split()):
        if index:
            cursor.expect(",")
        _operand(cursor, made, opcode, operand)
    if cursor.next.line == token.line and cursor.next.kind != "end":
        cursor.fail("expected the end of the line")
    return made


def _operand(cursor: Cursor, made: Instruction, opcode: Opcode, operand: str) -> None:
    match operand:
        case "register":
            made.registers += (_register(cursor),)
        case "list":
            made.registers = _list(cursor)
        case "range":
            made.registers = _range(cursor)
        case "label":
            made.label = _label(cursor)
        case "reference":
            made.reference = read_reference(cursor, opcode.reference)
        case "proto":
            made.proto = proto(cursor.kind("proto", "a prototype such as (I)V").text)
        case _:
            made.literal = _literal(cursor, opcode)


def _literal(cursor: Cursor, opcode: Opcode) -> int:
    line = cursor.next.line
    value = read_integer(cursor)
    if opcode.format != "21h":
        bits = _LITERAL_BITS[opcode.format]
        return signed(cursor, value, bits, line, unsigned=bits >= 32)
    bits = 64 if opcode.name.startswith("const-wide") else 32
    if value & (1 << bits - 16) - 1:
        cursor.fail(f"expected a number whose low {bits - 16} bits are zero", line)
    return signed(cursor, value, bits, line) >> bits - 16


def _list(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("{")
    registers: list[str] = []
    while not cursor.accept("}"):
        if registers:
            cursor.expect(",")
        registers.append(_register(cursor))
    return tuple(registers)


def _range(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("{")
    if cursor.accept("}"):
        return ()
    first = last = _register(cursor)
    if cursor.accept(".."):
        last = _register(cursor)
    cursor.expect("}")
    return (first, last)


def _payload(cursor: Cursor, name: str) -> Instruction:
    made = Instruction(name, cursor.next.line)
    if name == ".array-data":
        made.literal = read_integer(cursor)
        if made.literal not in (1, 2, 4, 8):
            cursor.fail("expected an element width of 1, 2, 4 or 8", made.line)
        elements: list[int] = []
        while not cursor.accept(".end"):
            line = cursor.next.line
            elements.append(signed(cursor, _element(cursor), made.literal * 8, line))
        made.payload = tuple(elements)
    elif name == ".packed-switch":
        made.literal = signed(cursor, read_integer(cursor), 32, made.line)
        targets: list[tuple[int, str]] = []
        while not cursor.accept(".end"):
            targets.append((made.literal + len(targets), _label(cursor)))
        made.payload = tuple(targets)
    else:
        cases: list[tuple[int, str]] = []
        while not cursor.accept(".end"):
            line = cursor.next.line
            key = signed(cursor, read_integer(cursor), 32, line)
            cursor.expect("->")
            cases.append((key, _label(cursor)))
        made.payload = tuple(sorted(cases))
        if len({key for key, _ in cases}) != len(cases):
            cursor.fail("a key stands twice in .sparse-switch", made.line)
    cursor.expect(name[1:])
    return made


def _element(cursor: Cursor) -> int:
    if cursor.next.text in ("true", "false"):
        return int(cursor.take().text == "true")
    return read_integer(cursor)
