"""In which precision statistics are summed."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def at_least_float32(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return an array in float32, or in float64 if it comes so: a check in float64 then is one."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
