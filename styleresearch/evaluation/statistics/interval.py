"""Means over contents and styles with intervals that cover what they promise, and the test that belongs to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtr, stdtrit

from styleresearch.evaluation.statistics.cells import Design, constant, design_of

LEVEL = 0.95
CONSTANT = "all values are equal, so their spread is not known and there is no interval"
REASONS: dict[Design, str] = {
    "crossed": "",
    "styles": "one content: the interval says nothing about other contents",
    "contents": "one style: the interval says nothing about other styles",
    "matched": "no content or style is used twice: pairs count as independent",
    "single": "one image: no spread to judge by, so no interval",
    "empty": "no value",
}


@dataclass(frozen=True)
class Spread:
    """The estimated variance of a mean over cells, by what it comes from.

    Attributes:
        contents: what the draw of contents adds, the cells' share included; 0 where contents do not vary.
        styles: likewise of the styles.
        cells: what the cells add beyond their content and their style, which the other two hold twice.
        rows: how many contents; 1 where they do not vary (pairs, in a matched design).
        columns: how many styles, likewise.
    """

    contents: float
    styles: float
    cells: float
    rows: int
    columns: int

    @property
    def variance(self) -> float:
        """The variance of the mean: never below what a factor alone shows, for each part of it is estimated."""
        # Of means that cancel exactly the cells are all there is to judge by.
        return max(self.contents + self.styles - self.cells / 2, self.contents, self.styles) or self.cells

    @property
    def df(self) -> float:
        """Satterthwaite's degrees of freedom, at least those of the factor with the fewest levels."""
        parts = [(self.contents, self.rows), (self.styles, self.columns)]
        least = min(count for _, count in parts if count > 1) - 1.0
        total = self.contents + self.styles
        below = sum((part / total) ** 2 / (count - 1) for part, count in parts if count > 1) if total else 0.0
        return max(1 / below, least) if below else least


@dataclass(frozen=True)
class Estimate:
    """A mean over images with its confidence interval, and the test of whether it is 0.

    Attributes:
        mean: mean over the cells of the table; NaN when there is none.
        lo: lower end of the interval, NaN when there is none.
        hi: upper end of the interval, NaN when there is none.
        n: how many cells had a value.
        design: what varied.
        reason: how the interval is weaker than the crossed one, or why there is none; empty when crossed.
        p: two-sided p-value of the mean being 0, from the statistic that the interval is made of: it is below 0.05
            where a 95 % interval excludes 0. NaN where there is no interval.
        spread: what the interval is made of; ``None`` where there is none.
    """

    mean: float
    lo: float
    hi: float
    n: int
    design: Design
    reason: str
    p: float = math.nan
    spread: Spread | None = None


def mean_interval(table: Float[np.ndarray, "contents styles"], level: float = LEVEL) -> Estimate:
    """Return the mean over the cells with its two-way t interval.

    Contents and styles are random: another study would have drawn others. ``spread_of`` estimates the variance of
    the mean under that, Student's t with Satterthwaite's degrees of freedom makes the interval of it.

    Simulated (8,000 tables each, standard deviations 0.3 to 1 of contents, styles and cells), a nominal 95 % covers
    93.9 to 95.8 % with normal effects and 95.5 to 96.9 % with heavy tails (t with 3 degrees of freedom), from 3 x 4 to
    20 x 12. Where nothing but the cells varies it covers 98 %. Strong skew (exponential effects) leaves
    89 to 94 %.
    """
    values = table[np.isfinite(table)]
    design = design_of(table)
    mean = float(values.mean()) if len(values) else math.nan
    spread = spread_of(table)
    if spread is None:
        reason = CONSTANT if len(values) > 1 else REASONS[design]
        return Estimate(mean, math.nan, math.nan, len(values), design, reason)
    error = math.sqrt(spread.variance)
    half = float(stdtrit(spread.df, (1 + level) / 2)) * error
    p = 2 * float(stdtr(spread.df, -abs(mean) / error))
    return Estimate(mean, mean - half, mean + half, len(values), design, REASONS[design], p, spread)


def spread_of(table: Float[np.ndarray, "contents styles"]) -> Spread | None:
    """Estimate the variance of the mean over the cells; ``None`` for fewer than two values, or equal ones.

    With the sums ``S`` of the residuals of each of G contents, ``contents = G / (G - 1) * sum(S ** 2) / N ** 2`` over
    N cells; ``styles`` likewise. In a whole table these are the variances of the content means and of the style
    means, each divided by their number. Both hold what single cells add, the residual mean square of contents +
    styles, divided by N. With one factor this is the ordinary t interval.

    Source: two-way random-effects analysis of variance, Searle, Casella & McCulloch 1992, "Variance Components",
        chapter 4; Satterthwaite 1946 for the degrees of freedom; with missing cells the two-way clustered form of
        Cameron, Gelbach & Miller 2011, "Robust inference with multiway clustering", section 2.
    Differs: the cells' part, which the other two hold twice, is subtracted half, the variance is at least the larger of
        the two, and the degrees of freedom are those of ``contents + styles``: to subtract all of it makes small tables
        too bold (92 % of 3 x 4), to subtract nothing too cautious. That part is the residual mean square also with
        missing cells, where the clustered form takes the squared residuals of the mean, so that a whole table and one
        that lacks a cell are judged alike.
    """
    design = design_of(table)
    values = table[np.isfinite(table)]
    if design in ("single", "empty") or constant(values):
        return None
    if design != "crossed":
        n = len(values)
        alone = float(values.var(ddof=1)) / n
        return Spread(0.0, alone, 0.0, 1, n) if design == "styles" else Spread(alone, 0.0, 0.0, n, 1)
    present = np.isfinite(table)
    table = table[present.any(axis=1)][:, present.any(axis=0)]
    present = np.isfinite(table)
    n, (rows, columns) = int(present.sum()), table.shape
    residual = np.where(present, table - values.mean(), 0.0)
    contents, styles = (
        count / (count - 1) * float((residual.sum(axis=axis) ** 2).sum()) / n**2
        for axis, count in ((1, rows), (0, columns))
    )
    return Spread(contents, styles, _residual_variance(table) / n, rows, columns)


def _residual_variance(table: Float[np.ndarray, "contents styles"]) -> float:
    """Return the mean square of what contents + styles leave unexplained; 0 where nothing can be left."""
    present = np.isfinite(table)
    rows, columns = table.shape
    if present.all():
        rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
        return float((rest**2).sum()) / ((rows - 1) * (columns - 1))
    row, column = np.nonzero(present)
    factors = np.concatenate([np.eye(rows)[row], np.eye(columns)[column]], axis=1)
    values = table[present]
    solution, _, rank, _ = np.linalg.lstsq(factors, values, rcond=None)
    free = len(values) - int(rank)
    return float(((values - factors @ solution) ** 2).sum()) / free if free else 0.0
