"""Numbers for people: as many digits as the interval supports, one power of ten per column."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MISSING = "–"
"""An en dash stands for a value that does not exist."""
MOST_DECIMALS = 6
"""A number with more zeros than this behind the point is written in scientific notation."""


@dataclass(frozen=True)
class Scale:
    """How the numbers of one column are written: divided by ``10 ** exponent``, which its heading states."""

    exponent: int = 0

    def text(self, value: float, uncertainty: float = math.nan) -> str:
        """Write a value with three significant digits, or more where the uncertainty is smaller than that.

        The uncertainty (half the width of the interval) is resolved to two digits. NaN is written ``MISSING``.
        """
        return self._fixed(value, self.decimals(value, uncertainty))

    def interval(self, mean: float, lo: float, hi: float) -> tuple[str, str, str]:
        """Write a mean and the ends of its interval with the same number of decimals."""
        decimals = self.decimals(mean, (hi - lo) / 2)
        return self._fixed(mean, decimals), self._fixed(lo, decimals), self._fixed(hi, decimals)

    def decimals(self, value: float, uncertainty: float = math.nan) -> int:
        """Return how many decimals a value is written with, 0 to 6."""
        scaled = [abs(number) / 10.0**self.exponent for number in (value, uncertainty)]
        wanted = 0
        if math.isfinite(scaled[0]) and scaled[0] > 0:
            wanted = 2 - math.floor(math.log10(scaled[0]))
        if math.isfinite(scaled[1]) and scaled[1] > 0:
            finer = 1 - math.floor(math.log10(scaled[1]))
            # An interval as wide as the mean does not need the mean's third digit; a mean of 0 has no digits itself.
            wanted = max(wanted, finer) if scaled[0] > scaled[1] else finer
        return min(max(wanted, 0), MOST_DECIMALS)

    def _fixed(self, value: float, decimals: int) -> str:
        if not math.isfinite(value):
            return MISSING
        scaled = value / 10.0**self.exponent
        if scaled == 0:
            return "0"
        if abs(scaled) >= 1e6 or (decimals == MOST_DECIMALS and abs(scaled) < 10.0**-decimals):
            return _scientific(scaled)
        text = f"{scaled:.{decimals}f}"
        return (text if text.strip("-0.") else text.lstrip("-")).replace("-", "−")


def column_scale(means: Iterable[float]) -> Scale:
    """Choose the power of ten for a column: 0 unless its values are all small, or large, or the largest is beyond.

    Exponents are multiples of 3 so that columns read alike across tables.
    """
    sizes = [abs(mean) for mean in means if math.isfinite(mean) and mean != 0]
    if not sizes:
        return Scale()
    middle = math.floor(math.log10(sorted(sizes)[len(sizes) // 2]))
    return Scale() if -2 <= middle <= 3 else Scale(3 * math.floor(middle / 3))


def p_text(p: float) -> str:
    """Write a p-value with two digits, ``<0.001`` below that, ``MISSING`` when there is none."""
    if not math.isfinite(p):
        return MISSING
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def plain(value: float | None) -> str:
    """Write a lone number with four significant digits, scientific when very large or small."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        decimals = min(max(3 - math.floor(math.log10(abs(value))), 0), 6)
        text = f"{value:.{decimals}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
    return _scientific(value)


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")
