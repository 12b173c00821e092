"""Strengths from votes: the likelihood's maximum, intervals that cover, and the odd cases."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import expit

from styleresearch.evaluation.statistics.bradley_terry import PRIOR, apart, bradley_terry

TRUE = np.array([0.6, 0.2, -0.2, -0.6])


def simulated(rng, raters, contents, styles, votes, spread):
    """Votes of raters, contents and styles that each favour some methods: (left, right, score, three factors)."""
    methods, count = len(TRUE), raters * votes
    liked = [
        rng.normal(0, each, (levels, methods)) for each, levels in zip(spread, (raters, contents, styles), strict=True)
    ]
    rater = np.repeat(np.arange(raters), votes)
    content, style = rng.integers(0, contents, count), rng.integers(0, styles, count)
    left = rng.integers(0, methods, count)
    right = (left + rng.integers(1, methods, count)) % methods
    utility = TRUE + liked[0][rater] + liked[1][content] + liked[2][style]
    at = np.arange(count)
    score = (rng.random(count) < expit(utility[at, left] - utility[at, right])).astype(float)
    return left, right, score, (rater, content, style)


def in_the_population(spread):
    """The strengths of infinitely many votes: the model fitted to the mean probability of each two methods."""
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    noise = math.sqrt(2 * sum(each**2 for each in spread)) * points
    pairs = np.array(list(itertools.permutations(range(len(TRUE)), 2)))
    share = [weights @ expit(TRUE[a] - TRUE[b] + noise) / weights.sum() for a, b in pairs]
    many = np.tile(pairs, (1000, 1))
    return bradley_terry(many[:, 0], many[:, 1], np.tile(share, 1000), len(TRUE)).strengths


def covered(studies, spread, raters=12, contents=4, styles=5, votes=24):
    """The share of intervals of strengths and of a difference that hold the population's value."""
    rng, truth = np.random.default_rng(0), in_the_population(spread)
    found = []
    for _ in range(studies):
        left, right, score, factors = simulated(rng, raters, contents, styles, votes, spread)
        fit = bradley_terry(left, right, score, len(TRUE), factors)
        inside = [fit.strength(index) for index in range(len(TRUE))]
        found += [each.lo <= value <= each.hi for each, value in zip(inside, truth, strict=True)]
        difference = fit.difference(0, 1)
        found.append(difference.lo <= truth[0] - truth[1] <= difference.hi)
    return np.mean(found)


def test_strengths_maximise_the_likelihood():
    rng = np.random.default_rng(1)
    left = rng.integers(0, 3, 60)
    right = (left + rng.integers(1, 3, 60)) % 3
    score = rng.choice([0.0, 0.5, 1.0], 60)

    def log_likelihood(a, b):
        strengths = np.stack([a, b, -a - b])
        gap = strengths[left] - strengths[right]
        told = score @ np.log(expit(gap)).reshape(60, -1) + (1 - score) @ np.log(expit(-gap)).reshape(60, -1)
        return told.reshape(a.shape) - PRIOR / 2 * (strengths**2).sum(axis=0)

    # By trying everything, ever closer to the best.
    middle, width = np.zeros(2), 4.0
    for _ in range(12):
        a, b = np.meshgrid(*(np.linspace(m - width, m + width, 21) for m in middle), indexing="ij")
        best = np.unravel_index(np.argmax(log_likelihood(a, b)), a.shape)
        middle, width = np.array([a[best], b[best]]), width / 4
    np.testing.assert_allclose(bradley_terry(left, right, score, 3).strengths, [*middle, -middle.sum()], atol=1e-4)


def test_two_methods_have_the_log_odds_of_their_votes():
    left, right, score = np.zeros(400, int), np.ones(400, int), np.repeat([1.0, 0.0], [300, 100])
    fit = bradley_terry(left, right, score, 2, (np.arange(400),))
    found = fit.difference(0, 1)
    assert found.value == pytest.approx(math.log(3), abs=1e-3)
    # Votes alone: the binomial standard error, by the normal approximation.
    assert (found.hi - found.lo) / 2 == pytest.approx(1.96 * math.sqrt(1 / 300 + 1 / 100), rel=0.01)
    assert found.p < 1e-10
    assert fit.strength(0).value == pytest.approx(found.value / 2)


def test_a_tie_is_half_a_win_of_either():
    left, right = np.tile([0, 1, 2, 0], 20), np.tile([1, 2, 0, 2], 20)
    score = np.tile([0.5, 1.0, 0.0, 0.5, 0.5, 0.0, 1.0, 1.0], 10)
    ties = bradley_terry(left, right, score, 3)
    halves = np.stack([np.ceil(score), np.floor(score)], axis=1).ravel()
    double = bradley_terry(np.repeat(left, 2), np.repeat(right, 2), halves, 3)
    # Twice the votes: only the prior, which is weak, has another share.
    np.testing.assert_allclose(ties.strengths, double.strengths, atol=1e-3)
    assert ties.strengths.max() > 0.2
    assert bradley_terry(left, right, np.full(80, 0.5), 3).strengths == pytest.approx(np.zeros(3), abs=1e-12)


def test_a_method_that_won_every_vote_has_a_finite_strength():
    left, right = np.tile([0, 0, 1], 20), np.tile([1, 2, 2], 20)
    fit = bradley_terry(left, right, np.ones(60), 3, (np.repeat(np.arange(4), 15),))
    assert np.isfinite(fit.strengths).all()
    assert (np.diff(fit.strengths) < -3).all()


def test_one_rater_on_one_picture_has_no_interval():
    fit = bradley_terry(np.array([0, 1]), np.array([1, 0]), np.array([1.0, 1.0]), 2, (np.zeros(2, int),))
    assert math.isnan(fit.strength(0).lo)
    assert math.isnan(fit.strength(0).p)


def test_intervals_know_that_raters_agree_with_themselves():
    left, right = np.zeros(200, int), np.ones(200, int)
    rater = np.repeat(np.arange(10), 20)
    same = bradley_terry(left, right, (rater < 7).astype(float), 2, (rater,)).difference(0, 1)
    alone = bradley_terry(left, right, (np.arange(200) % 10 < 7).astype(float), 2, (np.arange(200),)).difference(0, 1)
    assert same.value == pytest.approx(alone.value)
    assert same.hi - same.lo > 4 * (alone.hi - alone.lo)


def test_methods_that_no_votes_connect_are_found():
    assert apart(np.array([0, 2]), np.array([1, 3]), 4) == [2, 3]
    assert apart(np.array([0, 2, 3]), np.array([1, 3, 1]), 4) == []


def test_intervals_cover_in_a_few_studies():
    assert covered(40, (0.3, 0.3, 0.4)) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("spread", [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.3, 0.3, 0.5), (0.5, 0.5, 0.5)])
@pytest.mark.parametrize("size", [(10, 3, 4, 30), (20, 10, 10, 40)])
def test_intervals_cover(spread, size):
    assert 0.93 < covered(400, spread, *size) < 0.996
