"""The step of L-BFGS without a line search against its matrix written out in float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.optim.lbfgs import scale_by_safe_lbfgs

HUGE = 1e9


def steps_of(points, gradients, history=100, max_step=HUGE):
    """Return what the transformation makes of a sequence of points and their gradients."""
    transform = scale_by_safe_lbfgs(history, max_step)

    @jax.jit
    def run(points, gradients):
        def step(state, pair):
            updates, state = transform.update(pair[1], state, pair[0])
            return state, updates

        return jax.lax.scan(step, transform.init(points[0]), (points, gradients))[1]

    return np.asarray(run(jnp.asarray(points, jnp.float32), jnp.asarray(gradients, jnp.float32)))


def expected_step(points, gradients, history):
    """Return the last step: the inverse Hessian's estimate as a matrix, equation 7.16 of Nocedal & Wright."""
    pairs = []
    for i in range(1, len(points)):
        step, change = (points[i] - points[i - 1]).ravel(), (gradients[i] - gradients[i - 1]).ravel()
        scale = abs(step @ change) / (change @ change)
        if step @ change > 0:
            pairs.append((step, change))
    if len(points) == 1:
        scale = min(1.0, 1 / np.linalg.norm(gradients[0]))
    n = points[0].size
    inverse = scale * np.eye(n)
    for step, change in pairs[-history:]:
        rho = 1 / (step @ change)
        turn = np.eye(n) - rho * np.outer(change, step)
        inverse = turn.T @ inverse @ turn + rho * np.outer(step, step)
    return (inverse @ gradients[-1].ravel()).reshape(points[0].shape)


@pytest.fixture
def walk():
    """Points with the gradients of a bowl with a saddle in it: pairs of positive and of negative curvature."""
    rng = np.random.default_rng(0)
    half = rng.normal(size=(6, 6))
    hessian = half @ half.T - 1.5 * np.eye(6)
    points = rng.normal(size=(12, 2, 3))
    gradients = (points.reshape(12, 6) @ hessian).reshape(12, 2, 3)
    curvatures = [
        ((points[i] - points[i - 1]) * (gradients[i] - gradients[i - 1])).sum() for i in range(1, len(points))
    ]
    # Make two pairs negative for certain.
    for i in (4, 9):
        gradients[i] = gradients[i - 1] - 0.3 * np.sign(curvatures[i - 1]) * (points[i] - points[i - 1])
    return points, gradients


@pytest.mark.parametrize("history", [1, 3, 100])
def test_the_step_is_the_matrix_times_the_gradient(walk, history):
    points, gradients = walk
    steps = steps_of(points, gradients, history)
    for i in range(len(points)):
        expected = expected_step(points[: i + 1], gradients[: i + 1], history)
        np.testing.assert_allclose(steps[i], expected, rtol=5e-3, atol=5e-3 * np.abs(expected).max())


def test_the_first_step_is_the_gradient_at_a_length_of_one_at_most():
    large, small = np.array([[3.0, -4.0]]), np.array([[0.3, -0.4]])
    np.testing.assert_allclose(steps_of(np.zeros((1, 2)), large), large / 5, rtol=1e-5)
    np.testing.assert_allclose(steps_of(np.zeros((1, 2)), small), small, rtol=1e-5)


def test_steps_go_downhill_whatever_the_curvature(walk):
    # The estimate stays positive definite, so its product with the gradient never points uphill.
    points, gradients = walk
    products = (steps_of(points, gradients) * gradients).sum(axis=(1, 2))
    assert (products > 0).all()


def test_no_step_is_longer_than_the_longest(walk):
    points, gradients = walk
    free, bound = steps_of(points, gradients), steps_of(points, gradients, max_step=0.6)
    length = np.sqrt((free**2).mean(axis=(1, 2)))
    assert (length > 0.6).any()
    assert (length < 0.6).any()
    factor = np.minimum(1.0, 0.6 / length)[:, None, None]
    np.testing.assert_allclose(bound, free * factor, rtol=1e-4, atol=1e-6)


def test_a_gradient_of_zero_stays_where_it_is():
    steps = steps_of(np.ones((4, 3)), np.zeros((4, 3)))
    np.testing.assert_array_equal(steps, np.zeros((4, 3)))


def test_the_state_holds_no_array_twice():
    # It is donated to the compiled step, which takes each buffer once.
    state = scale_by_safe_lbfgs(4, 1.0).init(jnp.zeros((2, 3)))
    pointers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(state)]
    assert len(set(pointers)) == len(pointers)
    assert state.steps.shape == (4, 6)
