"""Contrastive losses: what was one place stays closer to itself than to the other places of its picture."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.types import PerImage


def patch_nce(query: Float[Array, "b n c"], positive: Float[Array, "b n c"], temperature: float = 0.07) -> PerImage:
    """Return the cross-entropy of finding every query's own place among the n of the same image, a mean over places.

    Source: Park et al. 2020 (CUT), equations 2 and 3.
    Differs: equation 3 sums over the places of a layer; the authors' code takes the mean, as here. As in that code no
        gradient reaches ``positive``.

    Args:
        query: unit vectors at n places of the generated image.
        positive: unit vectors at the same places of its input; those at other places are a query's negatives.
        temperature: what cosines are divided by.

    Raises:
        InputError: for a temperature of 0 or less.
    """
    if not temperature > 0:
        raise InputError(f"patch_nce: temperature must be above 0, got {temperature}")
    query, positive = query.astype(jnp.float32), jax.lax.stop_gradient(positive.astype(jnp.float32))
    logits = jnp.einsum("bnc,bmc->bnm", query, positive, precision="highest") / temperature
    own = jnp.eye(query.shape[1], dtype=bool)[None]
    others = jax.nn.logsumexp(jnp.where(own, -jnp.inf, logits), axis=2)
    # -log softmax of the own place, written so that a loss far below float32's rounding of the logits is not lost.
    return jax.nn.softplus(others - jnp.diagonal(logits, axis1=1, axis2=2)).mean(1)
