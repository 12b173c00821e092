"""Stroke scale: bars have their width, and openings are scipy's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from styleresearch.evaluation.stroke_scale import SIDES, StrokeScale


@pytest.fixture(scope="module")
def scale():
    compiled = jax.jit(lambda image: StrokeScale()({}, image, image, None))
    return lambda image: float(compiled(jnp.asarray(image, jnp.float32)[None])[0])


def written_out(image):
    luma = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    border, taken = SIDES[-1], []
    for grey in (luma, 1 - luma):
        padded = np.pad(grey, border, constant_values=np.inf)
        crop = (slice(border, -border),) * 2
        opened = [
            ndimage.maximum_filter(ndimage.minimum_filter(padded, side, mode="wrap"), side, mode="wrap", origin=origin)
            for side, origin in ((side, -1 if side % 2 == 0 else 0) for side in SIDES)
        ]
        means = [each[crop].mean() for each in opened]
        taken.append(np.subtract(means[:-1], means[1:]))
    widths = np.sqrt(np.multiply(SIDES[:-1], np.subtract(SIDES[1:], 1)))
    return np.exp((sum(taken) * np.log(widths)).sum() / np.sum(taken))


def test_it_is_the_mean_of_the_pattern_spectrum(scale, random_image):
    image = np.asarray(random_image(0)[0])
    assert scale(image) == pytest.approx(written_out(image), rel=1e-3)


@pytest.mark.parametrize("width", [1, 3, 7, 20])
def test_bars_have_their_width_up_to_the_steps_of_the_squares(scale, width):
    bar = np.full((32, 40, 3), 0.4)
    bar[:, 10 : 10 + width] = 0.9
    # The ground beside the bar, which goes on beyond the border, is none.
    assert scale(bar) == pytest.approx(width, rel=0.35)


def test_a_flat_picture_has_no_strokes(scale):
    assert scale(np.full((32, 40, 3), 0.4)) == 0
