"""What every registered method that learns must keep."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.methods import METHODS, TrainedMethod
from styleresearch.methods.adversarial import AdversarialMethod
from styleresearch.testing.test_trained_methods import *  # noqa: F403 - the tests of the conformance kit

TRAINED = [name for name in METHODS if issubclass(METHODS.get(name), TrainedMethod)]
GANS = [name for name in TRAINED if issubclass(METHODS.get(name), AdversarialMethod)]
PERCEPTUAL = [name for name in TRAINED if name not in GANS]


@pytest.fixture(scope="module", params=TRAINED)
def name(request) -> str:
    return request.param


@pytest.mark.parametrize(
    "name", [*PERCEPTUAL, *(pytest.param(name, marks=pytest.mark.slow) for name in GANS)], scope="module"
)
def test_bfloat16_keeps_parameters_and_losses(method, small_encoder, batch, start, ten):
    half = dataclasses.replace(method, dtype="bfloat16")
    step = jax.jit(half.step)
    state, totals = start, []
    for _ in range(10):
        state, metrics = step(state, small_encoder, batch)
        totals.append(float(metrics["total"]))
        assert all(value.dtype == jnp.float32 for value in metrics.values())
    floats = [leaf for leaf in jax.tree.leaves((state.params, state.opt_state)) if leaf.ndim]
    assert all(leaf.dtype == jnp.float32 for leaf in floats)
    expected = [float(metrics["total"]) for metrics in ten[1]]
    np.testing.assert_allclose(totals, expected, rtol=0.1)
    assert totals[0] == pytest.approx(expected[0], rel=0.03)
    assert totals[0] != expected[0]  # it did compute in another type
    assert totals[-1] < 0.9 * totals[0]
