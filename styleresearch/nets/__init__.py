"""Trainable networks; importing this package registers them in ``NETS``."""

from styleresearch.nets import decoder, transform, unet
from styleresearch.nets.registry import NETS

__all__ = ["NETS", "decoder", "transform", "unet"]
