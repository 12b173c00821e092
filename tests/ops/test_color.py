"""Colour spaces and transfers: numbers written out, scikit-image, and the statistics that a transfer promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skimage.exposure import match_histograms

from styleresearch.ops import color

rgb_to_yuv, yuv_to_rgb, luminance = map(jax.jit, (color.rgb_to_yuv, color.yuv_to_rgb, color.luminance))


def statistics(image):
    pixels = np.asarray(image, np.float64).reshape(-1, 3)
    return pixels.mean(0), np.cov(pixels, rowvar=False, bias=True)


def gentle(image, center, contrast):
    """Keep away from 0 and 1, so that a transfer has nothing to clip."""
    return center + contrast * (image - 0.5)


def test_yuv_of_known_colours():
    colours = jnp.asarray([[[[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]]], jnp.float32)
    expected = [[0, 0, 0], [1, 0, 0], [0.299, -0.14713, 0.615], [0.587, -0.28886, -0.51499], [0.114, 0.436, -0.10001]]
    np.testing.assert_allclose(rgb_to_yuv(colours)[0, 0], expected, atol=2e-5)


def test_yuv_there_and_back(random_image):
    image = random_image(0, batch=2)
    np.testing.assert_allclose(yuv_to_rgb(rgb_to_yuv(image)), image, atol=1e-5)


def test_luminance_is_grey_and_keeps_the_luma(random_image):
    image = random_image(1)
    grey = np.asarray(luminance(image))
    np.testing.assert_array_equal(grey[..., 0], grey[..., 1])
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    np.testing.assert_allclose(grey[..., 0], np.asarray(image) @ [0.299, 0.587, 0.114], atol=1e-6)
    np.testing.assert_allclose(rgb_to_yuv(jnp.asarray(grey))[..., 0], grey[..., 0], atol=1e-5)


def test_chroma_of_one_under_the_luma_of_another(random_image):
    chroma, light = gentle(random_image(2), 0.5, 0.2), gentle(random_image(3), 0.5, 0.2)
    both = rgb_to_yuv(color.with_luminance_of(chroma, light))
    np.testing.assert_allclose(both[..., 0], rgb_to_yuv(light)[..., 0], atol=1e-5)
    np.testing.assert_allclose(both[..., 1:], rgb_to_yuv(chroma)[..., 1:], atol=1e-5)


def test_mean_and_deviation_match(random_image):
    image, reference = random_image(4, batch=2), gentle(random_image(5, 24, 30, batch=2), 0.45, 0.2)
    matched = np.asarray(color.match_mean_std(image, reference))
    assert matched.shape == image.shape
    assert 0 < matched.min() < matched.max() < 1  # nothing was clipped
    np.testing.assert_allclose(matched.mean((1, 2)), reference.mean((1, 2)), atol=1e-5)
    np.testing.assert_allclose(matched.std((1, 2)), reference.std((1, 2)), rtol=1e-4)


def test_covariance_matches(random_image):
    image, reference = random_image(6, batch=2), gentle(random_image(7, 24, 30, batch=2), 0.55, 0.2)
    matched = np.asarray(color.match_covariance(image, reference))
    assert 0 < matched.min() < matched.max() < 1  # nothing was clipped
    for mine, other in zip(matched, reference, strict=True):
        (mean, cov), (expected_mean, expected_cov) = statistics(mine), statistics(other)
        np.testing.assert_allclose(mean, expected_mean, atol=1e-5)
        np.testing.assert_allclose(cov, expected_cov, rtol=1e-2, atol=1e-5)  # the ridge is 1e-5


def test_histogram_matches_scikit_image():
    # Away from 0 and 1, where clipped pixels tie: scikit-image gives ties their highest quantile, we their middle one.
    image, reference = (np.random.default_rng(seed).beta(2, 3, (1, 32, 40, 3)).astype(np.float32) for seed in (8, 9))
    expected = match_histograms(image[0], reference[0], channel_axis=-1)
    np.testing.assert_allclose(
        color.match_histogram(jnp.asarray(image), jnp.asarray(reference))[0], expected, atol=2e-3
    )


def test_histogram_of_the_same_size_is_the_references_own_values():
    image, reference = np.random.default_rng(0).permutation(np.linspace(0.1, 0.9, 2 * 960)).reshape(2, 1, 16, 20, 3)
    matched = np.asarray(color.match_histogram(jnp.asarray(image, jnp.float32), jnp.asarray(reference, jnp.float32)))
    np.testing.assert_allclose(np.sort(matched, axis=None), np.sort(reference.astype(np.float32), axis=None), atol=1e-5)
    np.testing.assert_array_equal(np.argsort(matched[..., 0], axis=None), np.argsort(image[..., 0], axis=None))


def test_histogram_of_another_size_keeps_the_quantiles(random_image):
    image, reference = random_image(10), random_image(11, 48, 20)
    matched = np.asarray(color.match_histogram(image, reference))
    assert matched.shape == image.shape
    for q in (0.1, 0.25, 0.5, 0.75, 0.9):
        np.testing.assert_allclose(
            np.quantile(matched, q, axis=(1, 2)), np.quantile(np.asarray(reference), q, axis=(1, 2)), atol=0.01
        )


def test_flat_areas_stay_flat(random_image):
    image = random_image(12).at[:, 10:].set(0.3)
    matched = np.asarray(color.match_histogram(image, random_image(13)))
    assert np.ptp(matched[:, 10:], axis=(1, 2)).max() == 0


@pytest.mark.parametrize("name", list(color.MATCHES))
def test_transfers_are_finite_on_constant_images(name, random_image):
    flat = jnp.full((1, 32, 40, 3), 0.25)
    transfer = color.MATCHES[name]
    for image, reference in ((flat, random_image(14)), (random_image(14), flat), (flat, flat)):
        matched = np.asarray(transfer(image, reference))
        assert np.isfinite(matched).all()
        assert matched.min() >= 0
        assert matched.max() <= 1
        if reference is flat:
            np.testing.assert_allclose(matched, 0.25, atol=0.01)


@pytest.mark.parametrize("name", list(color.MATCHES))
def test_matching_an_image_with_itself_changes_nothing(name, random_image):
    image = random_image(15)
    transfer = color.MATCHES[name]
    np.testing.assert_allclose(transfer(image, image), image, atol=1e-4)
