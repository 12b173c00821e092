"""How much of the variation between values comes from the style, the content, the method and the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

REST = "rest"
REPEAT = "seed"


def variance_split(
    values: Float[np.ndarray, " n"], factors: Mapping[str, Int[np.ndarray, " n"]]
) -> dict[str, float] | None:
    """Split the variance of values that were measured under several factors.

    Args:
        values: finite numbers.
        factors: name -> number of the level of each value. Values that agree in all levels are repeats (seeds).

    Returns:
        The variance of each factor of several levels (0 where its estimate is negative), of ``REST`` (what particular
        combinations do) and, with repeats, of ``REPEAT``; ``None`` where nothing is left to tell them apart by.

    Source: Henderson 1953, "Estimation of variance and covariance components", method 3: the reduction in the sum of
        squares due to each factor after all others equals its expectation. Whole tables give the analysis of variance.
    """
    names = [name for name, levels in factors.items() if len(np.unique(levels)) > 1]
    if not names:
        return None
    codes = np.stack([np.unique(factors[name], return_inverse=True)[1] for name in names], axis=1)
    cells, where, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    where = where.reshape(-1)
    means = np.bincount(where, values) / counts
    extra = len(values) - len(cells)
    repeat = float(((values - means[where]) ** 2).sum()) / extra if extra else 0.0
    whole, rank = _explained(cells, range(len(names)))
    free = len(cells) - rank
    if free < 1:
        return None
    unexplained = _unexplained(whole, means)
    residual = float((unexplained**2).sum()) / free
    found: dict[str, float] = {}
    for index, name in enumerate(names):
        others, smaller = _explained(cells, [other for other in range(len(names)) if other != index])
        reduction = float((_unexplained(others, means) ** 2).sum() - (unexplained**2).sum())
        levels = np.eye(cells[:, index].max() + 1)[cells[:, index]]
        # What one unit of this factor's variance adds to the reduction.
        each = float((_unexplained(others, levels) ** 2).sum())
        found[name] = max(0.0, (reduction - residual * (rank - smaller)) / each) if rank > smaller else 0.0
    found[REST] = max(0.0, residual - repeat * float((1 / counts).mean()))
    return found | ({REPEAT: repeat} if extra else {})


def _explained(
    cells: Int[np.ndarray, "n factors"], which: Sequence[int] | range
) -> tuple[Float[np.ndarray, "n rank"], int]:
    """Return an orthonormal basis of what a constant and some factors explain, and its size."""
    columns = [np.ones((len(cells), 1)), *(np.eye(cells[:, i].max() + 1)[cells[:, i]] for i in which)]
    whole = np.concatenate(columns, axis=1)
    sizes, directions = np.linalg.eigh(whole.T @ whole)
    kept = sizes > 1e-10 * sizes[-1]
    return whole @ directions[:, kept] / np.sqrt(sizes[kept]), int(kept.sum())


def _unexplained(basis: Float[np.ndarray, "n rank"], values: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n ..."]:
    return values - basis @ (basis.T @ values)
