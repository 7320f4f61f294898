"""What `.line`, `.local` and `.param` say, as the bytecode of a debug information item.

Source: "debug_info_item" on the "Dalvik executable format" page of the Android Open Source Project.
"""

from __future__ import annotations

from collections.abc import Mapping

from assaymark.testing.dex.binary import sleb128, uleb128, uleb128p1
from assaymark.testing.dex.code import Assembled, argument_words
from assaymark.testing.dex.pool import Pool, width
from assaymark.testing.dex.tree import Code, DebugEvent, Method

ADVANCE_PC, ADVANCE_LINE, START_LOCAL, START_LOCAL_EXTENDED, END_LOCAL, RESTART_LOCAL, PROLOGUE_END = range(1, 8)
FIRST_SPECIAL, LINE_BASE, LINE_RANGE = 0x0A, -4, 15


def debug_info(method: Method, code: Code, assembled: Assembled, pool: Pool) -> bytes | None:
    """Give the debug information item of a method, or `None` where the text gives none."""
    named = any(parameter.name is not None for parameter in method.parameters)
    if not code.debug and not named:
        return None
    end = len(assembled.units) // 2
    address = 0
    line = next((event.number for event in code.debug if event.kind == "line"), 1)
    names = _parameter_names(method, assembled)
    out = bytearray(uleb128(line) + uleb128(len(names)))
    for name in names:
        out += uleb128p1(-1 if name is None else pool.string(name))
    for event in code.debug:
        number = event.instruction
        at = assembled.offsets[number] if number < len(assembled.offsets) else end
        if event.kind == "line":
            out += _advance(at - address, event.number - line)
            line = event.number
        else:
            out += _advance_pc(at - address) + _local(event, assembled, pool)
        address = at
    return bytes(out) + b"\0"


def _parameter_names(method: Method, assembled: Assembled) -> list[str | None]:
    by_register: Mapping[str, str | None] = {one.register: one.name for one in method.parameters}
    word = assembled.ins - argument_words(method.ref.proto)
    names: list[str | None] = []
    for one in method.ref.proto.parameters:
        names.append(by_register.get(f"p{word}"))
        word += width(one)
    return names


def _advance_pc(units: int) -> bytes:
    return bytes((ADVANCE_PC,)) + uleb128(units) if units else b""


def _advance(units: int, lines: int) -> bytes:
    # A special opcode moves the line by -4 to 10 and the address by a few units at once, and adds an entry.
    out = b""
    if not LINE_BASE <= lines < LINE_BASE + LINE_RANGE:
        out += bytes((ADVANCE_LINE,)) + sleb128(lines)
        lines = 0
    special = FIRST_SPECIAL + lines - LINE_BASE + units * LINE_RANGE
    if special > 0xFF:
        out += _advance_pc(units)
        special -= units * LINE_RANGE
    return out + bytes((special,))


def _local(event: DebugEvent, assembled: Assembled, pool: Pool) -> bytes:
    if event.kind == "prologue":
        return bytes((PROLOGUE_END,))
    number = int(event.register[1:]) + (assembled.registers - assembled.ins if event.register[0] == "p" else 0)
    if event.kind == "local":
        names = uleb128p1(pool.string(event.name)) + uleb128p1(pool.type(event.type))
        if event.signature:
            return bytes((START_LOCAL_EXTENDED,)) + uleb128(number) + names + uleb128p1(pool.string(event.signature))
        return bytes((START_LOCAL,)) + uleb128(number) + names
    return bytes((END_LOCAL if event.kind == "end" else RESTART_LOCAL,)) + uleb128(number)
