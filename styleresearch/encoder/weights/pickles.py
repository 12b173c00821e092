"""Pickles of nested dicts of tensors, unpickled without executing what they ask for.

A pickle may call any function, and a short one may ask for any amount of time and memory. The unpickler here knows the
few names and instructions that a dict of tensors needs and refuses every other; what it builds, its length explains.
"""

from __future__ import annotations

import abc
import pickle
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from styleresearch.encoder.weights.stored import MOST_TENSORS

T = TypeVar("T")

_LONGEST_NAME = 1000


class Built(abc.ABC):
    """Something that a pickle makes first and describes afterwards."""

    @abc.abstractmethod
    def build(self, state: Any) -> None:
        """Take the description, or raise ValueError."""


# The unpickler written in Python: that in C makes room for the highest number of its memo before anything is there.
class Unpickler(pickle._Unpickler):
    """Unpickles plain values, and what the names that it is given stand for.

    Args:
        stream: has ``read`` and ``readline``.
        names: (module, name) -> what stands for it.
        advice: what to do with a file that names others.
    """

    # What Python's own unpickler works with, and its stubs do not name.
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: Any, names: Mapping[tuple[str, str], Any], advice: str) -> None:
        super().__init__(stream, encoding="utf-8")  # files written by Python 2 hold byte strings
        self._names, self._advice = names, advice
        self._copied = 0

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for ``module.name``, if it is one of the names a dict of tensors needs."""
        if (module, name) == ("collections", "OrderedDict"):
            return self._ordered_dict
        if (module, name) in self._names:
            return self._names[module, name]
        raise pickle.UnpicklingError(
            f"it refers to {module[:100]}.{name[:100]}, which is not a tensor and is not run. Allowed: a dict of "
            f"tensors; {self._advice}"
        )

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
        state = self.stack.pop()
        if isinstance(self.stack[-1], Built):
            self.stack[-1].build(state)
        elif not isinstance(self.stack[-1], dict):  # a state_dict's attribute _metadata, which nobody reads here
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


def tensors_of(content: Any, kind: type[T]) -> dict[str, T]:
    """Return the tensors of nested dicts by name, joined with dots; a dict that is there twice counts once.

    Raises:
        ValueError: if it is no dict, or names are too long or too many.
    """
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, not a dict of tensors")
    tensors: dict[str, T] = {}
    known, todo = {id(content)}, deque([("", content)])
    while todo:
        prefix, one = todo.popleft()
        for name, value in one.items():
            if isinstance(name, str) and len(prefix) + len(name) > _LONGEST_NAME:
                raise ValueError(f"a name in it is longer than {_LONGEST_NAME} characters")
            if isinstance(value, kind):
                tensors[f"{prefix}{name}"] = value
            elif isinstance(value, dict) and id(value) not in known:
                known.add(id(value))
                todo.append((f"{prefix}{name}.", value))
        if len(tensors) > MOST_TENSORS:
            raise ValueError(f"it names more than {MOST_TENSORS} tensors")
    return tensors
