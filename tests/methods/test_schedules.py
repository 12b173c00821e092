"""Learning rate schedules at known updates, and in an optimiser."""

from __future__ import annotations

import inspect
import math

import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.methods.optimizers import Adam
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
        ({"name": "cosine"}, "needs the option 'steps'"),
        ({"name": "linear", "steps": 10, "start": -1}, "start = -1 is not from 0"),
        ({"name": "cosine", "steps": 10, "warmup": -1}, "warmup = -1 is not from 0"),
    ],
)
def test_what_cannot_be_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        SCHEDULES.build(spec)


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
