"""The registries of trainable networks."""

from __future__ import annotations

import flax.linen as nn

from styleresearch.registry import Registry

NETS: Registry[nn.Module] = Registry("network")
"""Entries are functions that check their options and return a linen module.

Image-to-image networks ("transform", "resnet", "unet") are called as ``net.apply({"params": params}, image, mix)``:
image (b, h, w, 3) in [0, 1], mix (b, styles) weights that sum to 1 or ``None`` for equal shares; they return float32 of
the image's shape and scale, not clipped. They have the attribute ``styles``, and say in ``multiple`` to multiples of
what they pad the sides, if they do. "decoder" is called with features alone, and has no ``styles``. All have the
attribute ``dtype``.
"""

DISCRIMINATORS: Registry[nn.Module] = Registry("discriminator")
"""Entries are functions that check their options and return a linen module.

Discriminators are called as ``net.apply({"params": params}, image, condition)``: image (b, h, w, c) in [0, 1], of any
number of channels (parameters follow), condition (b, n) or ``None``. They return, for every scale that they judge at,
the activations of every layer, of which the last are the scores (b, h2, w2, 1), float32: the larger, the more real.
They have the attributes ``condition``, the n that they need (0: none), ``least``, the smallest side of an image in
pixels, and ``dtype``.
"""
