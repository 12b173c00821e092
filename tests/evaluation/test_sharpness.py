"""Sharpness against the paper's steps, written out with scipy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from styleresearch.evaluation.sharpness import Sharpness


@pytest.fixture(scope="module")
def sharpness():
    return jax.jit(lambda image: Sharpness()({}, image, image, None))


def written_out(image):
    luma = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    blur = []
    for axis in (0, 1):
        change = np.abs(np.diff(luma, axis=axis))
        left = np.abs(np.diff(ndimage.uniform_filter1d(luma, 9, axis=axis, mode="reflect"), axis=axis))
        kept = np.maximum(0, change - left)
        blur.append((change.sum() - kept.sum()) / change.sum())
    return 1 - max(blur)


def test_it_is_one_minus_the_papers_blur_and_less_for_a_blurred_picture(sharpness, random_image):
    image = np.asarray(random_image(0, 24, 40)[0])
    blurred = ndimage.gaussian_filter(image, (1.5, 1.5, 0))
    found = [float(sharpness(jnp.asarray(each)[None])[0]) for each in (image, blurred)]
    np.testing.assert_allclose(found, [written_out(image), written_out(blurred)], atol=1e-5)
    assert found[1] < found[0] - 0.1


def test_a_direction_without_any_change_does_not_count(sharpness):
    stripes = jnp.broadcast_to((jnp.arange(40) // 5 % 2.0)[None, None, :, None], (1, 24, 40, 3))
    assert float(sharpness(stripes)[0]) > 0.8
