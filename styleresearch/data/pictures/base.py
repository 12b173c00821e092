"""What every picture source offers: pictures by name to compare on, and a dataset of them to train on."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch.data.framing import short_side, to_bytes
from styleresearch.data.srgb import to_rgb
from styleresearch.errors import InputError
from styleresearch.registry import Registry, nearest

Progress = Callable[[str, int, int], None]
"""Told of long work: (what is being done, steps done, steps in all)."""


class PictureSource(abc.ABC):
    """Pictures that a spec names. Subclasses are frozen dataclasses, built by the registered functions.

    To register is to be tested: ``tests/contract/test_pictures.py`` runs over every entry of ``SOURCES``.
    """

    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the names of the pictures, in order, without duplicates.

        Raises:
            InputError: if that cannot be told, or two would be called the same.
        """

    @abc.abstractmethod
    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return one picture, float32 (h, w, 3) in [0, 1].

        Args:
            name: one of ``names()``.
            size: short side in pixels; ``None`` for the picture's own size.

        Raises:
            InputError: for a name that is not there, or a picture that cannot be read.
        """

    def dataset(self) -> Dataset:
        """Return what a network is trained on: here the same pictures at their own size, kept in memory.

        A source of more than a few pictures overrides this.
        """
        return InMemory(self)


class Dataset(PictureSource):
    """Pictures by number, in a fixed order: what a network is trained on. It can be pickled.

    A picture is what the file shows: upright, RGB, 8 bits, at its own size; ``Pipeline`` makes training examples of it.
    """

    @abc.abstractmethod
    def __len__(self) -> int:
        """Return the number of pictures, at least 1."""

    @abc.abstractmethod
    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return the picture ``index``, always the same; called from several threads at once.

        Raises:
            IndexError: if ``index`` is not in 0 to ``len(self) - 1``.
            InputError: if the picture is not any more what it was when the dataset was prepared.
        """

    @abc.abstractmethod
    def name(self, index: int) -> str:
        """Return what the picture ``index`` is called; different from every other."""

    @abc.abstractmethod
    def identity(self) -> str:
        """Return a sha256 (hexadecimal) of what the dataset holds: another for other pictures or another order."""

    def open(self, index: int) -> Image.Image:
        """Return the picture ``index`` as Pillow's, which may be read but not yet decoded.

        A dataset of encoded pictures overrides this, so that a large JPEG is decoded no larger than it is used.
        """
        return Image.fromarray(self[index])

    def prepare(self, progress: Progress | None = None) -> None:
        """Do now, and tell of it, the slow work that the first use would do otherwise."""

    def notes(self) -> list[str]:
        """Return what preparing it has shown, line by line."""
        return []

    def names(self) -> tuple[str, ...]:
        """Return the names of all pictures, in order."""
        return tuple(self.name(i) for i in range(len(self)))

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return one picture; see ``PictureSource``."""
        names = self.names()
        image = to_rgb(self.open(names.index(known(type(self).__name__.lower(), name, names))))
        array = np.asarray(image, np.float32) / np.float32(255)
        return array if size is None else short_side(array, size)

    def dataset(self) -> Dataset:
        """Return itself."""
        return self


SOURCES: Registry[PictureSource] = Registry("picture source", PictureSource)


@dataclass(frozen=True)
class InMemory(Dataset):
    """The pictures of a source at their own size, read once and kept in memory.

    Attributes:
        source: the pictures.
    """

    source: PictureSource

    @cached_property
    def _pictures(self) -> tuple[np.ndarray, ...]:
        return tuple(to_bytes(self.source.picture(name)) for name in self.source.names())

    def __len__(self) -> int:
        return len(self.source.names())

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return self._pictures[checked(index, len(self))]

    def name(self, index: int) -> str:
        """Return its name in the source."""
        return self.source.names()[checked(index, len(self))]

    def identity(self) -> str:
        """Return a digest of names, sizes and pixels."""
        digest = hashlib.sha256()
        for name, picture in zip(self.source.names(), self._pictures, strict=True):
            digest.update(f"{name} {picture.shape}\n".encode())
            digest.update(picture.tobytes())
        return digest.hexdigest()


def checked(index: int, length: int) -> int:
    """Return ``index``; raise IndexError if it is not in 0 to ``length - 1``."""
    if not 0 <= index < length:
        raise IndexError(f"picture {index} of a dataset of {length}")
    return index


def known(source: str, name: str, names: Iterable[str]) -> str:
    """Return ``name`` if it is one of ``names``; raise InputError with the nearest match if not."""
    names = tuple(names)
    if name not in names:
        few = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        raise InputError(
            f"the picture source {source!r} has no picture {name!r}.{nearest(str(name), names[:_MANY])} It has: {few}"
        )
    return name


def selection(source: str, asked: Sequence[str] | None, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are asked for, all for ``None``; raise InputError for what is unknown, twice or none."""
    names = tuple(names)
    if asked is None:
        return names
    for name in asked:
        known(source, name, names)
    if len(set(asked)) != len(asked) or not asked:
        raise InputError(f"the picture source {source!r} takes one or more different names, not {list(asked)!r}")
    return tuple(asked)


_SHOWN, _MANY = 40, 5000
"""Names that a message lists, and those among which a similar one is looked for: it takes a while."""
