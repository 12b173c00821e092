"""The photographs and textures inside scikit-image: pictures that every installation has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
from jaxtyping import Float32

from styleresearch.data.images import load_image
from styleresearch.data.pictures.base import SOURCES, PictureSource, known, selection
from styleresearch.errors import InputError

PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
}
"""Name -> file inside scikit-image. Of its pictures, the colour photographs of things."""
TEXTURES = {
    "brick": "brick.png",
    "galaxies": "hubble_deep_field.jpg",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "tissue": "ihc.png",
}
"""Name -> file inside scikit-image: pictures without a subject, the same all over."""


@dataclass(frozen=True)
class Bundled(PictureSource):
    """Pictures inside the installed scikit-image.

    The files are read in place: ``skimage.data`` would copy them to a cache folder, and download what is missing.

    Attributes:
        source: what the collection is called in messages.
        paths: (name, file) of each picture, in order.
    """

    source: str
    paths: tuple[tuple[str, Path], ...]

    @classmethod
    def of(cls, source: str, files: Mapping[str, str], names: Sequence[str] | None) -> Bundled:
        """Return those of ``files`` that are asked for.

        Raises:
            InputError: for names that are unknown, twice or none, or if scikit-image lacks a file.
        """
        folder = Path(skimage.__file__).parent / "data"
        chosen = selection(source, names, files)
        for name in chosen:
            if not (folder / files[name]).is_file():
                raise InputError(
                    f"the installed scikit-image lacks data/{files[name]}, the picture {name!r}: "
                    "reinstall it (pip install --force-reinstall scikit-image)"
                )
        return cls(source, tuple((name, folder / files[name]) for name in chosen))

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of ``paths``."""
        return tuple(name for name, _ in self.paths)

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Read one picture; see ``PictureSource`` and ``load_image``."""
        known(self.source, name, self.names())
        return load_image(dict(self.paths)[name], size)


@SOURCES.register("photographs")
def photographs(names: Sequence[str] | None = None) -> PictureSource:
    """Colour photographs that come inside scikit-image: no download, and enough to see whether a run works.

    Args:
        names: which, in this order; ``None`` for all five.
    """
    return Bundled.of("photographs", PHOTOGRAPHS, names)


@SOURCES.register("textures")
def textures(names: Sequence[str] | None = None) -> PictureSource:
    """Photographs of textures that come inside scikit-image; brick, grass and gravel are grey and stay grey.

    Args:
        names: which, in this order; ``None`` for all five.
    """
    return Bundled.of("textures", TEXTURES, names)
