"""Trainable networks; importing this package registers them in ``NETS`` and ``DISCRIMINATORS``."""

from styleresearch.nets import decoder, discriminator, projection, transform, unet
from styleresearch.nets.registry import DISCRIMINATORS, NETS

__all__ = ["DISCRIMINATORS", "NETS", "decoder", "discriminator", "projection", "transform", "unet"]
