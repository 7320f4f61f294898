"""Method bodies to bytes: instructions, payloads, handlers, debug information."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from assaymark.testing.dex.binary import sleb128, uleb128, uleb128p1
from assaymark.testing.dex.error import AssemblyError
from assaymark.testing.dex.opcodes import OPCODES, Opcode
from assaymark.testing.dex.pool import Pool, width
from assaymark.testing.dex.tree import (
    CallSite,
    Code,
    DebugEvent,
    FieldRef,
    Instruction,
    Method,
    MethodHandle,
    MethodRef,
    Proto,
    Reference,
)

_STATIC = 0x8
_PAYLOADS = {".packed-switch": 0x0100, ".sparse-switch": 0x0200, ".array-data": 0x0300}
_REGISTER_BITS = {
    "11n": (4,), "11x": (8,), "12x": (4, 4), "21c": (8,), "21h": (8,), "21s": (8,), "21t": (8,), "22b": (8, 8),
    "22c": (4, 4), "22s": (4, 4), "22t": (4, 4), "22x": (8, 16), "23x": (8, 8, 8), "31c": (8,), "31i": (8,),
    "31t": (8,), "32x": (16, 16), "51l": (8,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assembled:
    """A method body as bytes. Addresses count code units.

    `offsets` holds the address of each instruction, `tries` the first and the last address (exclusive) of each guarded
    range with its handlers: exception type (empty for all) and address.
    """

    registers: int
    ins: int
    outs: int
    units: bytes
    offsets: tuple[int, ...]
    tries: tuple[tuple[int, int, tuple[tuple[str, int], ...]], ...]


def assemble_code(method: Method, code: Code, pool: Pool, file: str) -> Assembled:
    """Give the body of a method with every index from `pool`. Raises `AssemblyError`."""
    return _Body(method, code, pool, file).assemble()


class _Body:
    def __init__(self, method: Method, code: Code, pool: Pool, file: str) -> None:
        self.code, self.pool, self.file = code, pool, file
        self.ins = argument_words(method.ref.proto) + (0 if method.access & _STATIC else 1)
        self.registers = code.registers if code.registers >= 0 else code.locals + self.ins
        if not self.ins <= self.registers <= 0xFFFF:
            raise AssemblyError(
                file, method.line, f"{self.ins} registers hold the parameters, found {self.registers} in all"
            )
        self.outs = 0
        self.offsets, self.size = self._layout()

    def fail(self, instruction: Instruction, message: str) -> NoReturn:
        raise AssemblyError(self.file, instruction.line, message)

    def _layout(self) -> tuple[tuple[int, ...], int]:
        offsets: list[int] = []
        at = 0
        for instruction in self.code.instructions:
            if instruction.name in _PAYLOADS:
                at += at & 1  # payloads start on four bytes; a nop fills the gap
            offsets.append(at)
            at += _units(instruction)
        return tuple(offsets), at

    def assemble(self) -> Assembled:
        out = bytearray()
        for instruction, offset in zip(self.code.instructions, self.offsets, strict=True):
            out += bytes(offset * 2 - len(out))
            payload = instruction.name in _PAYLOADS
            out += self.payload(instruction) if payload else self.instruction(instruction, offset)
        return Assembled(self.registers, self.ins, self.outs, bytes(out), self.offsets, self.tries())

    def address(self, label: str, line: int) -> int:
        number = self.code.labels.get(label)
        if number is None:
            raise AssemblyError(self.file, line, f"expected a label that exists, found {label!r}")
        return self.offsets[number] if number < len(self.offsets) else self.size

    def register(self, instruction: Instruction, name: str, bits: int) -> int:
        number = int(name[1:])
        if name[0] == "p":
            number += self.registers - self.ins
        if number >= self.registers:
            self.fail(instruction, f"register {name} is outside the {self.registers} registers of the method")
        if number >= 1 << bits:
            self.fail(
                instruction, f"register {name} is v{number}, and {instruction.name} reaches v{(1 << bits) - 1} at most"
            )
        return number

    def reference(self, instruction: Instruction, reference: Reference, bits: int) -> int:
        index = _index(self.pool, reference, OPCODES[instruction.name])
        if index >= 1 << bits:
            self.fail(instruction, f"index {index} does not fit in {bits} bits; use const-string/jumbo")
        return index

    def branch(self, instruction: Instruction, offset: int, bits: int) -> int:
        distance = self.address(instruction.label, instruction.line) - offset
        if not -(1 << bits - 1) <= distance < 1 << bits - 1:
            self.fail(instruction, f"{instruction.label} is {distance} code units away, too far for {instruction.name}")
        if distance == 0 and instruction.name != "goto/32":
            self.fail(instruction, f"{instruction.name} cannot jump to itself; use goto/32")
        return distance

    def instruction(self, one: Instruction, offset: int) -> bytes:
        opcode = OPCODES[one.name]
        number, form = opcode.number, opcode.format
        bits = _REGISTER_BITS.get(form, ())
        regs = [self.register(one, name, size) for name, size in zip(one.registers, bits, strict=False)]
        literal = one.literal or 0
        match form:
            case "10x":
                return bytes((number, 0))
            case "11x":
                return bytes((number, regs[0]))
            case "12x":
                return bytes((number, regs[1] << 4 | regs[0]))
            case "11n":
                return bytes((number, (literal & 0xF) << 4 | regs[0]))
            case "10t":
                return struct.pack("<Bb", number, self.branch(one, offset, 8))
            case "20t":
                return struct.pack("<BBh", number, 0, self.branch(one, offset, 16))
            case "30t":
                return struct.pack("<BBi", number, 0, self.branch(one, offset, 32))
            case "21t":
                return struct.pack("<BBh", number, regs[0], self.branch(one, offset, 16))
            case "22t":
                return struct.pack("<BBh", number, regs[1] << 4 | regs[0], self.branch(one, offset, 16))
            case "31t":
                self.check_payload(one)
                return struct.pack("<BBi", number, regs[0], self.branch(one, offset, 32))
            case "21s" | "21h":
                return struct.pack("<BBh", number, regs[0], literal)
            case "22s":
                return struct.pack("<BBh", number, regs[1] << 4 | regs[0], literal)
            case "22b":
                return struct.pack("<BBBb", number, *regs, literal)
            case "22x":
                return struct.pack("<BBH", number, *regs)
            case "23x":
                return struct.pack("<BBBB", number, *regs)
            case "32x":
                return struct.pack("<BBHH", number, 0, *regs)
            case "31i":
                return struct.pack("<BBi", number, regs[0], literal)
            case "51l":
                return struct.pack("<BBq", number, regs[0], literal)
        index = self.reference(one, one.reference, 32 if form == "31c" else 16)
        match form:
            case "21c":
                return struct.pack("<BBH", number, regs[0], index)
            case "31c":
                return struct.pack("<BBI", number, regs[0], index)
            case "22c":
                return struct.pack("<BBH", number, regs[1] << 4 | regs[0], index)
        made = self.listed(one, number, index) if form.startswith(("35", "45")) else self.ranged(one, number, index)
        return made if one.proto is None else made + struct.pack("<H", self.pool.proto(one.proto))

    def listed(self, one: Instruction, number: int, index: int) -> bytes:
        if len(one.registers) > 5:
            self.fail(one, f"{one.name} takes 5 registers at most; use {one.name}/range")
        regs = [self.register(one, name, 4) for name in one.registers]
        self.count_words(one, len(regs))
        c, d, e, f, g = regs + [0] * (5 - len(regs))
        return struct.pack("<BBHBB", number, len(regs) << 4 | g, index, d << 4 | c, f << 4 | e)

    def ranged(self, one: Instruction, number: int, index: int) -> bytes:
        if not one.registers:
            self.count_words(one, 0)
            return struct.pack("<BBHH", number, 0, index, 0)
        first, last = (self.register(one, name, 16) for name in one.registers)
        count = last - first + 1
        if not 0 < count <= 0xFF:
            self.fail(one, f"expected a range of 1 to 255 registers, found {count}")
        self.count_words(one, count)
        return struct.pack("<BBHH", number, count, index, first)

    def count_words(self, one: Instruction, words: int) -> None:
        target = one.reference
        if isinstance(target, str):  # filled-new-array passes nothing to a method
            return
        self.outs = max(self.outs, words)
        wanted = -1
        if one.proto is not None:
            wanted = argument_words(one.proto) + 1
        elif isinstance(target, MethodRef):
            wanted = argument_words(target.proto) + (0 if one.name.startswith("invoke-static") else 1)
        elif isinstance(target, CallSite):
            wanted = argument_words(target.proto)
        if wanted not in (-1, words):
            self.fail(one, f"expected {wanted} registers for the receiver and the arguments, found {words}")

    def check_payload(self, one: Instruction) -> None:
        number = self.code.labels.get(one.label)
        wanted = ".array-data" if one.name == "fill-array-data" else f".{one.name}"
        instructions = self.code.instructions
        if number is None or number >= len(instructions) or instructions[number].name != wanted:
            self.fail(one, f"expected {wanted} at {one.label}")

    def payload(self, one: Instruction) -> bytes:
        head = struct.pack("<H", _PAYLOADS[one.name])
        if one.name == ".array-data":
            size = one.literal or 1
            body = b"".join((value & (1 << size * 8) - 1).to_bytes(size, "little") for value in _numbers(one))
            return head + struct.pack("<HI", size, len(one.payload)) + body + bytes(len(body) & 1)
        base = self.switch_of(one)
        cases = [(key, self.address(label, one.line) - base) for key, label in _cases(one)]
        targets = struct.pack(f"<{len(cases)}i", *(target for _, target in cases))
        if one.name == ".packed-switch":
            return head + struct.pack("<Hi", len(cases), one.literal or 0) + targets
        return head + struct.pack(f"<H{len(cases)}i", len(cases), *(key for key, _ in cases)) + targets

    def switch_of(self, payload: Instruction) -> int:
        number = next(index for index, one in enumerate(self.code.instructions) if one is payload)
        labels = {label for label, at in self.code.labels.items() if at == number}
        users = [
            offset
            for one, offset in zip(self.code.instructions, self.offsets, strict=True)
            if one.label in labels and one.name == payload.name[1:]
        ]
        if len(users) != 1:
            self.fail(payload, f"expected one {payload.name[1:]} that uses this table, found {len(users)}")
        return users[0]

    def tries(self) -> tuple[tuple[int, int, tuple[tuple[str, int], ...]], ...]:
        """Cut overlapping ranges into pieces; each piece keeps its handlers in the order in which they were written."""
        ranges = [
            (
                self.address(c.start, c.line),
                self.address(c.end, c.line),
                c.type,
                self.address(c.handler, c.line),
                c.line,
            )
            for c in self.code.catches
        ]
        for start, end, _, _, line in ranges:
            if start >= end:
                raise AssemblyError(self.file, line, "expected a range that covers an instruction")
        cuts = sorted({cut for start, end, *_ in ranges for cut in (start, end)})
        pieces: list[tuple[int, int, tuple[tuple[str, int], ...]]] = []
        for start, end in pairwise(cuts):
            handlers = _until_catchall(
                [(kind, target) for first, last, kind, target, _ in ranges if first <= start and end <= last]
            )
            if pieces and handlers == pieces[-1][2] and pieces[-1][1] == start and end - pieces[-1][0] <= 0xFFFF:
                start = pieces.pop()[0]
            if handlers:
                pieces.append((start, end, handlers))
        return tuple(pieces)


def _until_catchall(handlers: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    typed = dict.fromkeys(handler for handler in handlers if handler[0])
    everything = [handler for handler in handlers if not handler[0]]
    return (*typed, *everything[:1])


def _numbers(one: Instruction) -> list[int]:
    return [value for value in one.payload if isinstance(value, int)]


def _cases(one: Instruction) -> list[tuple[int, str]]:
    return [case for case in one.payload if isinstance(case, tuple)]


def _units(instruction: Instruction) -> int:
    """Length in code units; the first digit of a format's name says it."""
    count = len(instruction.payload)
    match instruction.name:
        case ".packed-switch":
            return 4 + 2 * count
        case ".sparse-switch":
            return 2 + 4 * count
        case ".array-data":
            return 4 + (count * (instruction.literal or 1) + 1) // 2
    return int(OPCODES[instruction.name].format[0])


