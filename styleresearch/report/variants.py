"""Variants of a method in a sweep: the axes that they lie on, as columns of tables, and in the order of one axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from styleresearch.report.numbers import MISSING
from styleresearch.store.record import MethodName


@dataclass(frozen=True)
class Group:
    """Variants of a method that differ on one axis, in its order."""

    label: str
    members: tuple[MethodName, ...]


def axes_of(methods: Iterable[MethodName]) -> tuple[str, ...]:
    """Return the names of a sweep's axes, in the order of the table's columns; none where there is no sweep."""
    return tuple(dict.fromkeys(name for m in methods if m.variant for name, _ in m.variant.values))


def row_label(method: MethodName) -> str:
    """Return what the row of a method is called in a table that has the axes as columns."""
    return method.label if method.variant is None else method.variant.label


def places(method: MethodName, axes: Sequence[str]) -> list[str]:
    """Return where a method lies on each axis, as a table has it."""
    values = {} if method.variant is None else dict(method.variant.values)
    return [_text(values[axis]) if axis in values else MISSING for axis in axes]


def groups(methods: Iterable[MethodName], axis: str) -> list[Group]:
    """Return the variants that differ on a numeric axis alone, two at least, each in the order of the axis."""
    found: dict[tuple[Any, ...], list[tuple[float, MethodName]]] = {}
    for method in methods:
        values = {} if method.variant is None else dict(method.variant.values)
        place = values.pop(axis, None)
        if method.variant is not None and isinstance(place, (int, float)):
            found.setdefault((method.variant.label, *values.items()), []).append((place, method))
    return [
        Group(
            ", ".join([label, *(f"{name} {_text(value)}" for name, value in rest)]),
            tuple(method for _, method in sorted(members, key=lambda each: each[0])),
        )
        for (label, *rest), members in found.items()
        if len(members) > 1
    ]


def place(method: MethodName, axis: str) -> float:
    """Return where a method lies on a numeric axis."""
    values = {} if method.variant is None else dict(method.variant.values)
    return float(values[axis])


def _text(value: float | int | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
