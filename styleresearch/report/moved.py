"""Two runs of one table: which cells moved, by how much, and whether beyond the interval that the first gave them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from styleresearch.report.numbers import MISSING, Scale
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.sets import summarise_sets
from styleresearch.report.summary import summarise
from styleresearch.store.record import MethodName

Verdict: TypeAlias = Literal["same", "within", "beyond", "gone", "new"]
"""Of a cell: equal to the last digit; moved, and still in its interval; moved out of it; there in one run only."""

TOLERANCE = 1e-3
"""Share of its own value that a cell without an interval may move and still count as within it."""


@dataclass(frozen=True)
class Value:
    """A cell of one table: its mean with its interval, NaN where there is none, over ``n`` values."""

    mean: float
    lo: float
    hi: float
    n: int


_NONE = Value(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True)
class Move:
    """A cell in two tables.

    Attributes:
        method: its row.
        column: its column.
        then: in the first table.
        now: in the second.
        pictures: how many of its pictures have another value; of a value over a set, None.
        largest: by how much the value of a picture moved at most; NaN where none moved, or of a set.
        scale: how its column's numbers are written.
    """

    method: MethodName
    column: Heading
    then: Value
    now: Value
    pictures: int | None
    largest: float
    scale: Scale

    @property
    def by(self) -> float:
        """The mean now less the mean then."""
        return self.now.mean - self.then.mean

    @property
    def verdict(self) -> Verdict:
        """See ``Verdict``; a time is never the same, and says nothing of whether a result is."""
        if not (self.then.n and self.now.n):
            return "gone" if self.then.n else "new"
        if self.by == 0 and not self.pictures:
            return "same"
        if math.isfinite(self.then.lo) and self.then.lo < self.then.hi:
            return "within" if self.then.lo <= self.now.mean <= self.then.hi else "beyond"
        return "within" if abs(self.by) <= TOLERANCE * abs(self.then.mean) else "beyond"

    @property
    def text(self) -> str:
        """The cell then, with its interval, and now."""
        decimals = self.scale.decimals(self.then.mean, (self.then.hi - self.then.lo) / 2)
        if self.by and math.isfinite(self.by):  # as many as show that it moved
            decimals = max(decimals, min(self.scale.decimals(self.by) - 1, 9))
        power = 10.0**self.scale.exponent
        mean, lo, hi, now = (
            f"{value / power:.{decimals}f}" if math.isfinite(value) else MISSING
            for value in (self.then.mean, self.then.lo, self.then.hi, self.now.mean)
        )
        interval = f" ({lo} to {hi})" if math.isfinite(self.then.lo) and self.then.lo < self.then.hi else ""
        return f"{mean}{interval} -> {now}{f' ×10^{self.scale.exponent}' if self.scale.exponent else ''}"

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; None for what does not exist."""
        relative = self.by / abs(self.then.mean) if self.then.mean and math.isfinite(self.by) else math.nan
        numbers = {"moved": self.by, "relative": relative, "largest": self.largest}
        return {
            "method": self.method.name,
            "column": self.column.name,
            "cost": self.column.cost,
            "verdict": self.verdict,
            "then": _json(vars(self.then)),
            "now": _json(vars(self.now)),
            **_json(numbers),
            "pictures": self.pictures,
        }


def moves(then: RunRecords, now: RunRecords) -> list[Move]:
    """Return every cell of two tables: those of single pictures, then those over sets, each by method and column."""
    first, second = summarise(then), summarise(now)
    found = []
    for method in (*first.methods, *(each for each in second.methods if each not in first.methods)):
        for column in (*first.columns, *(each for each in second.columns if each.name not in _names(first.columns))):
            before, after = (_value(summary.cells.get((method.name, column.name))) for summary in (first, second))
            if before.n or after.n:
                scale = (first if column.name in first.scales else second).scales[column.name]
                pictures, largest = _pictures(then, now, method.name, column)
                found.append(Move(method, column, before, after, pictures, largest, scale))
    return [*found, *_of_sets(then, now)]


def _of_sets(then: RunRecords, now: RunRecords) -> Iterator[Move]:
    sides = [summarise_sets(run) for run in (then, now)]
    keys = dict.fromkeys((method, column.name) for side in sides if side for method, column in _keys(side))
    for method, name in keys:
        cells = [None if side is None else side.cells.get((method.name, name)) for side in sides]
        values = [_NONE if cell is None else Value(cell.mean, cell.lo, cell.hi, cell.seeds) for cell in cells]
        if any(value.n for value in values):
            known = next(side for side in sides if side is not None and name in side.scales)
            column = next(each for each in known.columns if each.name == name)
            yield Move(method, column, values[0], values[1], None, math.nan, known.scales[name])


def _keys(summary: Any) -> Iterator[tuple[MethodName, Heading]]:
    return ((method, column) for method in summary.methods for column in summary.columns)


def _names(columns: tuple[Heading, ...]) -> set[str]:
    return {column.name for column in columns}


def _value(cell: Any) -> Value:
    return _NONE if cell is None else Value(cell.estimate.mean, cell.estimate.lo, cell.estimate.hi, cell.estimate.n)


def _pictures(then: RunRecords, now: RunRecords, method: str, column: Heading) -> tuple[int, float]:
    """Return how many pictures have another value, and by how much the value of one moved at most."""
    moved = []
    for pair, before in then.of_method(method).items():
        after = now.records.get((method, pair))
        values = column.value(before), None if after is None else column.value(after)
        if values[0] != values[1]:
            moved.append(math.nan if values[0] is None or values[1] is None else abs(values[1] - values[0]))
    known = [each for each in moved if math.isfinite(each)]
    return len(moved), max(known, default=math.nan)


def _json(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}
