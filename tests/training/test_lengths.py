"""Lengths that belong together: what a run is told of, and the rates that it trains at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from styleresearch.methods.optimizers import Adam, Optimizer
from styleresearch.methods.schedules import SCHEDULES
from styleresearch.training.lengths import oddities
from styleresearch.training.rates import lasting, rates_at


def adam(accumulate: int = 1, **schedule: Any) -> Adam:
    return Adam(0.1, schedule=SCHEDULES.build(schedule) if schedule else None, accumulate=accumulate)


@pytest.mark.parametrize(
    ("optimizer", "steps", "told"),
    [
        (adam(), 10, None),
        (adam(name="inverse_time"), 10, None),
        (adam(name="linear"), 10, None),
        (adam(name="linear", start=5, steps=5), 10, None),
        (adam(name="linear", start=5, steps=5), 11, "ends at a learning rate of 0 after step 10, .* the last 1 steps"),
        (adam(name="linear", steps=5, end=0.1), 11, None),
        (adam(name="cosine", steps=5), 11, "0 after step 5, and train.steps is 11: the last 6 steps change nothing"),
        (adam(name="linear", start=5, steps=5), 9, "falls until step 10, and train.steps is 9: .* ends at 0.4 times"),
        (adam(name="cosine", steps=20, warmup=11), 10, "falls until step 20, .* ends at 0.818 times"),
        (adam(2, name="linear", steps=5), 11, None),
        (adam(2, name="linear", steps=5), 13, "0 after step 10, and train.steps is 13: the last 3 steps"),
        (adam(2, name="linear", steps=6), 11, "falls until step 12"),
        (adam(20), 10, "optimizer.accumulate=20 is more than train.steps=10: nothing is learned"),
    ],
)
def test_what_does_not_go_with_the_length_of_a_run_is_told(toy, optimizer, steps, told):
    found = list(oddities(lasting(toy(optimizer), steps), steps, 1))
    if told is None:
        assert found == []
    else:
        (text,) = found
        assert re.search(told, text), text


@pytest.fixture
def two(toy):
    """A method with the optimisers of a GAN, and its pool."""

    @dataclass(frozen=True, eq=False)
    class Two(toy):
        discriminator_optimizer: Optimizer | None = None
        pool: int = 0

    return Two


@pytest.mark.parametrize(("pool", "told"), [(0, False), (19, False), (20, True), (50, True)])
def test_a_pool_that_never_fills_is_told(two, pool, told):
    found = list(oddities(two(adam(), pool=pool), 5, 4))
    assert [text.split(":")[0] for text in found] == ([f"pool={pool} never fills"] if told else [])


def test_every_optimiser_has_its_rate(two):
    both = lasting(two(adam(name="linear"), discriminator_optimizer=adam(name="linear", steps=20)), 10)
    expected = {"learning_rate": 0.05, "discriminator_learning_rate": 0.075}
    assert rates_at(both, 5) == pytest.approx(expected)
    assert [text.split(" ")[0] for text in oddities(both, 10, 1)] == ["discriminator_optimizer.schedule"]
    one = lasting(two(adam(2, name="linear")), 10)
    assert rates_at(one, 5) == pytest.approx(dict.fromkeys(expected, 0.06))
    assert list(oddities(one, 10, 1)) == []
