"""Perceptual losses; importing this package registers the built-in ones in ``LOSSES``."""

from styleresearch.losses import content, distribution, patch, regularize, style
from styleresearch.losses.base import LOSSES, Loss
from styleresearch.losses.objective import Objective

__all__ = ["LOSSES", "Loss", "Objective", "content", "distribution", "patch", "regularize", "style"]
