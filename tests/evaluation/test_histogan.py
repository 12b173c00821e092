"""HistoGAN's histograms against their equations in float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.evaluation.histogan import HistoGAN


@pytest.fixture(scope="module")
def distance():
    return jax.jit(lambda output, style: HistoGAN()({}, output, output, HistoGAN().summarise({}, style)))


def histogram(image):
    """Equations 1 to 4 of the paper: three planes of log-chroma, weighed by intensity."""
    pixels = np.asarray(image, np.float64).reshape(-1, 3)
    logs, bins = np.log(pixels + 1e-6), np.linspace(-3, 3, 64)
    weight = np.sqrt((pixels**2).sum(1) + 1e-6)
    planes = []
    for channel, (first, second) in enumerate([(1, 2), (0, 2), (0, 1)]):
        u, v = logs[:, channel] - logs[:, first], logs[:, channel] - logs[:, second]
        near_u, near_v = (1 / (1 + ((x[:, None] - bins) / 0.02) ** 2) for x in (u, v))
        planes.append((weight[:, None] * near_u).T @ near_v)
    return np.stack(planes) / (np.sum(planes) + 1e-6)


def test_it_is_the_hellinger_distance_of_the_papers_histograms(distance, random_image):
    output, style = random_image(0, batch=2), random_image(1, 24, 56, 2)
    wanted = [
        np.sqrt(((np.sqrt(histogram(p)) - np.sqrt(histogram(q))) ** 2).sum()) / np.sqrt(2)
        for p, q in zip(output, style, strict=True)
    ]
    assert 0.01 < min(wanted) < max(wanted) < 1
    np.testing.assert_allclose(distance(output, style), wanted, atol=1e-4)


def test_less_light_is_the_same_colour(distance, random_image):
    image = 0.2 + 0.8 * random_image(0)
    darker, redder = 0.6 * image, image * jnp.array([0.9, 0.6, 0.6])[None, None, None]
    assert distance(darker, image)[0] < 0.1 * distance(redder, image)[0]


def test_large_pictures_are_compared_at_256_px(distance, random_image):
    image = random_image(0)
    large = jnp.broadcast_to(image[:, :, None, :, None], (1, 32, 8, 40, 8, 3)).reshape(1, 256, 320, 3)
    assert distance(large, image)[0] < 0.05
