"""How the pixels that an encoder's weights were trained on differ from RGB in [0, 1].

The conventions run silently on each other's weights and give wrong features, so weights carry theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from styleresearch.errors import InputError
from styleresearch.registry import nearest
from styleresearch.types import Image


@dataclass(frozen=True)
class Convention:
    """A preprocessing: ``(scale * image[..., order] - mean) / std``.

    Attributes:
        name: the name that weights carry.
        order: which RGB channel becomes which input channel.
        scale: factor on [0, 1] values.
        mean: subtracted, per input channel.
        std: divisor, per input channel.
        padding: the border that the weights were made with.
        ceil: whether their pooling keeps a last odd row or column.
    """

    name: str
    order: tuple[int, int, int]
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    padding: str = "zeros"
    ceil: bool = False

    def __call__(self, image: Image) -> Float[Array, "b h w 3"]:
        """Return what the first convolution reads."""
        x = image[..., jnp.array(self.order)] if self.order != (0, 1, 2) else image
        mean, std = (jnp.asarray([[[value]]], image.dtype) for value in (self.mean, self.std))
        return (x * self.scale - mean) / std


_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCHVISION = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

CONVENTIONS = {
    convention.name: convention
    for convention in (
        # Simonyan & Zisserman's own weights (Caffe, Keras): BGR, 0-255, mean subtracted, no division.
        Convention("caffe", (2, 1, 0), 255.0, _CAFFE_MEAN, (1.0, 1.0, 1.0)),
        # torchvision's own training: RGB, mean and standard deviation of ImageNet.
        Convention("torchvision", (0, 1, 2), 1.0, *_TORCHVISION),
        # The AdaIN authors' rescaled VGG19: Caffe's pixels, reflection padding, ceil-mode pooling.
        Convention("normalised", (2, 1, 0), 255.0, _CAFFE_MEAN, (1.0, 1.0, 1.0), padding="reflect", ceil=True),
        # EfficientNet-Lite: RGB, 0-255 brought to about [-1, 1], with whole numbers for a fixed-point processor.
        Convention("lite", (0, 1, 2), 255.0, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
        # Random weights have no pixels of their own; torchvision's keep activations near unit size.
        Convention("random", (0, 1, 2), 1.0, *_TORCHVISION),
    )
}


def convention(name: str) -> Convention:
    """Return the convention called ``name``.

    Raises:
        InputError: if there is none.
    """
    if name not in CONVENTIONS:
        raise InputError(
            f"unknown weight convention {name!r}.{nearest(name, CONVENTIONS)} Allowed: {', '.join(CONVENTIONS)}"
        )
    return CONVENTIONS[name]
