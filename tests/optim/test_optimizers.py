"""Optimisers on a quadratic whose solution is known."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from styleresearch.errors import InputError
from styleresearch.optim.optimizers import LBFGS, OPTIMIZERS, Adam

CURVATURE = np.array([1.0, 2.0, 5.0, 10.0, 0.5])
GOAL = np.array([0.3, -1.0, 0.7, 0.1, 2.0])


def quadratic(x):
    return 0.5 * (jnp.asarray(CURVATURE, jnp.float32) * (x - jnp.asarray(GOAL, jnp.float32)) ** 2).sum()


def minimise(optimizer, steps):
    """Return the last point and how often the optimiser says it evaluated."""
    transform = optimizer.transform()

    @jax.jit
    def step(carry, _):
        x, state, count = carry
        value, grad = jax.value_and_grad(quadratic)(x)
        updates, state = transform.update(grad, state, x, value=value, grad=grad, value_fn=quadratic)
        return (x + updates, state, count + 1 + optimizer.extra_evaluations(state)), value

    start = jnp.zeros(5)
    (x, _, count), values = jax.lax.scan(step, (start, transform.init(start), jnp.int32(0)), None, steps)
    return np.asarray(x), int(count), np.asarray(values)


def test_every_registered_optimizer_is_a_hashable_value_that_descends():
    for name in OPTIMIZERS:
        optimizer = OPTIMIZERS.build({"name": name})
        assert OPTIMIZERS.build({"name": name}) == optimizer
        assert hash(OPTIMIZERS.build({"name": name})) == hash(optimizer)
        _, count, values = minimise(optimizer, 20)
        assert values[-1] < 0.9 * values[0]
        assert count >= 20


def test_adam_takes_the_steps_of_the_paper():
    # Algorithm 1 of Kingma & Ba, two steps written out.
    x, m, v = np.zeros(5), np.zeros(5), np.zeros(5)
    for t in (1, 2, 3):
        g = CURVATURE * (x - GOAL)
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        x = x - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-4)
    np.testing.assert_allclose(minimise(Adam(0.1, 0.8, 0.95, 1e-4), 3)[0], x, rtol=1e-4)


@pytest.mark.parametrize("line_search", ["none", "zoom"])
def test_lbfgs_finds_what_scipy_finds(line_search):
    def objective(x):
        return 0.5 * (CURVATURE * (x - GOAL) ** 2).sum(), CURVATURE * (x - GOAL)

    solution = scipy.optimize.minimize(objective, np.zeros(5), jac=True, method="L-BFGS-B")
    point, count, _ = minimise(LBFGS(line_search=line_search), 30)
    np.testing.assert_allclose(point, solution.x, atol=1e-3)
    np.testing.assert_allclose(point, GOAL, atol=1e-3)
    assert count == 30 if line_search == "none" else count > 30


def test_the_learning_rate_is_a_factor_on_the_step():
    point, _, _ = minimise(LBFGS(max_step=10.0), 1)
    np.testing.assert_allclose(minimise(LBFGS(0.25, max_step=10.0), 1)[0], 0.25 * point, rtol=1e-5)


@pytest.mark.parametrize(
    ("build", "option"),
    [
        (Adam, "learning_rate"),
        (LBFGS, "learning_rate"),
        (LBFGS, "history"),
        (LBFGS, "max_step"),
        (LBFGS, "max_line_search"),
    ],
)
def test_options_that_cannot_work_are_refused(build, option):
    number = float if option in ("learning_rate", "max_step") else int
    for value in (number(0), number(-1)):
        with pytest.raises(InputError, match=f"{option} = {value} is not (above 0|from 1)"):
            build(**{option: value})


def updates(optimizer, gradients):
    """Return what an optimiser makes of these gradients of two parameters, one after the other."""
    transform = optimizer.transform()
    params = {"a": jnp.zeros(1), "b": jnp.zeros(1)}
    state, moves = transform.init(params), []
    for a, b in gradients:
        move, state = transform.update({"a": jnp.full(1, float(a)), "b": jnp.full(1, float(b))}, state, params)
        moves.append([float(move["a"][0]), float(move["b"][0])])
    return np.array(moves)


def adam_of(gradients, rate, eps):
    """Algorithm 1 of Kingma & Ba."""
    m, v, moves = np.zeros(2), np.zeros(2), []
    for t, gradient in enumerate(np.asarray(gradients, float), 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        moves.append(-rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps))
    return np.array(moves)


def test_clipping_is_by_the_norm_over_all_parameters():
    # A large eps, because Adam itself forgets a gradient's length.
    gradients = [(3.0, 4.0), (0.3, -0.4), (-30.0, 40.0)]
    clipped = [np.array(g) * min(1.0, 1.0 / np.hypot(*g)) for g in gradients]
    found = updates(Adam(0.1, eps=1.0, clip_norm=1.0), gradients)
    np.testing.assert_allclose(found, adam_of(clipped, 0.1, 1.0), rtol=1e-4)
    assert not np.allclose(found, updates(Adam(0.1, eps=1.0), gradients), rtol=1e-2)
    np.testing.assert_allclose(
        updates(Adam(0.1, eps=1.0, clip_norm=1e6), gradients), adam_of(gradients, 0.1, 1.0), rtol=1e-4
    )


def test_accumulated_gradients_are_averaged_and_then_clipped():
    gradients = [(3.0, 4.0), (1.0, -2.0), (0.1, 0.2), (0.3, 0.0)]
    means = [(2.0, 1.0), (0.2, 0.1)]
    clipped = [np.array(g) * min(1.0, 1.0 / np.hypot(*g)) for g in means]
    found = updates(Adam(0.1, eps=1.0, clip_norm=1.0, accumulate=2), gradients)
    np.testing.assert_array_equal(found[::2], 0)
    np.testing.assert_allclose(found[1::2], adam_of(clipped, 0.1, 1.0), rtol=1e-4)


@pytest.mark.parametrize(("option", "value"), [("accumulate", 0), ("clip_norm", 0.0), ("clip_norm", -1.0)])
def test_clipping_and_accumulating_nothing_is_refused(option, value):
    with pytest.raises(InputError, match=f"'adam': {option} = {value} is not (above 0|from 1)"):
        Adam(**{option: value})
