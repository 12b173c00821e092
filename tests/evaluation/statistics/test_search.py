"""The search for the number at which a mean reaches a value."""

from __future__ import annotations

import math

import pytest

from styleresearch.evaluation.statistics.search import next_number


def found(function, target: float, first: float, grows: bool = True, tries: int = 8) -> dict[float, float]:
    """Search until the target is met within two percent; return what was tried."""
    means: dict[float, float] = {}
    while len(means) < tries and not any(abs(mean - target) <= 0.02 * target for mean in means.values()):
        number = next_number(means, target, first, grows)
        assert number not in means
        means[number] = function(number)
    return means


@pytest.mark.parametrize(
    ("function", "target", "grows"),
    [
        (lambda w: 3 * w**0.5, 40.0, True),
        (lambda w: 60 * w / (w + 300), 40.0, True),  # flattens, as a content loss does
        (lambda w: 1 / (1 + w), 0.3, False),  # a similarity falls
        (lambda w: 0.02 * w**1.5 if w < 5000 else math.nan, 300.0, True),  # diverges beyond
    ],
    ids=["power", "saturating", "falling", "diverging"],
)
@pytest.mark.parametrize("first", [1e-2, 1.0, 1e4])
def test_it_meets_the_target_within_a_few_tries(function, target, grows, first):
    means = found(function, target, first, grows, tries=10)
    assert min(abs(mean - target) for mean in means.values() if math.isfinite(mean)) <= 0.02 * target


def test_between_two_points_it_is_linear_in_the_logarithms():
    assert next_number({1.0: 1.0, 100.0: 100.0}, 10.0, 1.0) == pytest.approx(10.0)
    assert next_number({}, 10.0, 3.0) == 3.0
    assert next_number({8.0: math.nan}, 10.0, 3.0) < 8.0
