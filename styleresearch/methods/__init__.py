"""Methods; importing this package registers the built-in ones in ``METHODS``."""

from styleresearch.methods import adain, arbitrary_gan, baselines, cut, cyclegan, feedforward, gatys, pix2pix
from styleresearch.methods.base import METHODS, Method, Progress, State, TrainedMethod

__all__ = [
    "METHODS",
    "Method",
    "Progress",
    "State",
    "TrainedMethod",
    "adain",
    "arbitrary_gan",
    "baselines",
    "cut",
    "cyclegan",
    "feedforward",
    "gatys",
    "pix2pix",
]
