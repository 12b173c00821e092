"""Which differences a design can find, and which design a difference needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from styleresearch.evaluation.statistics.interval import LEVEL, Spread

POWER = 0.8
LEAST, MOST = 4, 200
"""Contents or styles between which a design is looked for: fewer say too little of their spread."""


def smallest_difference(spread: Spread, level: float = LEVEL, power: float = POWER) -> float:
    """Return the difference that a test of this spread finds with this power (in the units of the mean).

    Source: the usual approximation, (t quantile of the test + t quantile of the power) times the standard error;
        Cohen 1988, "Statistical power analysis for the behavioral sciences", chapter 2.
    """
    quantiles = stdtrit(spread.df, (1 + level) / 2) + stdtrit(spread.df, power)
    return float(quantiles) * math.sqrt(spread.variance)


@dataclass(frozen=True)
class Variances:
    """What a pilot knows of a difference: the variances of the effects of contents, styles and single cells."""

    contents: float
    styles: float
    cells: float

    @classmethod
    def of(cls, spreads: Sequence[Spread]) -> Variances | None:
        """Estimate them from crossed pilots, averaged; ``None`` if there is none."""
        found = []
        for spread in spreads:
            if spread.rows > 1 and spread.columns > 1:
                cells = spread.cells * spread.rows * spread.columns
                contents = max(0.0, spread.contents * spread.rows - cells / spread.columns)
                styles = max(0.0, spread.styles * spread.columns - cells / spread.rows)
                found.append((contents, styles, cells))
        return cls(*(float(part) for part in np.mean(found, axis=0))) if found else None

    def smallest_difference(
        self,
        contents: Float[np.ndarray, " designs"],
        styles: Float[np.ndarray, " designs"],
        level: float = LEVEL,
        power: float = POWER,
    ) -> Float[np.ndarray, " designs"]:
        """Return the difference that designs of two contents and styles or more are expected to find."""
        cells = self.cells / (contents * styles)
        a, b = self.contents / contents + cells, self.styles / styles + cells
        variance = np.max([a + b - cells / 2, a, b], axis=0)
        below, least = a**2 / (contents - 1) + b**2 / (styles - 1), np.minimum(contents, styles) - 1
        df = np.maximum(np.where(below > 0, (a + b) ** 2 / np.where(below > 0, below, 1), least), least)
        return (stdtrit(df, (1 + level) / 2) + stdtrit(df, power)) * np.sqrt(variance)

    def needed(
        self, difference: float, contents: int | None = None, styles: int | None = None
    ) -> tuple[int, int] | None:
        """Return the (contents, styles) with the fewest pictures that find a difference; ``None`` where none does.

        Args:
            difference: to be found, in the units of the mean.
            contents: so many, instead of looking for their number.
            styles: likewise.
        """
        rows = np.arange(float(LEAST), MOST + 1) if contents is None else np.array([float(contents)])
        low = np.full(len(rows), float(LEAST) if styles is None else float(styles))
        high = np.full(len(rows), float(MOST) if styles is None else float(styles))
        possible = self.smallest_difference(rows, high) <= difference
        if not possible.any():
            return None
        rows, low, high = rows[possible], low[possible], high[possible]
        # More styles find smaller differences: halve the range of their number, for each number of contents.
        while (low < high).any():
            middle = np.floor((low + high) / 2)
            found = self.smallest_difference(rows, middle) <= difference
            low, high = np.where(found, low, middle + 1), np.where(found, middle, high)
        best = np.lexsort((np.abs(rows - high), rows * high))[0]
        return int(rows[best]), int(high[best])
