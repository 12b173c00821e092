# Each style registers itself when its file is imported.
from styleresearch.data.painter import (
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
from styleresearch.data.painter.base import MAX_SIDE, PAINTINGS, paint

STYLES = (
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
__all__ = ["MAX_SIDE", "PAINTINGS", "STYLES", "paint"]
