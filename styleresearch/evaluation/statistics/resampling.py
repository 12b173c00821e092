"""Contents and styles drawn anew, each on its own: what else could have come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from styleresearch.evaluation.statistics.interval import LEVEL

RESAMPLES = 2_000
POINTS = 120
"""Values at which a profile of more cells is taken: more than its drawing has pixels for."""


def draws(
    rows: int, columns: int, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Float[np.ndarray, "resamples rows"], Float[np.ndarray, "resamples columns"]]:
    """Return how often each content and each style was drawn, with replacement; a cell weighs the product.

    Source: Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), section 3. Its variance is at
        or slightly above the true one for crossed random effects; resampling images underestimates it.
    """
    rng = np.random.default_rng(seed)
    return (
        rng.multinomial(rows, np.full(rows, 1 / rows), size=resamples).astype(float),
        rng.multinomial(columns, np.full(columns, 1 / columns), size=resamples).astype(float),
    )


def rank_probabilities(
    tables: Float[np.ndarray, "methods contents styles"],
    better: Literal["lower", "higher"],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Float[np.ndarray, "methods ranks"]:
    """Return how often the mean of each method has each rank when contents and styles are drawn anew.

    Over the cells that all methods have; methods of equal means share their ranks. Rows and columns add up to 1; all
    NaN where there is no common cell.
    """
    methods = len(tables)
    common = np.isfinite(tables).all(axis=0)
    if not common.any():
        return np.full((methods, methods), np.nan)
    rows, columns = draws(tables.shape[1], tables.shape[2], resamples, seed)
    filled = np.where(common, tables, 0.0)
    # (resamples, methods), and what each resample weighs.
    totals = np.einsum("xr,mrc,xc->xm", rows, filled, columns, optimize=True)
    drawn = ((rows @ common.astype(float)) * columns).sum(axis=1) > 0
    scores = totals[drawn] if better == "lower" else -totals[drawn]
    # A rank counts who is better; equals share the ranks that they take up.
    tolerance = 1e-12 * np.abs(scores).max(axis=1, keepdims=True)[..., None]
    ahead = (scores[:, :, None] > scores[:, None, :] + tolerance).sum(axis=2)
    level = (np.abs(scores[:, :, None] - scores[:, None, :]) <= tolerance).sum(axis=2)
    ranks = np.arange(methods)
    shares = (ranks >= ahead[..., None]) & (ranks < (ahead + level)[..., None])
    return (shares / level[..., None]).mean(axis=0)


@dataclass(frozen=True)
class Profile:
    """The share of pairs whose value is at most each of some values, or at least where higher is better.

    Attributes:
        values: ascending.
        shares: at each of them; rises where lower is better, else falls.
        lo: lower end of the pointwise band.
        hi: upper end.
    """

    values: Float[np.ndarray, " points"]
    shares: Float[np.ndarray, " points"]
    lo: Float[np.ndarray, " points"]
    hi: Float[np.ndarray, " points"]


def performance_profile(
    table: Float[np.ndarray, "contents styles"],
    better: Literal["lower", "higher"],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Profile | None:
    """Return the share of cells as good as each value, with a band from contents and styles drawn anew.

    ``None`` without two cells.

    Source: Dolan & Moré 2002, "Benchmarking optimization software with performance profiles"; Agarwal et al. 2021,
        "Deep reinforcement learning at the edge of the statistical precipice", section 4.2.
    Differs: a band that keeps the contents and styles fixed and draws runs would be many times too narrow for what
        another choice of pictures does; here they are drawn.
    """
    row, column = np.nonzero(np.isfinite(table))
    if len(row) < 2:
        return None
    values = table[row, column]
    order = np.argsort(values, kind="stable")
    if better == "higher":
        order = order[::-1]
    values = values[order]
    rows, columns = draws(table.shape[0], table.shape[1], resamples, seed)
    weights = rows[:, row[order]] * columns[:, column[order]]
    weights = weights[weights.sum(axis=1) > 0]
    # Where values are equal the last of them counts: all of them are as good as it.
    last = np.flatnonzero(np.append(np.diff(values) != 0, True))
    if len(last) > POINTS:
        last = last[np.linspace(0, len(last) - 1, POINTS).round().astype(int)]
    sampled = np.cumsum(weights, axis=1)[:, last] / weights.sum(axis=1, keepdims=True)
    lo, hi = np.quantile(sampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    if better == "higher":
        last, lo, hi = last[::-1], lo[::-1], hi[::-1]
    return Profile(values[last], (last + 1) / len(values), lo, hi)
