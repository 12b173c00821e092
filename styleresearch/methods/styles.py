"""The styles that a guided method is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from styleresearch.errors import InputError
from styleresearch.types import OtherImage, Style


def checked_styles(method: str, style: OtherImage | Sequence[Style], batch: int) -> list[Style]:
    """Return what ``Method.stylize`` took as a list of styles.

    Args:
        method: its name, for messages.
        style: style images, or styles with weights and masks.
        batch: the number of content images.

    Raises:
        InputError: if there is no style, or images, weights and masks do not fit the content.
    """
    styles: list[Any] = list(style) if isinstance(style, (list, tuple)) else [Style(style)]
    if not styles:
        raise InputError(f"{method} needs a style image, none came")
    amount = np.zeros(batch)
    for number, each in enumerate(styles, 1):
        for part, array in (("image", each.image), ("where", each.where), ("mask", each.mask)):
            if array is not None and array.shape[0] != batch:
                raise InputError(
                    f"style {number}: {part} is a batch of {array.shape[0]}, the content of {batch}; give one for each"
                )
        if each.mask is not None and not np.asarray(each.mask).any(axis=(1, 2, 3)).all():
            raise InputError(f"style {number}: its mask shows nothing of the style image; mark some of it")
        if each.weight < 0:
            raise InputError(f"style {number}: weight {each.weight} is negative; give 0 or more")
        amount += each.weight * (1.0 if each.where is None else np.asarray(each.where).mean((1, 2, 3)))
    if not (amount > 0).all():
        raise InputError("no style has both a weight above 0 and a place to go; raise a weight or widen a mask")
    return styles
