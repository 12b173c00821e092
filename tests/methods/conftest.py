"""Small networks and batches for the methods with a discriminator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
import optax
import pytest

from styleresearch.nets import DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import Adam


@pytest.fixture(scope="session")
def generator() -> Any:
    return NETS.build({"name": "resnet", "width": 4, "blocks": 1})


@pytest.fixture(scope="session")
def discriminator() -> Any:
    return DISCRIMINATORS.build({"name": "patch", "width": 4, "layers": 1})


@pytest.fixture(scope="session")
def batch(random_image) -> dict[str, Any]:
    return {"content": random_image(5, 32, 32, 2), "style": random_image(6, 32, 32, 2)}


@pytest.fixture(scope="session")
def long_steps() -> Adam:
    """An optimiser whose first step is nearly proportional to the gradient, and long: a wrong gradient shows."""
    return Adam(0.5, eps=1.0)


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Any, Any], None]:
    """Assert that two trees hold the same numbers but for rounding."""

    def check(found: Any, expected: Any) -> None:
        assert jax.tree.structure(found) == jax.tree.structure(expected)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)

    return check


@pytest.fixture(scope="session")
def descended() -> Callable:
    """Return parameters after the first update of a fresh Adam, by optax."""

    @partial(jax.jit, static_argnums=0)
    def descended(optimizer, params, gradient):
        adam = optax.adam(optimizer.learning_rate, optimizer.b1, optimizer.b2, optimizer.eps)
        return optax.apply_updates(params, adam.update(gradient, adam.init(params))[0])

    return descended
