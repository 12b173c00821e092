"""Procedural paintings: one of each style to compare on, as many as wanted to train on."""

from __future__ import annotations

import hashlib
import inspect
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch import painter as package
from styleresearch.data.pictures import cache
from styleresearch.data.pictures.base import SOURCES, Dataset, PictureSource, Progress, checked, known, selection
from styleresearch.errors import InputError
from styleresearch.options import Between, Seed
from styleresearch.painter import MAX_SIDE, PAINTINGS, paint

_SEEDS = 2**32


@dataclass(frozen=True)
class Painter(PictureSource):
    """Paintings that are painted when they are asked for, 3:4 in landscape format.

    Attributes:
        styles: names of the painter's styles, in order.
        count: number of paintings to train on.
        size: height of the paintings in pixels; ``None`` for 256 to train on, and for 512 where a picture is asked
            for at its own size.
        seed: varies composition, palette and every stroke.
    """

    styles: tuple[str, ...]
    count: int
    size: int | None
    seed: int

    def names(self) -> tuple[str, ...]:
        """Return the names of the styles."""
        return self.styles

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Paint one picture, ``size`` pixels high; see ``PictureSource``."""
        known("painter", name, self.styles)
        size = (self.size or 512) if size is None else size
        if not 1 <= size <= MAX_SIDE:
            raise InputError(f"the painter paints pictures of 1 to {MAX_SIDE} pixels a side, not {size}")
        return paint(name, (size, round(size * 4 / 3)), self.seed)

    def dataset(self) -> Dataset:
        """Return other paintings than those by name: nobody evaluates on what was trained on by accident."""
        return PaintedPictures(self.styles, self.count, self.size or 256, self.seed)


@dataclass(frozen=True)
class PaintedPictures(Dataset):
    """Paintings in turn of every style, 3:4 in landscape format.

    Painting takes 0.1 to 1 s a picture at 256 px, too slow for every epoch: a picture is painted when it is first
    asked for and read from the cache from then on, also by other runs.

    Attributes:
        styles: names of the painter's styles.
        count: number of pictures.
        size: their height in pixels.
        seed: varies composition, palette and every stroke.
    """

    styles: tuple[str, ...]
    count: int
    size: int
    seed: int

    def __len__(self) -> int:
        return self.count

    def _style_and_seed(self, index: int) -> tuple[str, int]:
        turn, style = divmod(checked(index, self.count), len(self.styles))
        # Far from the small seeds of the paintings by name.
        return self.styles[style], (self.seed + 1) * _SEEDS + turn

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one painting; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one painting from the cache, after painting it where it is not there; see ``Dataset``."""
        file = self.folder / f"{checked(index, self.count)}.png"
        try:
            image = Image.open(io.BytesIO(file.read_bytes()), formats=("PNG",))
            image.load()
        except (OSError, SyntaxError):  # not there, or damaged: Pillow's errors for both are these
            style, seed = self._style_and_seed(index)
            array = paint(style, (self.size, round(self.size * 4 / 3)), seed)
            image = Image.fromarray(np.rint(array * 255).astype(np.uint8))
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            cache.write(file, buffer.getvalue())
        return image

    def name(self, index: int) -> str:
        """Return the style and which of its pictures it is."""
        style, seed = self._style_and_seed(index)
        return f"{style}-{seed % _SEEDS}"

    @cached_property
    def _identity(self) -> str:
        digest = hashlib.sha256(repr((self.styles, self.size, self.seed)).encode())
        # Pictures painted by other code are other pictures.
        files = {Path(inspect.getfile(inspect.unwrap(PAINTINGS.get(style)))) for style in self.styles}
        for file in sorted(files | set(Path(package.__file__).parent.glob("*.py"))):
            digest.update(file.read_bytes())
        return digest.hexdigest()

    def identity(self) -> str:
        """Return a digest of the settings and of the painter's source."""
        return hashlib.sha256(f"{self._identity} {self.count}".encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """Where the paintings are kept; a larger ``count`` adds to the same."""
        return cache.folder() / f"painter-{self._identity[:16]}"

    def prepare(self, progress: Progress | None = None) -> None:
        """Paint what is not in the cache yet."""
        cache.sweep()
        for i in range(self.count):
            if not (self.folder / f"{i}.png").exists():
                self.open(i)
            if progress is not None:
                progress("painting", i + 1, self.count)


@SOURCES.register("painter")
def painter(
    names: Sequence[str] | None = None,
    count: Annotated[int, Between(1, 1_000_000)] = 240,
    size: Annotated[int, Between(1, MAX_SIDE * 3 // 4)] | None = None,
    seed: Seed = 0,
) -> PictureSource:
    """Procedural paintings, without any download: one of each style by name; to train on ``count`` others.

    Args:
        names: which styles of ``styleresearch.painter``, in this order; ``None`` for all.
        count: number of pictures to train on, of the styles in turn.
        size: their height in pixels, 256 for ``None``; they are 4/3 as wide.
        seed: at least 0; another seed gives other compositions and palettes.

    Raises:
        InputError: for names that are unknown, twice or none.
    """
    return Painter(selection("painter", names, PAINTINGS), count, size, seed)
