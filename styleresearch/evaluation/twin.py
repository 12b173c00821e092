"""The held-out twin of a metric that is a loss: the same statistic under an encoder that no method optimised.

A method trained on Gram matrices of VGG wins on Gram matrices of VGG. Whether it won more than that, another encoder
tells (``report.best``).
"""

from __future__ import annotations

import dataclasses

from styleresearch.encoder.layout import Layout
from styleresearch.errors import InputError
from styleresearch.evaluation.loss import LossMetric
from styleresearch.evaluation.metric import AnyMetric

SUFFIX = "_twin"
"""What the name of a twin adds to that of its metric."""


def twin_of(metric: AnyMetric, seen: Layout, other: Layout) -> LossMetric:
    """Return the metric with the layers of another architecture that are as deep as its own.

    Args:
        metric: whose loss reads layers of an encoder.
        seen: the layers of the metric's encoder.
        other: those of the twin's.

    Raises:
        InputError: for a metric that is no loss, or a loss that cannot read other layers than it does.
    """
    if not isinstance(metric, LossMetric):
        raise InputError("only the metric 'loss' has a twin: it is a loss that a method may have optimised")
    layers = seen.alike(metric.layers, other)
    if layers == metric.layers:
        raise InputError("the loss reads no layer that another encoder could have in its place")
    named = {field.name for field in dataclasses.fields(metric.loss)}  # pyright: ignore[reportArgumentType]
    if "layers" not in named:
        raise InputError(f"{type(metric.loss).__name__} has no option 'layers', so that its layers cannot be replaced")
    loss = dataclasses.replace(metric.loss, layers=layers)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return dataclasses.replace(metric, loss=loss, title=f"{metric.title}, held out")
