"""Checkerboard energy: a planted pattern has the excess that its amplitude says, and noise has none."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.checkerboard import Checkerboard

SIDE = 64
Y, X = np.mgrid[:SIDE, :SIDE]


@pytest.fixture(scope="module")
def excess():
    compiled = jax.jit(lambda image: Checkerboard()({}, image, image, None))
    return lambda image: float(compiled(jnp.asarray(image, jnp.float32)[None])[0])


def noise(deviation=0.02):
    return 0.5 + np.random.default_rng(0).normal(0, deviation, (SIDE, SIDE, 3))


def test_noise_has_next_to_none_and_a_flat_picture_none(excess):
    assert excess(noise()) < 3
    assert excess(np.full((SIDE, SIDE, 3), 0.3)) == 0


@pytest.mark.parametrize(("period", "frequencies"), [(2, 3), (4, 12), (8, 48)])
def test_a_tone_of_each_period_has_its_power_over_that_of_the_noise(excess, period, frequencies):
    # Along both axes and no shorter: the tone is one frequency of those of its period, or two that mirror each other.
    tone = np.cos(2 * np.pi * (X + Y) / period)[..., None] * 0.05
    # Power of the tone at its peak: amplitude^2 (1/4 of it, twice, for a cosine), times the window's gain.
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIDE) / SIDE)
    gain = window.sum() ** 4 / (window**2).sum() ** 2
    peaks = 1.0 if period == 2 else 0.5
    wanted = 10 * np.log10(1 + peaks * 0.05**2 * gain / 0.02**2 / frequencies)
    assert excess(noise() + tone) == pytest.approx(wanted, abs=1.5)


def test_other_periods_are_no_checkerboard(excess):
    assert excess(noise() + np.cos(2 * np.pi * X / 3.2)[..., None] * 0.05) < 3


def test_small_pictures_are_refused():
    with pytest.raises(InputError, match="at least 32x32 px, got 40x31"):
        Checkerboard().check({}, (31, 40))
