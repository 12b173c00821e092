"""The outlines of a picture: what a method can learn to paint from without anybody having drawn them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.options import Between

Sigma = Annotated[float, Between(0.001, 1000.0)]
"""How much a picture is blurred before, in pixels: fewer outlines for more."""


def outlines(image: Image.Image, sigma: Sigma) -> UInt8[np.ndarray, "h w 3"]:
    """Return black outlines, one pixel wide, on white.

    Source: Canny 1986, "A computational approach to edge detection", as skimage.feature.canny with its own
        thresholds (0.1 and 0.2 of the largest brightness), on the luma of ITU-R BT.601.

    Args:
        image: the picture.
        sigma: how much it is blurred before, in pixels: fewer outlines for more.
    """
    from skimage.feature import canny  # not above: it takes a while to import

    found = canny(np.asarray(image.convert("L"), np.float32) / np.float32(255), sigma)
    return np.repeat(np.where(found, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
