"""Our losses through the real ImageNet VGG16 against numbers computed in float64 by an independent implementation.

Float32 holds all of them to a relative error of 1e-5; on the CPU they are within 5e-6.
"""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.losses.content import Feature
from styleresearch.losses.style import RELU_1, Gram, Moments, SpatialVariance
from styleresearch.ops.moments import gram

CLOSE = 1e-5


@pytest.fixture(scope="module")
def features(imagenet_encoder, golden, golden_image, golden_style):
    """Features of the image and of the style image, every layer that the golden file speaks of."""
    layers = tuple(golden["layers"])
    see = jax.jit(lambda encoder, image: encoder(image, layers))
    return see(imagenet_encoder, golden_image), see(imagenet_encoder, golden_style)


def value(loss, image, other):
    target = None if loss.target == "none" else loss.summarise(other)
    (result,) = loss.compare(loss.summarise(image), target)
    return float(result)


@pytest.mark.parametrize("layer", RELU_1)
class TestStyle:
    @pytest.mark.parametrize(
        ("convention", "number", "factor"),
        [
            # E_l of equation 4, without w_l.
            ("paper", "gatys_paper_E_l", lambda c: 1),
            # mse of G/(HW), which the authors' code weighs by 1000 / C^2.
            ("authors", "mse_gram_over_HW", lambda c: 1e3 / c**2),
            ("neural_style", "mse_gram_over_CHW", lambda c: 1),
            # The squared Frobenius norm is the mean over C^2 entries times C^2.
            ("johnson", "mse_gram_over_CHW", lambda c: c**2),
        ],
    )
    def test_gram(self, features, golden, layer, convention, number, factor):
        expected = golden["losses_image_vs_style"]["style"][layer][number]
        channels = features[0][layer].shape[-1]
        actual = value(Gram((layer,), convention), *features)
        assert actual == pytest.approx(factor(channels) * expected, rel=CLOSE)

    def test_unnormalised_gram(self, features, golden, layer):
        expected = golden["losses_image_vs_style"]["style"][layer]["sum_sq_gram_diff_unnormalised"]
        _, h, w, c = features[0][layer].shape
        # Divided out by the table of conventions: k = 1 / (C^2 M^2).
        assert value(Gram((layer,), "johnson"), *features) == pytest.approx(expected / (c * h * w) ** 2, rel=CLOSE)

    def test_moments(self, features, golden, layer):
        numbers = golden["losses_image_vs_style"]["style"][layer]
        expected = numbers["adain_mean_mse"] + numbers["adain_std_mse_biased_no_eps"]
        # The golden deviations have no eps.
        assert value(Moments((layer,), eps=0.0), *features) == pytest.approx(expected, rel=CLOSE)
        channels = features[0][layer].shape[-1]
        assert value(Moments((layer,), "sum", eps=0.0), *features) == pytest.approx(channels * expected, rel=CLOSE)

    def test_spatial_variance(self, features, golden, layer):
        expected = golden["losses_image_vs_style"]["style"][layer]["spatial_variance_sum_of_image"]
        assert value(SpatialVariance((layer,)), *features) == pytest.approx(expected, rel=CLOSE)
        entries = features[0][layer].size
        assert value(SpatialVariance((layer,), "mean"), *features) == pytest.approx(expected / entries, rel=CLOSE)


def test_layers_are_summed(features, golden):
    numbers = golden["losses_image_vs_style"]["style"]
    expected = sum(numbers[layer]["gatys_paper_E_l"] for layer in RELU_1) / 5
    assert value(Gram(RELU_1, "paper", (0.2,) * 5), *features) == pytest.approx(expected, rel=CLOSE)


@pytest.mark.parametrize(("reduction", "number"), [("mse", "mse"), ("sum", "sum_sq"), ("half_sum", "half_sum_sq")])
def test_content(features, golden, reduction, number):
    expected = golden["losses_image_vs_style"]["content_relu4_2"][number]
    assert value(Feature(("relu4_2",), reduction), *features) == pytest.approx(expected, rel=CLOSE)


def test_gram_matrices_of_every_layer(features, golden):
    for layer, expected in golden["layers"].items():
        (matrix,) = np.asarray(gram(features[0][layer]), np.float64)
        assert np.trace(matrix) == pytest.approx(expected["gram_over_HW_trace"], rel=CLOSE)
        assert np.linalg.norm(matrix) == pytest.approx(expected["gram_over_HW_frobenius"], rel=CLOSE)
        # One entry is small against the matrix, and rounds with its largest.
        tolerance = CLOSE * expected["gram_over_HW_frobenius"]
        assert matrix[0, 1] == pytest.approx(expected["gram_over_HW_0_1"], rel=CLOSE, abs=1e-2 * tolerance)
