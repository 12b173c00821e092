"""How a camera held a picture: the EXIF orientation, and what is upright under it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image

from styleresearch.data.framing import Frame, Shape


class Turn(NamedTuple):
    """How a stored picture becomes upright: flipped down and across first, then its axes swapped."""

    down: bool
    across: bool
    swap: bool

    def shape(self, shape: Shape) -> Shape:
        """Return the upright shape of a stored picture, or the stored shape of an upright one."""
        return (shape[1], shape[0]) if self.swap else shape

    def stored(self, frame: Frame, picture: Shape) -> Frame:
        """Return a frame of the upright picture as one of the stored picture, which has the shape ``picture``."""
        left, top, right, bottom = frame.box
        if self.swap:
            left, top, right, bottom = top, left, bottom, right
        if self.down:
            top, bottom = picture[0] - bottom, picture[0] - top
        if self.across:
            left, right = picture[1] - right, picture[1] - left
        return Frame(self.shape(frame.shape), (left, top, right, bottom))

    def upright(self, array: np.ndarray) -> np.ndarray:
        """Turn a stored picture (h, w, 3)."""
        array = array[:: -1 if self.down else 1, :: -1 if self.across else 1]
        return np.ascontiguousarray(array.swapaxes(0, 1) if self.swap else array)


# By EXIF orientation. Source: EXIF 2.3, tag 0x0112.
_TURNS = {
    1: Turn(False, False, False),
    2: Turn(False, True, False),
    3: Turn(True, True, False),
    4: Turn(True, False, False),
    5: Turn(False, False, True),
    6: Turn(True, False, True),
    7: Turn(True, True, True),
    8: Turn(False, True, True),
}


def turn_of(image: Image.Image) -> Turn:
    """Return how a decoded picture becomes upright; damaged EXIF data say nothing."""
    try:
        return _TURNS[image.getexif().get(ExifTags.Base.Orientation, 1)]
    except Exception:  # Pillow's EXIF reader raises SyntaxError, struct.error, KeyError ... on damaged data
        return _TURNS[1]
