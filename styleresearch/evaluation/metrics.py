"""The built-in metrics, a file each; importing this module registers them in ``METRICS``."""

# The registry before what registers: a metric of this folder may say
# ``from styleresearch.evaluation.metrics import METRICS, Metric``, as one of a user's own module does.
from styleresearch.evaluation.metric import METRICS, AnyMetric, Metric, Needs, SetMetric  # isort: split

from styleresearch.evaluation.artfid import ArtFID
from styleresearch.evaluation.cfsd import CFSD
from styleresearch.evaluation.checkerboard import Checkerboard
from styleresearch.evaluation.color_histogram import ColorHistogram
from styleresearch.evaluation.dists import DISTS
from styleresearch.evaluation.edge_agreement import EdgeAgreement
from styleresearch.evaluation.fid import FID, KID
from styleresearch.evaluation.frechet import Frechet
from styleresearch.evaluation.histogan import HistoGAN
from styleresearch.evaluation.kernel import Kernel
from styleresearch.evaluation.loss import LossMetric
from styleresearch.evaluation.lpips import LPIPS
from styleresearch.evaluation.ms_ssim import MultiScaleSSIM
from styleresearch.evaluation.sharpness import Sharpness
from styleresearch.evaluation.single_frechet import SingleFrechet
from styleresearch.evaluation.ssim import SSIM
from styleresearch.evaluation.stroke_scale import StrokeScale

__all__ = [
    "CFSD",
    "DISTS",
    "FID",
    "KID",
    "LPIPS",
    "METRICS",
    "SSIM",
    "AnyMetric",
    "ArtFID",
    "Checkerboard",
    "ColorHistogram",
    "EdgeAgreement",
    "Frechet",
    "HistoGAN",
    "Kernel",
    "LossMetric",
    "Metric",
    "MultiScaleSSIM",
    "Needs",
    "SetMetric",
    "Sharpness",
    "SingleFrechet",
    "StrokeScale",
]
