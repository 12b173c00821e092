"""The procedural painter: seeded pictures, one file for each style; importing the file registers it."""

from styleresearch.painter import (
    cubism,
    impasto,
    ink_wash,
    marbling,
    mosaic,
    pointillism,
    pop_art,
    stained_glass,
    suprematism,
    watercolour,
    waves,
    woodcut,
)
from styleresearch.painter.base import MAX_SIDE, PAINTINGS, paint

__all__ = [
    "MAX_SIDE",
    "PAINTINGS",
    "cubism",
    "impasto",
    "ink_wash",
    "marbling",
    "mosaic",
    "paint",
    "pointillism",
    "pop_art",
    "stained_glass",
    "suprematism",
    "watercolour",
    "waves",
    "woodcut",
]
