"""Learning rate schedules at known updates, and in an optimiser."""

from __future__ import annotations

import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.methods.optimizers import Adam, over
from styleresearch.methods.schedules import SCHEDULES


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ({"name": "inverse_time"}, {0: 1.0, 1: 1 / 1.00005, 1000: 1 / 1.05}),
        ({"name": "inverse_time", "decay": 0.5}, {0: 1.0, 1: 1 / 1.5, 1000: 1 / 501}),
        ({"name": "inverse_time", "decay": 0.0}, {0: 1.0, 1000: 1.0}),
        ({"name": "linear", "steps": 1000}, {0: 1.0, 1: 0.999, 500: 0.5, 1000: 0.0, 5000: 0.0}),
        ({"name": "linear", "steps": 100, "start": 900, "end": 0.2}, {0: 1.0, 1: 1.0, 900: 1.0, 950: 0.6, 1000: 0.2}),
        ({"name": "cosine", "steps": 1000}, {0: 1.0, 1: 0.5 * (1 + math.cos(math.pi / 1000)), 500: 0.5, 1000: 0.0}),
        ({"name": "cosine", "steps": 1000, "end": 0.1}, {0: 1.0, 500: 0.55, 1000: 0.1, 2000: 0.1}),
        (
            {"name": "cosine", "steps": 1000, "warmup": 100},
            {0: 0.0, 1: 0.01, 50: 0.5, 100: 1.0, 550: 0.5, 1000: 0.0, 3000: 0.0},
        ),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if "name" in value else "",
)
def test_values(spec, values):
    schedule = SCHEDULES.build(spec)
    for update, expected in values.items():
        assert float(schedule(jnp.int32(update))) == pytest.approx(expected, abs=1e-5), update


def test_every_schedule_is_documented():
    for name in SCHEDULES:
        entry = SCHEDULES.get(name)
        for option in SCHEDULES.options(name):
            assert f"{option}:" in inspect.getdoc(entry)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "inverse_time", "decay": -1.0}, "decay = -1.0 is not from 0"),
        ({"name": "linear", "steps": 0}, "steps = 0 is not from 1"),
        ({"name": "cosine", "steps": 10, "warmup": 10}, "cosine: of 10 steps 10 rise; give more steps"),
        ({"name": "linear", "steps": 10, "start": -1}, "start = -1 is not from 0"),
        ({"name": "linear", "steps": 10, "start": 1.5}, "start = 1.5 is not at least 0 and below 1"),
        ({"name": "cosine", "steps": 10, "warmup": -1}, "warmup = -1 is not from 0"),
    ],
)
def test_what_cannot_be_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        SCHEDULES.build(spec)


@pytest.mark.parametrize(
    ("open_", "updates", "given"),
    [
        ({"name": "linear"}, 10, {"name": "linear", "steps": 10}),
        ({"name": "linear", "start": 0.5}, 12_000, {"name": "linear", "start": 6000, "steps": 6000}),
        ({"name": "linear", "start": 0.75, "end": 0.1}, 9, {"name": "linear", "start": 7, "steps": 2, "end": 0.1}),
        ({"name": "linear", "start": 0.5, "steps": 7}, 10, {"name": "linear", "start": 5, "steps": 7}),
        ({"name": "linear", "start": 3, "steps": 7}, 99, {"name": "linear", "start": 3, "steps": 7}),
        ({"name": "cosine"}, 40, {"name": "cosine", "steps": 40}),
        ({"name": "cosine", "warmup": 0.25}, 40, {"name": "cosine", "steps": 40, "warmup": 10}),
        ({"name": "cosine", "warmup": 4, "steps": 30}, 40, {"name": "cosine", "steps": 30, "warmup": 4}),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_schedule_without_a_length_lasts_as_long_as_the_run(open_, updates, given):
    assert SCHEDULES.build(open_).over(updates) == SCHEDULES.build(given).over(1000)
    optimizer = over(Adam(0.1, schedule=SCHEDULES.build(open_), accumulate=2), 2 * updates + 1)
    assert optimizer.schedule == SCHEDULES.build(given).over(1000)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "linear", "start": 10}, "it begins to fall after 10 updates, and the run has 10"),
        ({"name": "cosine", "warmup": 10}, "it rises for 10 updates, and the run has 10"),
    ],
)
def test_a_run_too_short_for_its_schedule_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        SCHEDULES.build(spec).over(10)


@pytest.mark.parametrize("spec", [{"name": "linear"}, {"name": "linear", "start": 0.5, "steps": 2}, {"name": "cosine"}])
def test_a_length_that_nobody_gave_is_not_guessed(spec):
    with pytest.raises(InputError, match="give steps, in updates"):
        Adam(0.1, schedule=SCHEDULES.build(spec)).transform().update(
            jnp.ones(1), Adam(0.1).transform().init(jnp.ones(1))
        )


@pytest.mark.parametrize("spec", [{"name": "linear", "start": 5, "steps": 5}, {"name": "cosine", "steps": 10}])
def test_after_the_end_the_factor_is_exactly_what_it_should_be(spec):
    schedule = jax.jit(SCHEDULES.build(spec))
    assert [float(schedule(t)) for t in (10, 11, 1000)] == [0.0] * 3
    assert float(schedule(9)) > 0


@pytest.mark.parametrize("accumulate", [1, 2])
def test_an_optimiser_multiplies_its_rate_by_the_update_s_factor(accumulate):
    """With a constant gradient Adam moves by the learning rate; an update of two gradients counts once."""
    schedule = SCHEDULES.build({"name": "inverse_time", "decay": 1.0})
    transform = Adam(0.1, eps=1e-12, schedule=schedule, accumulate=accumulate).transform()
    x, gradient = jnp.zeros(1), jnp.full(1, 3.0)
    state, moves = transform.init(x), []
    for _ in range(4 * accumulate):
        update, state = transform.update(gradient, state, x)
        moves.append(float(-update[0]))
    expected = [
        0.0 if step % accumulate != accumulate - 1 else 0.1 / (1 + step // accumulate) for step in range(4 * accumulate)
    ]
    np.testing.assert_allclose(moves, expected, rtol=1e-4)
