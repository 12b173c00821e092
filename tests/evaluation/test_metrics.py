"""Metrics against other libraries and formulas written out."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import skimage.metrics

from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, SSIM, ColorHistogram, LossMetric
from styleresearch.losses.content import Feature
from styleresearch.losses.regularize import TotalVariation
from styleresearch.losses.style import Gram

STYLE = Gram(("relu1_1", "relu2_1"))


def compiled(metric):
    """What a suite makes of a metric, for one pair: (encoder, output, content, style) -> values."""
    return jax.jit(lambda encoder, *images: metric(encoder, *images[:2], metric.summarise(encoder, images[2])))


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.5])
def test_ssim_is_scikit_images(small_encoder, random_image, noise):
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
    value = SSIM()(small_encoder, jnp.asarray(output), jnp.asarray(content), jnp.asarray(content))
    # scikit-image crops the border by its window's radius, ours has only whole windows: the same pixels.
    np.testing.assert_allclose(value, [wanted], atol=2e-4)


@pytest.mark.parametrize("bins", [2, 8, 11])
def test_color_histogram_is_the_hellinger_distance_of_numpys_histograms(small_encoder, random_image, bins):
    output, style = random_image(0, batch=2), random_image(1, 24, 56, 2)
    value = compiled(ColorHistogram(bins))(small_encoder, output, output, style)
    for i in range(2):
        p, q = (
            np.histogramdd(np.asarray(image[i], np.float64).reshape(-1, 3), bins=bins, range=[(0, 1)] * 3)[0]
            for image in (output, style)
        )
        p, q = p / p.sum(), q / q.sum()
        wanted = np.sqrt(0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum())
        assert 0 < wanted < 1
        np.testing.assert_allclose(value[i], wanted, atol=1e-5)


def test_color_histogram_at_the_ends_of_the_range(small_encoder):
    black, white = jnp.zeros((1, 12, 12, 3)), jnp.ones((1, 16, 20, 3))
    distance = compiled(ColorHistogram())
    np.testing.assert_allclose(distance(small_encoder, black, black, white), [1.0])
    np.testing.assert_allclose(distance(small_encoder, white, white, white), [0.0], atol=1e-6)
    # Colours that fall into one bin are one colour: 0.9 and 1 both lie in the last eighth.
    np.testing.assert_allclose(distance(small_encoder, 0.9 * white, white, white), [0.0], atol=1e-6)


@pytest.mark.parametrize("bins", [1, 65, -3])
def test_color_histogram_refuses_other_bins(bins):
    with pytest.raises(InputError, match=f"bins = {bins} is not from 2 to 64"):
        METRICS.build({"name": "color_histogram", "bins": bins})


@pytest.mark.parametrize("loss", [Feature(("relu2_1",)), STYLE, TotalVariation()], ids=lambda loss: type(loss).__name__)
def test_a_loss_as_a_metric_is_the_loss(small_encoder, random_image, loss):
    output, content, style = random_image(0, batch=2), random_image(1, batch=2), random_image(2, 48, 32, 2)
    pred, *references = (loss.summarise(small_encoder(image, loss.layers)) for image in (output, content, style))
    target = {"content": references[0], "style": references[1], "none": None}[loss.target]
    wanted = loss.compare(pred, target)
    value = compiled(LossMetric(loss))(small_encoder, output, content, style)
    np.testing.assert_allclose(value, wanted, rtol=1e-5)
    assert (wanted > 0).all()


def test_definitions_and_contracts_change_with_the_settings(small_encoder):
    def contract(metric, encoder=small_encoder):
        return json.dumps(metric.contract(encoder), sort_keys=True)

    variants = [
        LossMetric(Gram(("relu1_1",))),
        LossMetric(Gram(("relu2_1",))),
        LossMetric(Gram(("relu1_1",), convention="johnson")),
        LossMetric(Feature(("relu1_1",))),
        LossMetric(Feature(("relu1_1",), reduction="sum")),
        ColorHistogram(8),
        ColorHistogram(16),
        SSIM(),
    ]
    assert len({contract(metric) for metric in variants}) == len(variants)
    assert len({metric.definition() for metric in variants}) == len(variants)
    # What only changes the table's heading leaves values comparable.
    assert contract(LossMetric(STYLE, title="One")) == contract(LossMetric(STYLE, title="Another"))
    assert contract(SSIM("x")) == contract(SSIM())
    # The encoder matters where the metric looks through it, and only there.
    other = vgg16(weights="random", width=0.125, seed=1)
    assert contract(LossMetric(STYLE), other) != contract(LossMetric(STYLE))
    assert contract(SSIM(), other) == contract(SSIM())


def test_images_that_cannot_be_measured_are_refused_before_measuring(small_encoder):
    with pytest.raises(InputError, match="SSIM needs images of at least 11x11 px, got 40x10"):
        SSIM().check(small_encoder, (10, 40))
    SSIM().check(small_encoder, (11, 11))
    deep = LossMetric(Feature(("relu4_2",)))
    with pytest.raises(InputError, match=r"7x40 px is too small for layers relu4_2"):
        deep.check(small_encoder, (40, 7))
    deep.check(small_encoder, (8, 8))
    with pytest.raises(InputError, match="no layer 'relu7_1'"):
        LossMetric(Feature(("relu7_1",))).check(small_encoder)
    ColorHistogram().check(small_encoder, (1, 1))
