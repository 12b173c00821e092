"""What an executor is: a place where a function is applied to cells."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar, TypeVar

Cell = TypeVar("Cell")
Result = TypeVar("Result")


class Executor(AbstractContextManager["Executor"], abc.ABC):
    """Applies a function to cells, here or elsewhere; what it holds meanwhile ends with its block.

    Whatever the function has finished it has written down itself: an executor keeps nothing, and the same cells may be
    given to another later.

    Attributes:
        apart: whether the function is called in other processes, to which it is sent, and which write beside this one.
    """

    apart: ClassVar[bool] = True

    @abc.abstractmethod
    def map(self, function: Callable[[Cell], Result], cells: Iterable[Cell]) -> Iterator[Result]:
        """Yield what the function returns for each cell, as it comes; a cell is taken when its work begins.

        Raises:
            InputError: if a process ended before its cells were done.
        """

    def __exit__(self, *error: object) -> None:
        """End what was begun."""


class Here(Executor):
    """In this process, one after the other."""

    apart: ClassVar[bool] = False

    def map(self, function: Callable[[Cell], Result], cells: Iterable[Cell]) -> Iterator[Result]:
        """Yield the results in the order of the cells."""
        return map(function, cells)
