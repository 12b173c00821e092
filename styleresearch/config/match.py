"""At which equal value of a metric methods are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from styleresearch.options import Between


@dataclass(frozen=True)
class Match:
    """Methods are brought to one value of a metric by a number of theirs, a weight.

    Attributes:
        metric: name of a metric that each picture has.
        value: the mean that all are brought to, or the name of a method: its mean.
        tolerance: how far off a mean may be, relative to the value.
        field: what of a method is changed: a number above 0.
        budget: how many values of the field are tried for each method, at most, beside those of the sweep.
        methods: names of those that are matched; ``None`` for all that have the field.
    """

    metric: str
    value: float | str
    tolerance: Annotated[float, Between(0, 1, "()")] = 0.02
    field: str = "objective.style.weight"
    budget: Annotated[int, Between(1, 100)] = 8
    methods: Sequence[str] | None = None
