"""What a guided method checks of the styles that it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from styleresearch.errors import InputError
from styleresearch.types import Style


def check_styles(method: str, styles: Sequence[Style], batch: int) -> None:
    """Raise InputError unless styles, weights and masks fit a batch of that many content images."""
    if not styles:
        raise InputError(f"{method} needs a style image, none came")
    amount = np.zeros(batch)
    for number, style in enumerate(styles, 1):
        for part, array in (("image", style.image), ("where", style.where), ("mask", style.mask)):
            if array is not None and array.shape[0] != batch:
                raise InputError(
                    f"style {number}: {part} is a batch of {array.shape[0]}, the content of {batch}; give one for each"
                )
        if style.mask is not None and not np.asarray(style.mask).any(axis=(1, 2, 3)).all():
            raise InputError(f"style {number}: its mask shows nothing of the style image; mark some of it")
        if style.weight < 0:
            raise InputError(f"style {number}: weight {style.weight} is negative; give 0 or more")
        amount += style.weight * (1.0 if style.where is None else np.asarray(style.where).mean((1, 2, 3)))
    if not (amount > 0).all():
        raise InputError("no style has both a weight above 0 and a place to go; raise a weight or widen a mask")