def argument_words(proto: Proto) -> int:
    """Give how many registers the parameters of a prototype take."""
    return sum(width(one) for one in proto.parameters)


def _index(pool: Pool, reference: Reference, opcode: Opcode) -> int:
    match reference:
        case FieldRef():
            return pool.field(reference)
        case MethodRef():
            return pool.method(reference)
        case MethodHandle():
            return pool.handle(reference)
        case CallSite():
            return pool.site(reference)
        case Proto():
            return pool.proto(reference)
    return pool.string(reference) if opcode.reference == "string" else pool.type(reference)


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
    return b"\x01" + uleb128(units) if units else b""


def _advance(units: int, lines: int) -> bytes:
    # A special opcode moves the line by -4 to 10 and the address by up to 15 at once, and adds an entry.
    out = b""
    if not -4 <= lines <= 10:
        out += b"\x02" + sleb128(lines)
        lines = 0
    special = lines + 4 + units * 15 + 0x0A
    if special > 0xFF:
        out += _advance_pc(units)
        special = lines + 4 + 0x0A
    return out + bytes((special,))


def _local(event: DebugEvent, assembled: Assembled, pool: Pool) -> bytes:
    if event.kind == "prologue":
        return b"\x07"
    number = int(event.register[1:]) + (assembled.registers - assembled.ins if event.register[0] == "p" else 0)
    if event.kind == "local":
        return b"\x03" + uleb128(number) + uleb128p1(pool.string(event.name)) + uleb128p1(pool.type(event.type))
    return bytes((5 if event.kind == "end" else 6,)) + uleb128(number)
