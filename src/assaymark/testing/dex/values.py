"""Encoded values and annotations to bytes."""

from __future__ import annotations

import struct
from typing import cast

from assaymark.testing.dex import tree
from assaymark.testing.dex.binary import uleb128
from assaymark.testing.dex.pool import Pool
from assaymark.testing.dex.tree import Annotation, FieldRef, MethodHandle, MethodRef, Proto, Value


def encode_value(value: Value, pool: Pool) -> bytes:
    """Give a value with its head byte: kind in the low five bits, length or argument in the high three."""
    kind, content = value
    match kind:
        case tree.VALUE_NULL:
            return bytes((kind,))
        case tree.VALUE_BOOLEAN:
            return bytes((kind | bool(content) << 5,))
        case tree.VALUE_ARRAY:
            return bytes((kind,)) + encode_array(cast(tuple[Value, ...], content), pool)
        case tree.VALUE_ANNOTATION:
            return bytes((kind,)) + encode_annotation(cast(Annotation, content), pool)
        case tree.VALUE_FLOAT:
            return _sized(kind, struct.pack("<f", content).lstrip(b"\0"))
        case tree.VALUE_DOUBLE:
            return _sized(kind, struct.pack("<d", content).lstrip(b"\0"))
        case tree.VALUE_BYTE | tree.VALUE_SHORT | tree.VALUE_INT | tree.VALUE_LONG:
            number = cast(int, content)
            return _sized(kind, number.to_bytes(_signed_length(number), "little", signed=True))
        case tree.VALUE_CHAR:
            return _sized(kind, _unsigned(cast(int, content)))
    return _sized(kind, _unsigned(_index(value, pool)))


def _index(value: Value, pool: Pool) -> int:
    kind, content = value
    match kind:
        case tree.VALUE_STRING:
            return pool.string(cast(str, content))
        case tree.VALUE_TYPE:
            return pool.type(cast(str, content))
        case tree.VALUE_FIELD | tree.VALUE_ENUM:
            return pool.field(cast(FieldRef, content))
        case tree.VALUE_METHOD:
            return pool.method(cast(MethodRef, content))
        case tree.VALUE_METHOD_TYPE:
            return pool.proto(cast(Proto, content))
    return pool.handle(cast(MethodHandle, content))


def _sized(kind: int, raw: bytes) -> bytes:
    raw = raw or b"\0"
    return bytes((kind | len(raw) - 1 << 5,)) + raw


def _signed_length(number: int) -> int:
    return ((number if number >= 0 else ~number).bit_length() + 8) // 8


def _unsigned(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "little")


def encode_array(values: tuple[Value, ...], pool: Pool) -> bytes:
    """Give an encoded array: length, then the values."""
    return uleb128(len(values)) + b"".join(encode_value(value, pool) for value in values)


def encode_annotation(annotation: Annotation, pool: Pool) -> bytes:
    """Give an encoded annotation without its visibility: type, then the elements in the order of their names."""
    elements = sorted((pool.string(name), encode_value(value, pool)) for name, value in annotation.elements)
    body = b"".join(uleb128(name) + value for name, value in elements)
    return uleb128(pool.type(annotation.type)) + uleb128(len(elements)) + body
