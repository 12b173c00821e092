"""What the tests of the kit are given: small random pictures, a small encoder, and the beginning of a training."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from styleresearch.encoder.encoder import Encoder, vgg16
from styleresearch.methods.base import State


@pytest.fixture(scope="session")
def small_encoder() -> Encoder:
    """A VGG16 an eighth as wide, with random weights: everything about the shape, nothing of the cost."""
    return vgg16(weights="random", width=0.125)


@pytest.fixture(scope="session")
def random_image() -> Callable[..., jax.Array]:
    """Smooth random pictures in [0, 1]: noise at two scales, so that every loss has something to see."""

    @partial(jax.jit, static_argnums=(1, 2, 3))
    def make(seed: Any, height: int = 32, width: int = 40, batch: int = 1) -> jax.Array:
        coarse, fine = jax.random.split(jax.random.key(seed))
        low = jax.image.resize(jax.random.uniform(coarse, (batch, 4, 4, 3)), (batch, height, width, 3), "cubic")
        return jnp.clip(0.8 * low + 0.2 * jax.random.uniform(fine, (batch, height, width, 3)), 0.0, 1.0)

    return make


@pytest.fixture(scope="session")
def pictures(random_image: Callable[..., jax.Array]) -> tuple[Any, ...]:
    """Three style pictures (1, h, w, 3) of two sizes, those that methods with styles of their own have learned."""
    return random_image(1, 48, 32), random_image(2, 48, 32), random_image(3, 32, 32)


@pytest.fixture(scope="session")
def batch(random_image: Callable[..., jax.Array]) -> dict[str, Any]:
    """What a step of training reads."""
    return {"content": random_image(5, 32, 32, 4), "style": random_image(6, 32, 32, 4)}


@pytest.fixture(scope="session")
def initialise(
    build_method: Callable[[str], Any], small_encoder: Encoder, batch: dict[str, Any]
) -> Callable[..., State]:
    """Return the state of a trained method before its first step."""

    @cache
    def init(name: str) -> Any:
        return jax.jit(build_method(name).init)

    return lambda name, seed=0: init(name)(jax.random.key(seed), small_encoder, batch)


@pytest.fixture(scope="module")
def method(name: str, build_method: Callable[[str], Any]) -> Any:
    """The method of a name."""
    return build_method(name)
