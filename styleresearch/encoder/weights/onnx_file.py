"""The initialisers of an ONNX file, found without building the model in memory.

An ONNX file is a protocol buffer: fields of a number, a kind and a value, where a message is a value that holds fields.
Only the lengths are read to come from one to the next: parsed as a whole, empty messages of two bytes would take a
hundred times their room.

Source: onnx.proto3 of the ONNX project (field numbers); the encoding of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.encoder.weights.stored import LARGEST, MOST_TENSORS, Index, Stored

# ModelProto.graph, GraphProto.initializer, and fields of TensorProto.
_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _EXTERNAL_DATA, _DATA_LOCATION = 1, 2, 8, 13, 14
_FLOATS = {1: "float32", 10: "float16", 11: "float64"}

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


@contextmanager
def opened_onnx(file: Path) -> Iterator[Index]:
    """Yield the initialisers by name."""
    tensors: dict[str, Callable[[], Stored]] = {}
    data = np.memmap(file, np.uint8, "r").data if file.stat().st_size else memoryview(b"")
    for graph in _messages(data, _GRAPH):
        for tensor in _messages(graph, _INITIALIZER):
            tensors[_name(tensor)] = partial(_describe, tensor)
            if len(tensors) > MOST_TENSORS:
                raise ValueError(f"it names more than {MOST_TENSORS} tensors")
    if not tensors:
        raise ValueError("it holds no initialisers")
    yield tensors


def _name(tensor: memoryview) -> str:
    name = b""
    for number, value in _fields(tensor):
        if number == _NAME and isinstance(value, memoryview):
            name = bytes(value)
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the name {name!r} of a tensor is not UTF-8") from error


def _describe(tensor: memoryview) -> Stored:
    shape: list[int] = []
    kind: Any = 0
    for number, value in _fields(tensor):
        if number == _DIMS:
            shape += [*_varints(value)] if isinstance(value, memoryview) else [value]
        elif number == _DATA_TYPE:
            kind = value
        elif number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value):
            raise ValueError("its tensors are in another file; save the model with them inside")
        if len(shape) > 8:
            raise ValueError(f"{_name(tensor)!r} has more than 8 dimensions")

    def read() -> np.ndarray:
        import onnx
        from onnx import numpy_helper

        if len(tensor) > 16 * LARGEST:
            raise ValueError(f"{_name(tensor)!r} has {len(tensor)} bytes, more than any layer")
        array = numpy_helper.to_array(onnx.TensorProto.FromString(bytes(tensor)))
        if array.shape != tuple(shape):
            raise ValueError(f"{_name(tensor)!r} has the shape {tuple(shape)}, but numbers for {array.shape}")
        return array

    return Stored(tuple(shape), _FLOATS.get(kind, f"ONNX type {kind}"), read)


def _messages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, value in _fields(data):
        if number == wanted and isinstance(value, memoryview):
            yield value


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (number, value) of each field: a whole number, or its bytes for one of a length.

    Raises:
        ValueError: if ``data`` is not an encoded message.
    """
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError("it is not an ONNX file, or damaged")
        if place + length > len(data):
            raise ValueError("it ends within a field; it is cut off, or not an ONNX file")
        yield number, data[place : place + length]
        place += length


def _varints(data: memoryview) -> Iterator[int]:
    place = 0
    while place < len(data):
        value, place = _varint(data, place)
        yield value


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return the number that begins at ``place``, seven bits a byte and the lowest first, and where it ends."""
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise ValueError("a number in it has no end; it is cut off, or not an ONNX file")
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
