"""What smali text says, as values: classes, members, code, annotations, constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# References. A type is its descriptor, a string its text.


class Proto(NamedTuple):
    """Parameter types and return type of a method."""

    parameters: tuple[str, ...]
    returns: str

    def __str__(self) -> str:
        return f"({''.join(self.parameters)}){self.returns}"


class FieldRef(NamedTuple):
    """A field by owner, name and type."""

    owner: str
    name: str
    type: str


class MethodRef(NamedTuple):
    """A method by owner, name and prototype."""

    owner: str
    name: str
    proto: Proto


class MethodHandle(NamedTuple):
    """A method handle: kind as the format numbers it (0 static-put … 8 invoke-interface) and its target."""

    kind: int
    target: FieldRef | MethodRef


class Value(NamedTuple):
    """An encoded value: one of the `VALUE_*` kinds and its content: number, reference, annotation or tuple."""

    kind: int
    content: object


class CallSite(NamedTuple):
    """A call site: bootstrap method, name and prototype it links, further constant arguments."""

    bootstrap: MethodHandle
    name: str
    proto: Proto
    arguments: tuple[Value, ...]


Reference = str | Proto | FieldRef | MethodRef | MethodHandle | CallSite

VALUE_BYTE = 0x00
VALUE_SHORT = 0x02
VALUE_CHAR = 0x03
VALUE_INT = 0x04
VALUE_LONG = 0x06
VALUE_FLOAT = 0x10
VALUE_DOUBLE = 0x11
VALUE_METHOD_TYPE = 0x15
VALUE_METHOD_HANDLE = 0x16
VALUE_STRING = 0x17
VALUE_TYPE = 0x18
VALUE_FIELD = 0x19
VALUE_METHOD = 0x1A
VALUE_ENUM = 0x1B
VALUE_ARRAY = 0x1C
VALUE_ANNOTATION = 0x1D
VALUE_NULL = 0x1E
VALUE_BOOLEAN = 0x1F


class Annotation(NamedTuple):
    """An annotation: visibility (0 build, 1 runtime, 2 system), type, elements by name."""

    visibility: int
    type: str
    elements: tuple[tuple[str, Value], ...]


@dataclass(slots=True)
class Instruction:
    """One instruction or payload as written. Registers are names (`v0`, `p1`) until the method's size is known.

    Payloads are named `.packed-switch`, `.sparse-switch` and `.array-data` and keep their content in `payload`:
    pairs of key and label, or the elements of the array; `literal` is then the first key or the element width.
    """

    name: str
    line: int
    registers: tuple[str, ...] = ()
    literal: int | None = None
    label: str = ""
    reference: Reference = ""
    proto: Proto | None = None
    payload: tuple[tuple[int, str], ...] | tuple[int, ...] = ()


class Catch(NamedTuple):
    """A handler over a range of labels; `type` is empty for `.catchall`."""

    type: str
    start: str
    end: str
    handler: str
    line: int


class DebugEvent(NamedTuple):
    """What debug information says at this instruction: `line`, `local`, `end`, `restart` or `prologue`."""

    instruction: int
    kind: str
    number: int = 0
    register: str = ""
    name: str = ""
    type: str = ""


@dataclass(slots=True)
class Code:
    """The body of a method. `labels` maps a label to the number of the instruction after it.

    `registers` counts all registers; while it is -1, `locals` counts those before the parameters.
    """

    registers: int = -1
    locals: int = 0
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    catches: list[Catch] = field(default_factory=list)
    debug: list[DebugEvent] = field(default_factory=list)


@dataclass(slots=True)
class Parameter:
    """What `.param` says of one parameter: its name for debuggers and its annotations."""

    register: str
    name: str | None
    annotations: list[Annotation]


@dataclass(slots=True)
class Field:
    """A field of a class, with the value a static one starts with."""

    ref: FieldRef
    access: int
    value: Value | None
    annotations: list[Annotation]
    line: int


@dataclass(slots=True)
class Method:
    """A method of a class; `code` is `None` for abstract and native ones."""

    ref: MethodRef
    access: int
    line: int
    code: Code | None = None
    annotations: list[Annotation] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)


@dataclass(slots=True)
class Class:
    """A class as one `.class` section of a file gives it."""

    file: str
    line: int
    type: str
    access: int
    superclass: str | None = None
    interfaces: list[str] = field(default_factory=list)
    source: str | None = None
    annotations: list[Annotation] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)
