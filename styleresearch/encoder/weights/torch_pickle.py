"""What torch pickles of a dict of tensors, unpickled without torch and without executing what it asks for.

A pickle may call any function, and a short one may ask for any amount of time and memory. The unpickler here knows the
few names and instructions that a dict of tensors needs and refuses every other; what it builds, its length explains.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Sequence
from io import BytesIO
from operator import index
from typing import Any, ClassVar, NamedTuple

import numpy as np

from styleresearch.encoder.weights.stored import MOST_TENSORS

_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}

_LONGEST_NAME = 1000


class Storage(NamedTuple):
    """A flat buffer in the file, by its name there."""

    key: str
    dtype: np.dtype


class Tensor(NamedTuple):
    """A view of a storage, in values; a tuple, because a pickle can change an object's attributes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


# The unpickler written in Python: that in C makes room for the highest number of its memo before anything is there.
class Unpickler(pickle._Unpickler):
    """Unpickles plain values and tensors; ``storages`` collects by name what the tensors refer to."""

    # What Python's own unpickler works with, and its stubs do not name.
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")  # files written by Python 2 hold byte strings
        self.storages: dict[str, Storage] = {}
        self._copied = 0

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for ``module.name``, if it is one of the names a dict of tensors needs."""
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) == ("collections", "OrderedDict"):
            return self._ordered_dict
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(
            f"it refers to {module[:100]}.{name[:100]}, which is not a tensor and is not run. Allowed: a dict of "
            "tensors; save model.state_dict() in torch, or convert to .safetensors"
        )

    def persistent_load(self, pid: Any) -> tuple[Storage, int]:
        """Return the storage that ``pid`` names and where the view of it begins."""
        kind, dtype, key, _location, _size, *view = pid
        if kind != "storage" or dtype not in _STORAGES.values() or not isinstance(key, str):
            raise ValueError("it holds an unknown reference to a storage")
        start = int(view[0][1]) if view and view[0] else 0
        return self.storages.setdefault(key, Storage(key, np.dtype(dtype))), start

    def _ordered_dict(self, pairs: Sequence[tuple[Any, Any]] = ()) -> dict[Any, Any]:
        # A few bytes may ask for a copy of all pairs, and a few more for the next one.
        self._copied += len(pairs)
        if self._copied > MOST_TENSORS:
            raise ValueError(f"it makes dicts of more than {MOST_TENSORS} pairs")
        return {_key(key): value for key, value in pairs}

    def _set(self, pairs: Sequence[Any]) -> None:
        self.stack[-1].update({_key(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)})

    def _setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set((key, value))

    def _setitems(self) -> None:
        self._set(self.pop_mark())

    def _dict(self) -> None:
        pairs = self.pop_mark()
        self.append({})
        self._set(pairs)

    def _build(self) -> None:
        self.stack.pop()  # a state_dict's attribute _metadata, which nobody reads here
        if not isinstance(self.stack[-1], dict):
            raise pickle.UnpicklingError("it sets attributes, which is no part of a dict of tensors")

    def _refuse(self) -> None:
        raise pickle.UnpicklingError("it holds instances, sets or buffers, which are no part of a dict of tensors")

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **pickle._Unpickler.dispatch,
        **dict.fromkeys((pickle.INST[0], pickle.OBJ[0], pickle.NEWOBJ[0], pickle.NEWOBJ_EX[0]), _refuse),
        **dict.fromkeys((pickle.EMPTY_SET[0], pickle.ADDITEMS[0], pickle.FROZENSET[0], pickle.BYTEARRAY8[0]), _refuse),
        **dict.fromkeys((pickle.EXT1[0], pickle.EXT2[0], pickle.EXT4[0], pickle.NEXT_BUFFER[0]), _refuse),
        pickle.SETITEM[0]: _setitem,
        pickle.SETITEMS[0]: _setitems,
        pickle.DICT[0]: _dict,
        pickle.BUILD[0]: _build,
    }


def _key(key: Any) -> Any:
    if isinstance(key, tuple):  # the hash of a tuple of tuples of tuples may take for ever
        raise pickle.UnpicklingError("a dict in it has tuples for keys; names are needed")
    return key


def _tensor(view: tuple[Storage, int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    storage, start = view
    if not isinstance(storage, Storage):
        raise ValueError("a tensor without a storage")
    if len(shape) > 8 or len(shape) != len(strides):
        raise ValueError(f"a tensor of {len(shape)} dimensions with {len(strides)} strides")
    return Tensor(storage, start + index(offset), tuple(map(index, shape)), tuple(map(index, strides)))


def _tensor_v2(view: Any, offset: Any, shape: Any, strides: Any, *_gradient: Any) -> Tensor:
    return _tensor(view, offset, shape, strides)


def _parameter(data: Any, *_gradient: Any) -> Any:
    return data


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_v2,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}


def tensors_of(content: Any) -> dict[str, Tensor]:
    """Return the tensors of nested dicts by name, joined with dots; a dict that is there twice counts once.

    Raises:
        ValueError: if it is no dict, or names are too long or too many.
    """
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, not a dict of tensors")
    tensors: dict[str, Tensor] = {}
    known, todo = {id(content)}, deque([("", content)])
    while todo:
        prefix, one = todo.popleft()
        for name, value in one.items():
            if isinstance(name, str) and len(prefix) + len(name) > _LONGEST_NAME:
                raise ValueError(f"a name in it is longer than {_LONGEST_NAME} characters")
            if isinstance(value, Tensor):
                tensors[f"{prefix}{name}"] = value
            elif isinstance(value, dict) and id(value) not in known:
                known.add(id(value))
                todo.append((f"{prefix}{name}.", value))
        if len(tensors) > MOST_TENSORS:
            raise ValueError(f"it names more than {MOST_TENSORS} tensors")
    return tensors
