"""Structural similarity against scikit-image."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import skimage.metrics

from styleresearch.errors import InputError
from styleresearch.evaluation.ssim import SSIM


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.5])
def test_ssim_is_scikit_images(random_image, noise):
    content = np.asarray(random_image(0, 48, 40))
    output = np.clip(content + noise * (np.asarray(random_image(1, 48, 40)) - 0.5), 0, 1)
    wanted = skimage.metrics.structural_similarity(
        output[0],
        content[0],
        channel_axis=2,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    value = SSIM()({}, jnp.asarray(output), jnp.asarray(content), jnp.asarray(content))
    # scikit-image crops the border by its window's radius, ours has only whole windows: the same pixels.
    np.testing.assert_allclose(value, [wanted], atol=2e-4)


def test_a_picture_smaller_than_the_window_is_refused():
    with pytest.raises(InputError, match="SSIM needs images of at least 11x11 px, got 40x10"):
        SSIM().check({}, (10, 40))
    SSIM().check({}, (11, 11))
