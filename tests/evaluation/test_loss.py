"""A loss as a metric."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.evaluation.loss import LossMetric
from styleresearch.losses.content import Feature
from styleresearch.losses.regularize import TotalVariation
from styleresearch.losses.style import Gram

STYLE = Gram(("relu1_1", "relu2_1"))


def compiled(metric):
    """What a suite makes of a metric, for one pair: (networks, output, content, style) -> values."""
    return jax.jit(lambda needs, *images: metric(needs, *images[:2], metric.summarise(needs, images[2])))


@pytest.mark.parametrize("loss", [Feature(("relu2_1",)), STYLE, TotalVariation()], ids=lambda loss: type(loss).__name__)
def test_a_loss_as_a_metric_is_the_loss(small_encoder, random_image, loss):
    output, content, style = random_image(0, batch=2), random_image(1, batch=2), random_image(2, 48, 32, 2)
    pred, *references = (loss.summarise(small_encoder(image, loss.layers)) for image in (output, content, style))
    target = {"content": references[0], "style": references[1], "none": None}[loss.target]
    wanted = loss.compare(pred, target)
    value = compiled(LossMetric(loss))({"encoder": small_encoder}, output, content, style)
    np.testing.assert_allclose(value, wanted, rtol=1e-5)
    assert (wanted > 0).all()


def test_images_that_the_encoder_cannot_see_are_refused_before_measuring(small_encoder):
    needs = {"encoder": small_encoder}
    deep = LossMetric(Feature(("relu4_2",)))
    with pytest.raises(InputError, match=r"7x40 px is too small for layers relu4_2"):
        deep.check(needs, (40, 7))
    deep.check(needs, (8, 8))
    with pytest.raises(InputError, match="no layer 'relu7_1'"):
        LossMetric(Feature(("relu7_1",))).check(needs)
