"""Methods; importing this package registers the built-in ones in ``METHODS``."""

from styleresearch.methods import baselines, gatys
from styleresearch.methods.base import METHODS, Method, Progress

__all__ = ["METHODS", "Method", "Progress", "baselines", "gatys"]
