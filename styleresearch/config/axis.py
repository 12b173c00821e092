"""An axis of a sweep: the values that it gives to fields of a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from styleresearch.errors import InputError
from styleresearch.options import shown

Value: TypeAlias = float | int | str
"""Where on an axis a variant lies: a number, or a text where the value is none."""


@dataclass(frozen=True)
class Axis:
    """Values that a sweep gives to fields of the config.

    Attributes:
        field: a key of the config, "methods.gatys.evaluations"; ``*`` in place of a method's name stands for every
            method that has the key, and "encoder" for what methods see through, while metrics keep the config's.
            Several keys take their values together: a list in place of a grid.
        values: of the field, or tuples of them for several fields; ``{text: value}`` says what values without a name
            are called.
        factors: in place of values: numbers that the config's own value is multiplied with.
    """

    field: str | Sequence[str]
    values: Any = None
    factors: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if (self.values is None) == (self.factors is None):
            raise InputError("give values, or factors of the config's own value")
        if self.values is not None and (not isinstance(self.values, (tuple, list, Mapping)) or not self.values):
            raise InputError(f"values must be a tuple, or a dict of what they are called, got {shown(self.values)}")
        several = not isinstance(self.field, str)
        for value in self.values.values() if isinstance(self.values, Mapping) else self.values or ():
            if several and not (isinstance(value, (tuple, list)) and len(value) == len(self.field)):
                raise InputError(
                    f"of {len(self.field)} fields each value is a tuple of {len(self.field)}: {shown(value)}"
                )
        if several and self.factors is not None:
            raise InputError("factors go with one field")

    @property
    def fields(self) -> tuple[str, ...]:
        """The keys of the config."""
        return (self.field,) if isinstance(self.field, str) else tuple(self.field)

    def points(self) -> list[tuple[Value, tuple[Any, ...]]]:
        """Return (what it is called, a value for each field) of each value; of factors, the factors."""
        given = self.values or self.factors or ()
        pairs: list[tuple[Value, Any]] = [(called(each), each) for each in given]
        if isinstance(given, Mapping):
            pairs = list(given.items())
        return [(text, (each,) if isinstance(self.field, str) else tuple(each)) for text, each in pairs]


def called(value: Any) -> Value:
    """Return what a value is called in tables and file names."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, (tuple, list)):
        return "+".join(str(called(each)) for each in value) or "none"
    if isinstance(value, Mapping):
        return str(value.get("name", "+".join(f"{key}={called(each)}" for key, each in value.items())))
    return str(value)
