"""Pictures in files: read where they lie, by name or, to train on, by number."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from styleresearch.data.images import load_image
from styleresearch.data.pictures.base import SOURCES, Dataset, PictureSource, Progress, checked, known
from styleresearch.data.pictures.catalogue import Catalogue, File
from styleresearch.data.pictures.checked import Broken, Checked, Found
from styleresearch.data.pictures.normalise import decoder
from styleresearch.data.titles import check_distinct, titles
from styleresearch.errors import InputError


@dataclass(frozen=True)
class Files(PictureSource):
    """Pictures in files.

    Attributes:
        paths: (name, file) of each picture, in order.
    """

    paths: tuple[tuple[str, Path], ...]

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of ``paths``."""
        return tuple(name for name, _ in self.paths)

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Read one picture; see ``PictureSource`` and ``load_image``."""
        known("files", name, self.names())
        return load_image(dict(self.paths)[name], size)

    def dataset(self) -> Dataset:
        """Return the pictures by number; one that cannot be read is an error, for each was asked for."""
        places = [path.parent.resolve() / path.name for _, path in self.paths]
        root = Path(os.path.commonpath([place.parent for place in places]))
        inside = (place.relative_to(root).as_posix() for place in places)
        return FileDataset(root, tuple(zip(self.names(), inside, strict=True)), "fail")


@dataclass(frozen=True)
class FileDataset(Checked):
    """Pictures in files, each read once when they are prepared, and where it lies from then on.

    What is plain (8 bits, sRGB, upright; JPEG or PNG) is read as it is; what had to be converted for that, from the
    cache. A file that changes while it is trained on is an error, so that a batch is always what it was.

    Attributes:
        root: the folder that holds them.
        files: (name, path below the folder) of each.
        broken: what becomes of those that cannot be read.
        size: longest short side in pixels at which they are used; ``None`` for their own.
        beside: what else the folder holds, for ``notes``.
    """

    root: Path
    files: tuple[tuple[str, str], ...] = field(repr=False)
    broken: Broken
    size: int | None = None
    beside: str = ""

    @property
    def catalogue(self) -> Catalogue:
        """What the cache knows of the pictures."""
        return Catalogue(self.root, self.size)

    def look(self, progress: Progress | None) -> Found:
        """Read what is new or has changed; see ``Checked``."""
        seen = self.catalogue.look([path for _, path in self.files], progress)
        pictures = {name: seen[path] for name, path in self.files}
        names = tuple(name for name, file in pictures.items() if file.broken is None)
        broken = {name: file.broken for name, file in pictures.items() if file.broken is not None}
        # Beside what was found: where each picture is, and what it has to be.
        vars(self)["_read"] = tuple((path, seen[path]) for _, path in self.files if seen[path].broken is None)
        return Found(str(self.root), self.catalogue.identity(pictures), names, broken, self.catalogue.record)

    def summary(self) -> str:
        """Return how many were converted, and what else there is."""
        converted = sum(file.converted is not None for _, file in self.read)
        return f"{converted} were converted, {super().summary()}{self.beside and '; '}{self.beside}"

    @property
    def read(self) -> tuple[tuple[str, File], ...]:
        """Path below the folder and what is known of it, of every picture by number."""
        self.prepare()
        return vars(self)["_read"]

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one picture, not decoded yet; see ``Dataset``."""
        return decoder(self.catalogue.encoded(*self.read[checked(index, len(self))]))


@SOURCES.register("files")
def files(paths: Sequence[str | Path]) -> PictureSource:
    """The pictures at these paths, in this order; named as in ``folder``, and by folder and file where need be.

    Args:
        paths: of the files.

    Raises:
        InputError: if none is given, one does not exist, or one is there twice.
    """
    if not paths:
        raise InputError(f"the picture source 'files' takes paths=('a.jpg', ...), a list of one or more, not {paths!r}")
    found = [Path(path).expanduser() for path in paths]
    for path in found:
        if not path.exists():
            raise InputError(f"there is no file {path}: check the path (it was looked up from {Path.cwd()})")
    names = [path.as_posix() for path in found]
    called = titles(names)
    check_distinct(names, called)
    return Files(tuple(zip(called, found, strict=True)))
