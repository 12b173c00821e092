"""Where CUT compares patches: activations of a generator, projected to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

Patches = Float[Array, "b _ _"]


class PatchProjection(nn.Module):
    """A network of two layers for each layer of activations, and its result to length 1.

    Source: Park et al. 2020, section 3 and appendix C.1, and the authors' code.

    Attributes:
        features: numbers in a vector, and in the layer before.
        initial: standard deviation of the initial kernels; biases begin at 0.
    """

    features: int = 256
    initial: float = 0.02

    @nn.compact
    def __call__(self, layers: Sequence[Patches]) -> list[Float[Array, "b _ features"]]:
        """Return the unit vectors, float32, of the activations at some places of every layer."""
        of_kernel = nn.initializers.normal(self.initial)
        vectors = []
        for index, x in enumerate(layers, 1):
            x = nn.Dense(self.features, kernel_init=of_kernel, name=f"hidden{index}")(x.astype(jnp.float32))
            x = nn.Dense(self.features, kernel_init=of_kernel, name=f"output{index}")(nn.relu(x))
            vectors.append(x / jnp.sqrt((x**2).sum(-1, keepdims=True) + 1e-14))
        return vectors
