"""The Fréchet distance between normal distributions fitted to rows of activations.

Source: Dowson and Landau 1982, "The Fréchet distance between multivariate normal distributions".
Differs: a covariance is kept as a factor, S = R^T R, and tr (S S')^1/2 is the sum of the singular values of R R'^T. No
root is taken of a covariance that is nearly singular, which loses half of the digits.

In numpy or in jax, as the rows are.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Factored: TypeAlias = tuple[Any, Any]
"""Means (b, d), and factors of the covariances (b, min(n, d), d)."""


def factored(rows: Any) -> Factored:
    """Return the mean and a factor of the (unbiased) covariance of each set of ``rows``, of shape (b, n, d), n > 1."""
    xp = rows.__array_namespace__()
    mean = rows.mean(1)
    return mean, xp.linalg.qr(rows - mean[:, None], mode="r") / (rows.shape[1] - 1) ** 0.5


def squared_distance(one: Factored, other: Factored) -> Any:
    """Return the squared distances (b,) of what ``factored`` returned; never negative, 0 for equal moments."""
    (mean, factor), (mean_of, factor_of) = one, other
    xp = mean.__array_namespace__()
    cross = xp.linalg.svd(xp.matmul(factor, factor_of.swapaxes(1, 2)), compute_uv=False).sum(1)
    between = ((mean - mean_of) ** 2).sum(1)
    return xp.maximum(between + (factor**2).sum((1, 2)) + (factor_of**2).sum((1, 2)) - 2 * cross, 0.0)
