"""The bounds of options, and the types of those that many have.

    patch: Annotated[int, Between(1, 32)] = 3
    widths: Annotated[tuple[Annotated[int, Between(1, 4096)], ...], Length(1, 8)] = (32, 64)

Bounds are there so that no value hangs or breaks the program; they are far from what anybody uses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args, get_origin


@dataclasses.dataclass(frozen=True)
class Between:
    """The bounds of a number, in an ``Annotated`` type.

    Attributes:
        low: the lower one.
        high: the upper one.
        ends: which of them are allowed themselves, as intervals are written: "[)" means low but not high.
    """

    low: float | int
    high: float | int
    ends: Literal["[]", "(]", "[)", "()"] = "[]"

    def fits(self, value: float | int) -> bool:
        """Return whether a number is within them."""
        above = self.low <= value if self.ends[0] == "[" else self.low < value
        return above and (value <= self.high if self.ends[1] == "]" else value < self.high)

    def __str__(self) -> str:
        """Return them as a sentence says them: "from 1 to 32", "above 0 and below 1"."""
        low, high = (str(end) if isinstance(end, int) else f"{end:g}" for end in (self.low, self.high))
        if self.ends == "[]":
            return f"from {low} to {high}"
        above, below = {"[": "at least", "(": "above"}, {"]": "at most", ")": "below"}
        return f"{above[self.ends[0]]} {low} and {below[self.ends[1]]} {high}"


@dataclasses.dataclass(frozen=True)
class Length:
    """How many entries a tuple or sequence has, in an ``Annotated`` type.

    Attributes:
        least: at least so many.
        most: at most so many.
    """

    least: int
    most: int

    def fits(self, value: Sequence[Any]) -> bool:
        """Return whether a sequence has as many."""
        return self.least <= len(value) <= self.most

    def __str__(self) -> str:
        """Return them as a sentence says them."""
        return f"of {self.least} to {self.most} entries"


Seed = Annotated[int, Between(0, 2**32 - 1)]
"""What random numbers begin with."""

Layers = Annotated[tuple[str, ...], Length(1, 1000)]
"""Names of an encoder's layers."""

Weight = Annotated[float, Between(0, 1e30)]
"""How much a term of a loss counts."""

Epsilon = Annotated[float, Between(0, 1e6)]
"""What is added to a variance."""

Positive = Annotated[float, Between(0, 1e30, "(]")]
"""A learning rate, a temperature, a norm: anything but 0."""

Share = Annotated[float, Between(0, 1)]
"""From none to all."""

Decay = Annotated[float, Between(0, 1, "[)")]
"""Of a moving average."""

Channels = Annotated[int, Between(1, 4096)]
"""How wide a layer is."""

Count = Annotated[int, Between(1, 2**31 - 1)]
"""A number of steps, which arrays hold as int32."""


def bounds_of(hint: Any) -> str:
    """Return the bounds of an option's number, or of each of its numbers; empty where it has none."""
    for member in get_args(hint):
        if isinstance(member, Between):
            return str(member)
        if get_origin(hint) is not Literal and (found := bounds_of(member)):
            return found
    return ""
