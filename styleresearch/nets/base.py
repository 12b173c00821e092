"""What trainable networks are, by what they are called with; each kind has a registry.

Entries are functions that check their options and return a linen module, or such modules themselves. All are called as
``net.apply({"params": params}, ...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flax.linen as nn

from styleresearch.nets.blocks import Dtype
from styleresearch.registry import Registry

if TYPE_CHECKING:

    class _Module(nn.Module):
        # Linen says that there may be a tuple, which is so only where one asks for more than the output.
        def apply(self, *args: Any, **keywords: Any) -> Any: ...

else:
    _Module = nn.Module


class Net(_Module, kw_only=True):
    """A network from image to image.

    It is called with an image (b, h, w, 3) in [0, 1] and a mix (b, styles) of weights that sum to 1, or ``None`` for
    equal shares; it returns float32 of the image's shape and scale, not clipped.

    Attributes:
        styles: how many styles it holds.
        dtype: what it computes in; parameters and result are float32.
    """

    styles: int = 1
    dtype: Dtype = "float32"

    @property
    def multiple(self) -> int:
        """What it pads the sides of images to multiples of."""
        return 1


class Decoder(_Module, kw_only=True):
    """A network from features to image.

    It is called with the features (b, h, w, c) of one layer; it returns an image of scale [0, 1], float32, not clipped.

    Attributes:
        dtype: what it computes in; parameters and result are float32.
    """

    dtype: Dtype = "float32"


class Discriminator(_Module, kw_only=True):
    """A network that judges images.

    It is called with an image (b, h, w, c) in [0, 1], of any number of channels (parameters follow), and a condition
    (b, n) or ``None``; it returns, for every scale that it judges at, the activations of every layer, of which the last
    are the scores (b, h2, w2, 1), float32: the larger, the more real.

    Attributes:
        condition: the n that it needs; 0 for none.
        dtype: what it computes in; parameters and scores are float32.
    """

    condition: int = 0
    dtype: Dtype = "float32"


NETS: Registry[Net] = Registry("network", Net)
DECODERS: Registry[Decoder] = Registry("decoder", Decoder)
DISCRIMINATORS: Registry[Discriminator] = Registry("discriminator", Discriminator)
