"""Colour preservation: what the method is given, and what comes out."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.methods.color import PreserveColor
from styleresearch.ops.color import MATCHES, luminance, rgb_to_yuv

to_yuv = jax.jit(rgb_to_yuv)


@pytest.fixture(scope="module")
def images(random_image):
    """A content, a style of another size, and what a method could have made; away from 0 and 1: nothing is clipped."""
    return tuple(0.5 + 0.2 * (random_image(seed, *size) - 0.5) for seed, size in ((0, ()), (1, (24, 30)), (2, ())))


def statistics(image):
    pixels = np.asarray(image, np.float64).reshape(-1, 3)
    return pixels.mean(0), np.cov(pixels, rowvar=False, bias=True)


def test_luminance_after(images):
    content, style, output = images
    preserve = PreserveColor("luminance", "after")
    assert preserve.content(content) is content
    assert preserve.style(style, content) is style
    final = to_yuv(preserve.output(output, content))
    np.testing.assert_allclose(final[..., 0], to_yuv(output)[..., 0], atol=1e-5)
    np.testing.assert_allclose(final[..., 1:], to_yuv(content)[..., 1:], atol=1e-5)


def test_luminance_before(images):
    content, style, output = images
    preserve = PreserveColor("luminance", "before")
    np.testing.assert_array_equal(preserve.content(content), luminance(content))
    grey = np.asarray(preserve.style(style, content))
    assert grey.shape == style.shape
    np.testing.assert_allclose(grey[..., 0], grey[..., 2], atol=1e-6)
    light = np.asarray(luminance(content))
    assert grey.mean() == pytest.approx(light.mean(), abs=1e-4)
    assert grey.std() == pytest.approx(light.std(), rel=1e-3)
    final = to_yuv(preserve.output(output, content))
    np.testing.assert_allclose(final[..., 0], to_yuv(output)[..., 0], atol=1e-5)
    np.testing.assert_allclose(final[..., 1:], to_yuv(content)[..., 1:], atol=1e-5)


@pytest.mark.parametrize("how", list(MATCHES))
def test_matching_before_recolours_the_style(images, how):
    content, style, output = images
    preserve = PreserveColor(how, "before")
    assert preserve.content(content) is content
    assert preserve.output(output, content) is output
    recoloured = preserve.style(style, content)
    assert recoloured.shape == style.shape
    np.testing.assert_allclose(statistics(recoloured)[0], statistics(content)[0], atol=2e-3)
    np.testing.assert_allclose(np.asarray(recoloured).std((1, 2)), np.asarray(content).std((1, 2)), rtol=0.02)


@pytest.mark.parametrize("how", list(MATCHES))
def test_matching_after_recolours_the_output(images, how):
    content, style, output = images
    preserve = PreserveColor(how, "after")
    assert preserve.content(content) is content
    assert preserve.style(style, content) is style
    final = preserve.output(output, content)
    assert final.shape == output.shape
    np.testing.assert_allclose(statistics(final)[0], statistics(content)[0], atol=2e-3)
    if how == "covariance":
        np.testing.assert_allclose(statistics(final)[1], statistics(content)[1], rtol=0.02, atol=2e-5)
