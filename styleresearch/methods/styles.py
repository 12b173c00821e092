"""The styles that a method is given, checked against what it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from styleresearch.errors import InputError
from styleresearch.methods.base import METHODS
from styleresearch.methods.takes import Takes
from styleresearch.types import Style


def check_styles(method: str, takes: Takes, styles: Any, batch: int) -> None:
    """Check the styles that a method is given.

    Args:
        method: its name, for messages.
        takes: what it takes.
        styles: a sequence of styles, or what came in its place.
        batch: the number of content images.

    Raises:
        InputError: for too few styles or too many, masks that it does not take, or images, weights and masks that do
            not fit the content.
    """
    if not isinstance(styles, Sequence) or not all(isinstance(each, Style) for each in styles):
        raise InputError(f"{method} takes a sequence of Style, such as [Style(image)], and not {_kind(styles)}")
    masked = any(each.where is not None or each.mask is not None for each in styles)
    if takes.styles == "none":
        if styles:
            raise InputError(f"{method} paints the one domain that it learned and takes no style; leave it out")
        return
    if not styles:
        raise InputError(f"{method} needs a style image, none came")
    if takes.styles == "one" and (len(styles) > 1 or masked):
        able = _those(lambda takes: takes.styles == "many" and takes.masks)
        raise InputError(f"{method} takes one style and no masks; several styles and masks go with {able}")
    if masked and not takes.masks:
        raise InputError(f"{method} takes no masks; they go with {_those(lambda takes: takes.masks)}")
    amount = np.zeros(batch)
    for number, each in enumerate(styles, 1):
        _check_style(number, each, batch)
        amount += each.weight * (1.0 if each.where is None else np.asarray(each.where).mean((1, 2, 3)))
    if not (amount > 0).all():
        raise InputError("no style has both a weight above 0 and a place to go; raise a weight or widen a mask")


def _check_style(number: int, style: Style, batch: int) -> None:
    for part, array in (("image", style.image), ("where", style.where), ("mask", style.mask)):
        if array is not None and array.shape[0] != batch:
            raise InputError(
                f"style {number}: {part} is a batch of {array.shape[0]}, the content of {batch}; give one for each"
            )
    if style.mask is not None and not np.asarray(style.mask).any(axis=(1, 2, 3)).all():
        raise InputError(f"style {number}: its mask shows nothing of the style image; mark some of it")
    if style.weight < 0:
        raise InputError(f"style {number}: weight {style.weight} is negative; give 0 or more")


def _those(able: Callable[[Takes], bool]) -> str:
    """Return the names of the registered methods that are able to."""
    entries = {name: METHODS.get(name) for name in METHODS}
    return ", ".join(name for name, each in entries.items() if able(getattr(each, "takes", Takes())))


def _kind(value: Any) -> str:
    """Return what came in the place of styles, in words."""
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")
