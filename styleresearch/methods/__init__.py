"""Methods; importing this package registers the built-in ones in ``METHODS``."""

# The registry before what registers: a method of this folder may import from this package, as a user's own does.
from styleresearch.methods.base import METHODS, Method, Progress, Reads, State, Takes, TrainedMethod  # isort: split

from styleresearch.methods import adain, arbitrary_gan, baselines, cut, cyclegan, feedforward, gatys, pix2pix

__all__ = [
    "METHODS",
    "Method",
    "Progress",
    "Reads",
    "State",
    "Takes",
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
