"""Strengths of methods from pairwise votes, with intervals for other raters, contents and styles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, stdtr, stdtrit

from styleresearch.evaluation.statistics.interval import LEVEL

PRIOR = 0.01
"""Precision of a normal prior of the strengths: a method that won every vote has a finite strength, no other moves."""


@dataclass(frozen=True)
class Contrast:
    """A strength, or a difference of two, in log-odds.

    Attributes:
        value: the estimate.
        lo: lower end of the interval; NaN where there is none.
        hi: upper end.
        p: two-sided p-value of the value being 0, from the statistic that the interval is made of; NaN likewise.
    """

    value: float
    lo: float = math.nan
    hi: float = math.nan
    p: float = math.nan


@dataclass(frozen=True)
class BradleyTerry:
    """Fitted strengths.

    Attributes:
        strengths: of each method, in log-odds; they add up to 0.
        votes: what single votes add to the covariance of the strengths.
        factors: what the draw of each factor that varied adds to it, the votes' part included.
        levels: how many levels each of these factors has.
        count: how many votes there are.
    """

    strengths: Float[np.ndarray, " methods"]
    votes: Float[np.ndarray, "methods methods"]
    factors: tuple[Float[np.ndarray, "methods methods"], ...]
    levels: tuple[int, ...]
    count: int

    def strength(self, method: int, level: float = LEVEL) -> Contrast:
        """Return a method's strength: log-odds of being preferred, against the average of all."""
        weights = np.full(len(self.strengths), -1 / len(self.strengths))
        weights[method] += 1
        return self._contrast(weights, level)

    def difference(self, method: int, reference: int, level: float = LEVEL) -> Contrast:
        """Return the log-odds of a method being preferred over another."""
        weights = np.zeros(len(self.strengths))
        weights[method] += 1
        weights[reference] -= 1
        return self._contrast(weights, level)

    def _contrast(self, weights: Float[np.ndarray, " methods"], level: float) -> Contrast:
        value = float(weights @ self.strengths)
        single = float(weights @ self.votes @ weights)
        parts = [float(weights @ part @ weights) for part in self.factors]
        if not parts or not max(single, *parts) > 0:
            return Contrast(value)
        # Every factor's part holds that of the single votes, which must count once.
        beyond = [max(part - single, 0.0) for part in parts]
        variance = single + sum(beyond)
        unsure = [part * more / (count - 1) for part, more, count in zip(parts, beyond, self.levels, strict=True)]
        df = max(variance**2 / (sum(unsure) + single**2 / self.count), min(self.levels) - 1.0)
        error = math.sqrt(variance)
        half = float(stdtrit(df, (1 + level) / 2)) * error
        return Contrast(value, value - half, value + half, 2 * float(stdtr(df, -abs(value) / error)))


def bradley_terry(
    left: Int[np.ndarray, " votes"],
    right: Int[np.ndarray, " votes"],
    score: Float[np.ndarray, " votes"],
    methods: int,
    factors: Sequence[Int[np.ndarray, " votes"]] = (),
) -> BradleyTerry:
    """Fit the strengths of methods to votes.

    A method of strength a is preferred over one of strength b with probability ``1 / (1 + exp(b - a))``. A vote of 0.5
    (a tie) is half a win of either.

    Raters, contents and styles are random: another study would have drawn others. With what each vote moves the
    strengths by, ``u`` (the inverse information times the vote's score), and the sums ``S`` of the votes of each of G
    levels of a factor, that factor's part is ``G / (G - 1) * sum(S S')``. Each part holds what single votes add,
    ``V = sum(u u')``. The variance of a strength, or of a difference of two, is that of V plus what each part shows
    beyond it; Student's t with Satterthwaite's degrees of freedom, at least those of the factor with the fewest levels,
    makes the intervals of it.

    Args:
        left: number of the method on one side of each vote.
        right: of the method on the other side.
        score: 1 where the left one won, 0 where the right one did, 0.5 for a tie.
        methods: how many there are.
        factors: what the votes share, as numbers of levels: raters, contents, styles. One of a single level is fixed.

    Source: Bradley & Terry 1952, "Rank analysis of incomplete block designs: I"; Davidson 1970 for ties, whose model
        has the same sufficient statistics (a tie is half a win) and, in balanced designs, the same ranks; the multiway
        clustered covariance of Cameron, Gelbach & Miller 2011, "Robust inference with multiway clustering".
    Differs: no part of the variance is negative, and in the degrees of freedom a part counts with its excess over the
        votes' times itself: the square of the excess is too bold where there are few levels, that of the part too
        cautious where votes are mostly noise. A normal prior of standard deviation 10 keeps the strength of a method
        that won every vote finite. No resampling: where all factors are drawn anew at once, a vote weighs the product
        of three counts, and the noise of single votes, which is most of what votes vary by, counts several times.

    Simulated (400 studies each, 10 to 30 raters, 2 x 3 to 10 x 10 pictures, 20 to 40 votes a rater), a nominal 95 %
    covers 93 to 97 % where raters, contents and styles differ, and 97 to 99 % where hardly anything but single votes
    varies. Drawing the three factors anew covers up to 100 %, with intervals up to twice as wide.
    """
    at = np.arange(len(left))
    design = np.zeros((len(left), methods))
    design[at, left] += 1.0
    design[at, right] -= 1.0
    strengths = np.zeros(methods)
    for _ in range(100):
        expected = expit(design @ strengths)
        gradient = design.T @ (score - expected) - PRIOR * strengths
        information = (design * (expected * (1 - expected))[:, None]).T @ design + PRIOR * np.eye(methods)
        step = np.linalg.solve(information, gradient)
        # Newton's steps overshoot only where a method won nearly every vote; one log-odds at a time does not.
        strengths = strengths + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    strengths -= strengths.mean()
    expected = expit(design @ strengths)
    information = (design * (expected * (1 - expected))[:, None]).T @ design + PRIOR * np.eye(methods)
    moves = np.linalg.solve(information, (design * (score - expected)[:, None]).T).T
    parts, levels = [], []
    for codes in factors:
        _, level = np.unique(codes, return_inverse=True)
        count = int(level.max()) + 1 if len(level) else 0
        if count > 1:
            sums = np.zeros((count, methods))
            np.add.at(sums, level, moves)
            parts.append(count / (count - 1) * sums.T @ sums)
            levels.append(count)
    return BradleyTerry(strengths, moves.T @ moves, tuple(parts), tuple(levels), len(left))


def apart(left: Int[np.ndarray, " votes"], right: Int[np.ndarray, " votes"], methods: int) -> list[int]:
    """Return the methods that no chain of votes connects with the first: their strengths mean nothing beside it."""
    group = list(range(methods))
    for one, other in {(int(a), int(b)) for a, b in zip(left, right, strict=True)}:
        old, new = group[one], group[other]
        group = [new if each == old else each for each in group]
    return [method for method in range(methods) if group[method] != group[0]]
