"""What a contract says of a metric and of the networks that it sees through."""

from __future__ import annotations

import json

from styleresearch.encoder.encoder import vgg16
from styleresearch.evaluation.metrics import SSIM, ColorHistogram, Frechet, LossMetric
from styleresearch.losses.content import Feature
from styleresearch.losses.style import Gram

STYLE = Gram(("relu1_1", "relu2_1"))


def test_definitions_and_contracts_change_with_the_settings(small_encoder):
    def contract(metric, encoder=small_encoder):
        return json.dumps(metric.contract(metric.needs(encoder)), sort_keys=True)

    variants = [
        LossMetric(Gram(("relu1_1",))),
        LossMetric(Gram(("relu2_1",))),
        LossMetric(Gram(("relu1_1",), convention="johnson")),
        LossMetric(Feature(("relu1_1",))),
        LossMetric(Feature(("relu1_1",), reduction="sum")),
        ColorHistogram(8),
        ColorHistogram(16),
        SSIM(),
        Frechet(),
        Frechet(("relu1_1",)),
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
