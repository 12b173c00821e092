"""The registry of trainable networks."""

from __future__ import annotations

import flax.linen as nn

from styleresearch.registry import Registry

NETS: Registry[nn.Module] = Registry("network")
"""Entries are functions that check their options and return a linen module.

Image-to-image networks ("transform", "unet") are called as ``net.apply({"params": params}, image, mix)``: image
(b, h, w, 3) in [0, 1], mix (b, styles) weights that sum to 1 or ``None`` for equal shares; they return float32 of the
image's shape and scale, not clipped. They have the attribute ``styles``, and say in ``multiple`` to multiples of what
they pad the sides, if they do. "decoder" is called with features alone, and has no ``styles``. All have the attribute
``dtype``.
"""
