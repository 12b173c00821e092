"""Penalties on the slope of a discriminator, by name: what keeps its scores smooth while it learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp

from styleresearch.losses.adversarial import Scores
from styleresearch.options import Weight
from styleresearch.registry import Registry
from styleresearch.types import FeatureMap, PerImage

Critic: TypeAlias = Callable[[FeatureMap], Scores]
"""Images -> scores, (b, ...); it judges every image by itself. An image may have more than three channels."""


@runtime_checkable
class Penalty(Protocol):
    """A penalty on a discriminator: any function that is called like this."""

    def __call__(self, critic: Critic, real: FeatureMap, fake: FeatureMap, key: Any, /) -> PerImage:
        """Return what is added to the discriminator's loss of each image, weight included.

        The critic's scores are summed over all but the images, then differentiated.
        """
        ...


PENALTIES: Registry[Penalty] = Registry("penalty", Penalty)


@PENALTIES.register("r1")
def r1(weight: Weight = 10.0) -> Penalty:
    """Half the squared slope of the scores at the real images, times ``weight``.

    Source: Mescheder et al. 2018, "Which training methods for GANs do actually converge?", equation 9.

    Args:
        weight: gamma of the equation.
    """

    def penalty(critic: Critic, real: FeatureMap, fake: FeatureMap, key: Any) -> PerImage:
        return weight / 2 * _squared_slope(critic, real)

    return penalty


@PENALTIES.register("gradient_penalty")
def gradient_penalty(weight: Weight = 10.0) -> Penalty:
    """Squared difference from 1 of the slope between a real and a fake image, times ``weight``.

    The place between them is drawn once for each image.

    Source: Gulrajani et al. 2017 (WGAN-GP), equation 3.

    Args:
        weight: lambda of the equation.
    """

    def penalty(critic: Critic, real: FeatureMap, fake: FeatureMap, key: Any) -> PerImage:
        epsilon = jax.random.uniform(key, (real.shape[0], 1, 1, 1))
        between = epsilon * real + (1 - epsilon) * fake
        # The constant inside the root keeps the gradient finite where the critic is flat.
        return weight * (jnp.sqrt(_squared_slope(critic, between) + 1e-12) - 1) ** 2

    return penalty


def _squared_slope(critic: Critic, images: FeatureMap) -> PerImage:
    """Return the squared length of the gradient of each image's summed scores."""
    slope = jax.grad(lambda x: critic(x).astype(jnp.float32).sum())(images.astype(jnp.float32))
    return (slope**2).sum((1, 2, 3))
