"""What every method that learns must keep, whoever wrote it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.methods.base import State
from styleresearch.training.checkpoint import Checkpoints
from styleresearch.types import Style


def bits(tree):
    """Return the bytes of all leaves."""
    leaves = [
        jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf
        for leaf in jax.tree.leaves(tree)
    ]
    return [np.asarray(leaf).tobytes() for leaf in leaves]


@pytest.fixture(scope="module")
def start(name, initialise) -> State:
    return initialise(name, 3)


@pytest.fixture(scope="module")
def step(method):
    return jax.jit(method.step)


@pytest.fixture(scope="module")
def ten(step, start, small_encoder, batch):
    """The state and the metrics of ten steps on one batch."""
    state, metrics = start, []
    for _ in range(10):
        state, measured = step(state, small_encoder, batch)
        metrics.append(measured)
    return state, metrics


def test_the_start_depends_on_the_key_alone(name, initialise, start):
    assert isinstance(start, State)
    assert start.step == 0
    assert np.asarray(start.step).dtype == np.int32
    assert start.ema is None
    again = initialise(name, 3)
    assert bits(again) == bits(start)
    other = initialise(name, 4)
    assert bits(other.params) != bits(start.params)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(start.params))


def test_a_step_is_pure(step, start, small_encoder, batch, ten):
    before = bits(start)
    one, metrics = step(start, small_encoder, batch)
    two, again = step(start, small_encoder, batch)
    assert bits(one) == bits(two)
    assert bits(metrics) == bits(again) == bits(ten[1][0])
    assert bits(start) == before


def test_a_step_changes_what_it_should(method, start, ten):
    state, metrics = ten
    assert state.step == 10
    assert jax.tree.structure(state) == jax.tree.structure(start)
    for new, old in zip(jax.tree.leaves(state), jax.tree.leaves(start), strict=True):
        assert (new.shape, new.dtype) == (old.shape, old.dtype)
    # The key stays: a step folds its number in. So do the constants; all parameters move.
    assert bits(state.key) == bits(start.key)
    assert bits(state.constants) == bits(start.constants)
    for new, old in zip(jax.tree.leaves(state.params), jax.tree.leaves(start.params), strict=True):
        assert jnp.isfinite(new).all()
        if new.size > 3:
            assert not np.array_equal(new, old)
    for measured in metrics:
        assert {"total", "gradient_norm", *method.watched} < set(measured)
        assert all(value.shape == () and value.dtype == jnp.float32 for value in measured.values())
        assert float(measured["total"]) == pytest.approx(learned_terms(method, measured), rel=1e-5)


def learned_terms(method, measured) -> float:
    """Return the sum of the terms that the painting network minimises."""
    others = {"total", "gradient_norm", *method.watched}
    return sum(float(value) for name, value in measured.items() if name not in others)


def test_ten_steps_on_one_batch_lower_the_loss(method, ten):
    # What a generator and a discriminator do to each other need not fall.
    totals = [learned_terms(method, measured) - float(measured.get("adversarial", 0.0)) for measured in ten[1]]
    assert totals[-1] < 0.9 * totals[0]


def test_alarms_watch_what_is_measured(method, ten):
    for alarm in method.alarms:
        assert alarm.metric in ten[1][0]
        assert alarm.says
        middle = {alarm.metric: (alarm.lowest + alarm.highest) / 2}
        assert not alarm.rings(alarm.after + 1, middle)
        for outside in (alarm.lowest - 0.1, alarm.highest + 0.1):
            assert alarm.rings(alarm.after + 1, {alarm.metric: outside})
            assert not alarm.rings(alarm.after, {alarm.metric: outside})


def test_inference_needs_no_optimiser_and_prefers_the_average(method, ten, small_encoder, pictures, random_image):
    state = ten[0]
    bare = method.inference(state.replace(opt_state=None))
    assert bits(bare) == bits(method.inference(state))
    doubled = jax.tree.map(lambda leaf: 2 * leaf, state.params)
    averaged = method.inference(state.replace(ema=doubled, opt_state=None))
    assert bits(averaged) == bits(method.inference(state.replace(params=doubled)))
    content, styles = random_image(7, 32, 40), [] if method.takes.styles == "none" else [Style(pictures[1])]
    output = method.stylize(bare, small_encoder, content, styles, key=jax.random.key(0))
    assert output.shape == content.shape
    assert np.asarray(output).std() > 0
    other = method.stylize(averaged, small_encoder, content, styles, key=jax.random.key(0))
    assert not np.allclose(output, other, atol=1e-3)


def test_what_a_checkpoint_gives_back_without_the_runs_code_stylises(
    method, ten, small_encoder, pictures, random_image, tmp_path
):
    state = ten[0]
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(10, state, {"total": 1.0})
    found = Checkpoints(tmp_path).restore()
    assert found is not None
    raw = State(**found[1])
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(raw.params))
    content, styles = random_image(7, 32, 40), [] if method.takes.styles == "none" else [Style(pictures[1])]
    key = jax.random.key(0)
    expected = method.stylize(method.inference(state), small_encoder, content, styles, key=key)
    output = method.stylize(method.inference(raw), small_encoder, content, styles, key=key)
    np.testing.assert_array_equal(output, expected)
