"""An axis of an SVG chart: where a value lies, and which values are labelled."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """Maps values from ``lo`` to ``hi`` onto pixels from ``start`` to ``stop``, linearly or by their logarithm."""

    lo: float
    hi: float
    start: float
    stop: float
    logarithmic: bool

    @classmethod
    def linear(cls, lo: float, hi: float, start: float, stop: float) -> Axis:
        """Return a linear axis; a range of width zero is widened."""
        return cls(lo, hi if hi > lo else lo + (abs(lo) or 1.0), start, stop, False)

    @classmethod
    def log(cls, lo: float, hi: float, start: float, stop: float) -> Axis:
        """Return a logarithmic axis with a little room at both ends. ``lo`` must be positive."""
        room = max(0.04 * (math.log10(hi) - math.log10(lo)), 0.05)
        return cls(lo / 10**room, hi * 10**room, start, stop, True)

    def place(self, value: float) -> float:
        """Return the pixel of a value, kept within the axis."""
        if self.logarithmic:
            value = max(value, self.lo)
            share = math.log(value / self.lo) / math.log(self.hi / self.lo)
        else:
            share = (value - self.lo) / (self.hi - self.lo)
        return self.start + min(max(share, 0.0), 1.0) * (self.stop - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Return about three to six labelled positions: (pixel, text)."""
        return [(self.place(value), text) for value, text in (self._decades() if self.logarithmic else self._steps())]

    def _decades(self) -> list[tuple[float, str]]:
        first, last = math.ceil(math.log10(self.lo)), math.floor(math.log10(self.hi))
        span = math.log10(self.hi / self.lo)
        if span > 2.6:
            step = max(1, math.ceil((last - first + 1) / 6))
            return [(10.0**k, "10" + str(k).translate(_SUPERSCRIPTS)) for k in range(first, last + 1, step)]
        found = []
        for k in range(first - 1, last + 1):
            for digit in (1, 2, 5) if span < 1.3 else (1, 3):
                value = digit * 10.0**k
                if self.lo <= value <= self.hi:
                    power = "10" + str(k).translate(_SUPERSCRIPTS)
                    text = (
                        f"{value:g}"
                        if self.lo >= 1e-4 and self.hi <= 1e5
                        else power
                        if digit == 1
                        else f"{digit}·{power}"
                    )
                    found.append((value, text))
        return found

    def _steps(self) -> list[tuple[float, str]]:
        rough = (self.hi - self.lo) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
        first = math.ceil(self.lo / step - 1e-9)
        count = math.floor(self.hi / step + 1e-9) - first + 1
        return [((first + i) * step, f"{(first + i) * step:g}") for i in range(count)]
