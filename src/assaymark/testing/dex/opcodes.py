"""The Dalvik instruction set: number, name, format and kind of reference of every opcode.

Source: the "Dalvik bytecode" and "Dalvik executable instruction formats" pages of the Android Open Source Project.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple


class Opcode(NamedTuple):
    """One opcode. `reference` is the kind of its pool index (`string`, `type`, `field`, `method`, …) or empty."""

    number: int
    name: str
    format: str
    reference: str


OPERANDS = MappingProxyType(
    {
        "10x": "",
        "10t": "label",
        "11n": "register literal",
        "11x": "register",
        "12x": "register register",
        "20t": "label",
        "21c": "register reference",
        "21h": "register literal",
        "21s": "register literal",
        "21t": "register label",
        "22b": "register register literal",
        "22c": "register register reference",
        "22s": "register register literal",
        "22t": "register register label",
        "22x": "register register",
        "23x": "register register register",
        "30t": "label",
        "31c": "register reference",
        "31i": "register literal",
        "31t": "register label",
        "32x": "register register",
        "35c": "list reference",
        "3rc": "range reference",
        "45cc": "list reference proto",
        "4rcc": "range reference proto",
        "51l": "register literal",
    }
)
"""What follows the name of an instruction in smali text, by format."""

_KINDS = ("", "-wide", "-object", "-boolean", "-byte", "-char", "-short")
_INT = ("add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "ushr")
_FLOAT = _INT[:5]
_INVOKES = ("virtual", "super", "direct", "static", "interface")
_BINARY = (
    *(f"{name}-int" for name in _INT),
    *(f"{name}-long" for name in _INT),
    *(f"{name}-float" for name in _FLOAT),
    *(f"{name}-double" for name in _FLOAT),
)

# Runs of opcodes with one format and one kind of reference: first number, format, reference, names.
_RUNS: tuple[tuple[int, str, str, tuple[str, ...]], ...] = (
    (0x00, "10x", "", ("nop",)),
    (0x01, "12x", "", ("move",)),
    (0x02, "22x", "", ("move/from16",)),
    (0x03, "32x", "", ("move/16",)),
    (0x04, "12x", "", ("move-wide",)),
    (0x05, "22x", "", ("move-wide/from16",)),
    (0x06, "32x", "", ("move-wide/16",)),
    (0x07, "12x", "", ("move-object",)),
    (0x08, "22x", "", ("move-object/from16",)),
    (0x09, "32x", "", ("move-object/16",)),
    (0x0A, "11x", "", ("move-result", "move-result-wide", "move-result-object", "move-exception")),
    (0x0E, "10x", "", ("return-void",)),
    (0x0F, "11x", "", ("return", "return-wide", "return-object")),
    (0x12, "11n", "", ("const/4",)),
    (0x13, "21s", "", ("const/16",)),
    (0x14, "31i", "", ("const",)),
    (0x15, "21h", "", ("const/high16",)),
    (0x16, "21s", "", ("const-wide/16",)),
    (0x17, "31i", "", ("const-wide/32",)),
    (0x18, "51l", "", ("const-wide",)),
    (0x19, "21h", "", ("const-wide/high16",)),
    (0x1A, "21c", "string", ("const-string",)),
    (0x1B, "31c", "string", ("const-string/jumbo",)),
    (0x1C, "21c", "type", ("const-class",)),
    (0x1D, "11x", "", ("monitor-enter", "monitor-exit")),
    (0x1F, "21c", "type", ("check-cast",)),
    (0x20, "22c", "type", ("instance-of",)),
    (0x21, "12x", "", ("array-length",)),
    (0x22, "21c", "type", ("new-instance",)),
    (0x23, "22c", "type", ("new-array",)),
    (0x24, "35c", "type", ("filled-new-array",)),
    (0x25, "3rc", "type", ("filled-new-array/range",)),
    (0x26, "31t", "", ("fill-array-data",)),
    (0x27, "11x", "", ("throw",)),
    (0x28, "10t", "", ("goto",)),
    (0x29, "20t", "", ("goto/16",)),
    (0x2A, "30t", "", ("goto/32",)),
    (0x2B, "31t", "", ("packed-switch", "sparse-switch")),
    (0x2D, "23x", "", ("cmpl-float", "cmpg-float", "cmpl-double", "cmpg-double", "cmp-long")),
    (0x32, "22t", "", ("if-eq", "if-ne", "if-lt", "if-ge", "if-gt", "if-le")),
    (0x38, "21t", "", ("if-eqz", "if-nez", "if-ltz", "if-gez", "if-gtz", "if-lez")),
    (0x44, "23x", "", tuple(f"aget{kind}" for kind in _KINDS)),
    (0x4B, "23x", "", tuple(f"aput{kind}" for kind in _KINDS)),
    (0x52, "22c", "field", tuple(f"iget{kind}" for kind in _KINDS)),
    (0x59, "22c", "field", tuple(f"iput{kind}" for kind in _KINDS)),
    (0x60, "21c", "field", tuple(f"sget{kind}" for kind in _KINDS)),
    (0x67, "21c", "field", tuple(f"sput{kind}" for kind in _KINDS)),
    (0x6E, "35c", "method", tuple(f"invoke-{kind}" for kind in _INVOKES)),
    (0x74, "3rc", "method", tuple(f"invoke-{kind}/range" for kind in _INVOKES)),
    (0x7B, "12x", "", ("neg-int", "not-int", "neg-long", "not-long", "neg-float", "neg-double")),
    (0x81, "12x", "", ("int-to-long", "int-to-float", "int-to-double")),
    (0x84, "12x", "", ("long-to-int", "long-to-float", "long-to-double")),
    (0x87, "12x", "", ("float-to-int", "float-to-long", "float-to-double")),
    (0x8A, "12x", "", ("double-to-int", "double-to-long", "double-to-float")),
    (0x8D, "12x", "", ("int-to-byte", "int-to-char", "int-to-short")),
    (0x90, "23x", "", _BINARY),
    (0xB0, "12x", "", tuple(f"{name}/2addr" for name in _BINARY)),
    (0xD0, "22s", "", ("add-int/lit16", "rsub-int", *(f"{name}-int/lit16" for name in _INT[2:8]))),
    (0xD8, "22b", "", ("add-int/lit8", "rsub-int/lit8", *(f"{name}-int/lit8" for name in _INT[2:]))),
    (0xFA, "45cc", "method", ("invoke-polymorphic",)),
    (0xFB, "4rcc", "method", ("invoke-polymorphic/range",)),
    (0xFC, "35c", "call-site", ("invoke-custom",)),
    (0xFD, "3rc", "call-site", ("invoke-custom/range",)),
    (0xFE, "21c", "method-handle", ("const-method-handle",)),
    (0xFF, "21c", "proto", ("const-method-type",)),
)

OPCODES = MappingProxyType(
    {
        name: Opcode(first + index, name, form, reference)
        for first, form, reference, names in _RUNS
        for index, name in enumerate(names)
    }
)
"""Every opcode by its name in smali text."""
