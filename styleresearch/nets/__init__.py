"""Trainable networks; importing this package registers them in ``NETS``, ``DECODERS``, ``DISCRIMINATORS``."""

from styleresearch.nets import decoder, discriminator, projection, transform, unet
from styleresearch.nets.base import DECODERS, DISCRIMINATORS, NETS, Decoder, Discriminator, Net

__all__ = [
    "DECODERS",
    "DISCRIMINATORS",
    "NETS",
    "Decoder",
    "Discriminator",
    "Net",
    "decoder",
    "discriminator",
    "projection",
    "transform",
    "unet",
]
