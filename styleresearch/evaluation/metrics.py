"""The built-in metrics, a file each; importing this module registers them in ``METRICS``."""

# The registry before what registers: a metric of this folder may say
# ``from styleresearch.evaluation.metrics import METRICS, Metric``, as one of a user's own module does.
from styleresearch.evaluation.metric import METRICS, AnyMetric, Metric, Needs, SetMetric  # isort: split

from styleresearch.evaluation.color_histogram import ColorHistogram
from styleresearch.evaluation.frechet import Frechet
from styleresearch.evaluation.loss import LossMetric
from styleresearch.evaluation.ssim import SSIM

__all__ = [
    "METRICS",
    "SSIM",
    "AnyMetric",
    "ColorHistogram",
    "Frechet",
    "LossMetric",
    "Metric",
    "Needs",
    "SetMetric",
]
