"""The colour histogram against numpy's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.color_histogram import ColorHistogram
from styleresearch.evaluation.metrics import METRICS


def compiled(metric):
    """What a suite makes of a metric, for one pair: (networks, output, content, style) -> values."""
    return jax.jit(lambda needs, *images: metric(needs, *images[:2], metric.summarise(needs, images[2])))


@pytest.mark.parametrize("bins", [2, 8, 11])
def test_color_histogram_is_the_hellinger_distance_of_numpys_histograms(random_image, bins):
    output, style = random_image(0, batch=2), random_image(1, 24, 56, 2)
    value = compiled(ColorHistogram(bins))({}, output, output, style)
    for i in range(2):
        p, q = (
            np.histogramdd(np.asarray(image[i], np.float64).reshape(-1, 3), bins=bins, range=[(0, 1)] * 3)[0]
            for image in (output, style)
        )
        p, q = p / p.sum(), q / q.sum()
        wanted = np.sqrt(0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum())
        assert 0 < wanted < 1
        np.testing.assert_allclose(value[i], wanted, atol=1e-5)


def test_color_histogram_at_the_ends_of_the_range():
    black, white = jnp.zeros((1, 12, 12, 3)), jnp.ones((1, 16, 20, 3))
    distance = compiled(ColorHistogram())
    np.testing.assert_allclose(distance({}, black, black, white), [1.0])
    np.testing.assert_allclose(distance({}, white, white, white), [0.0], atol=1e-6)
    # Colours that fall into one bin are one colour: 0.9 and 1 both lie in the last eighth.
    np.testing.assert_allclose(distance({}, 0.9 * white, white, white), [0.0], atol=1e-6)


@pytest.mark.parametrize("bins", [1, 65, -3])
def test_color_histogram_refuses_other_bins(bins):
    with pytest.raises(InputError, match=f"bins = {bins} is not from 2 to 64"):
        METRICS.build({"name": "color_histogram", "bins": bins})


def test_every_picture_has_a_histogram():
    ColorHistogram().check({}, (1, 1))
