"""Methods; importing this package registers the built-in ones in ``METHODS``."""

from styleresearch.methods import adain, baselines, feedforward, gatys
from styleresearch.methods.base import METHODS, Method, Progress, State, TrainedMethod

__all__ = ["METHODS", "Method", "Progress", "State", "TrainedMethod", "adain", "baselines", "feedforward", "gatys"]
