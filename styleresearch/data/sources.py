"""Where content and style pictures come from: named collections, built from the specs of a config.

Example:
    ``SOURCES.build(dict(name="photographs", names=("coffee", "cat")))`` gives two of scikit-image's photographs,
    ``SOURCES.build(dict(name="folder", path="my/photos"))`` a folder's pictures.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
from jaxtyping import Float32
from PIL import Image

from styleresearch.data.framing import to_bytes
from styleresearch.data.images import READ_SUFFIXES, load_image
from styleresearch.data.listing import list_pictures
from styleresearch.data.outlines import Sigma, outlines
from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import check_distinct, titles
from styleresearch.errors import InputError
from styleresearch.options import Seed
from styleresearch.painter import MAX_SIDE as MAX_PAINTED_SIDE
from styleresearch.painter import PAINTINGS, paint
from styleresearch.registry import Registry, nearest


class PictureSource(abc.ABC):
    """A named collection of pictures. Subclasses are frozen dataclasses, built by the registered functions below."""

    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the names of the pictures, in order, without duplicates."""

    @abc.abstractmethod
    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return one picture, float32 (h, w, 3) in [0, 1].

        Args:
            name: one of ``names()``.
            size: short side in pixels; ``None`` for the picture's own size.

        Raises:
            InputError: for a name that is not there, or a picture that cannot be read.
        """


SOURCES: Registry[PictureSource] = Registry("picture source", PictureSource)

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


def _known(source: str, name: str, known: Iterable[str]) -> str:
    """Return ``name`` if it is known; raise InputError with the nearest match if not."""
    known = tuple(known)
    if name not in known:
        raise InputError(
            f"the picture source {source!r} has no picture {name!r}.{nearest(str(name), known)} "
            f"It has: {', '.join(known)}"
        )
    return name


def _selection(source: str, names: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    """Return the chosen names, all of ``known`` for ``None``; raise InputError for what is unknown, twice or none."""
    known = tuple(known)
    if names is None:
        return known
    for name in names:
        _known(source, name, known)
    if len(set(names)) != len(names) or not names:
        raise InputError(f"the picture source {source!r} takes one or more different names, not {list(names)!r}")
    return tuple(names)


@dataclass(frozen=True)
class PictureFiles(PictureSource):
    """Pictures in files.

    Attributes:
        source: what the collection is called in messages.
        paths: (name, file) of each picture, in order.
    """

    source: str
    paths: tuple[tuple[str, Path], ...]

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of ``paths``."""
        return tuple(name for name, _ in self.paths)

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Read one picture; see ``PictureSource`` and ``load_image``."""
        _known(self.source, name, self.names())
        return load_image(dict(self.paths)[name], size)


@dataclass(frozen=True)
class Paintings(PictureSource):
    """Pictures that the procedural painter paints when they are asked for, 3:4 in landscape format.

    Attributes:
        styles: names of the painter's styles, in order.
        seed: varies composition, palette and every stroke.
    """

    styles: tuple[str, ...]
    seed: int

    def names(self) -> tuple[str, ...]:
        """Return the names of the styles."""
        return self.styles

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Paint one picture, ``size`` pixels high (512 for ``None``); see ``PictureSource``."""
        _known("painter", name, self.styles)
        size = 512 if size is None else size
        if not 1 <= size <= MAX_PAINTED_SIDE:
            raise InputError(f"the painter paints pictures of 1 to {MAX_PAINTED_SIDE} pixels a side, not {size}")
        return paint(name, (size, round(size * 4 / 3)), self.seed)


@dataclass(frozen=True)
class Outlines(PictureSource):
    """The outlines of another source's pictures.

    Attributes:
        of: the other source.
        sigma: see ``data.outlines``.
    """

    of: PictureSource
    sigma: Sigma

    def names(self) -> tuple[str, ...]:
        """Return the names of the other source's pictures."""
        return self.of.names()

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Return the outlines of one picture, drawn at its final size; see ``PictureSource``."""
        image = to_bytes(self.of.picture(name, size))
        return outlines(Image.fromarray(image), self.sigma).astype(np.float32) / np.float32(255)


def _bundled(source: str, files: Mapping[str, str], names: Sequence[str] | None) -> PictureFiles:
    """Return pictures inside the installed scikit-image.

    The files are read in place: ``skimage.data`` would copy them to a cache folder, and download what is missing.
    """
    folder = Path(skimage.__file__).parent / "data"
    chosen = _selection(source, names, files)
    for name in chosen:
        if not (folder / files[name]).is_file():
            raise InputError(
                f"the installed scikit-image lacks data/{files[name]}, the picture {name!r}: "
                "reinstall it (pip install --force-reinstall scikit-image)"
            )
    return PictureFiles(source, tuple((name, folder / files[name]) for name in chosen))


@SOURCES.register("photographs")
def photographs(names: Sequence[str] | None = None) -> PictureSource:
    """Colour photographs that come inside scikit-image: no download.

    Args:
        names: which, in this order; ``None`` for all.
    """
    return _bundled("photographs", PHOTOGRAPHS, names)


@SOURCES.register("textures")
def textures(names: Sequence[str] | None = None) -> PictureSource:
    """Photographs of textures that come inside scikit-image; brick, grass and gravel are grey and stay grey.

    Args:
        names: which, in this order; ``None`` for all.
    """
    return _bundled("textures", TEXTURES, names)


@SOURCES.register("painter")
def painter(names: Sequence[str] | None = None, seed: Seed = 0) -> PictureSource:
    """Procedural paintings, one for each style of ``styleresearch.painter``.

    Args:
        names: which styles, in this order; ``None`` for all.
        seed: at least 0; another seed gives other compositions and palettes.
    """
    return Paintings(_selection("painter", names, PAINTINGS), seed)


@SOURCES.register("edges")
def edges(of: PictureSource, sigma: Sigma = 2.0) -> PictureSource:
    """The outlines of another source's pictures, thin and black on white, drawn at the size that is asked for.

    Differs: the dataset of this name draws at the picture's own size, and what is resized then is grey and thinner.

    Args:
        of: the other source.
        sigma: how much the picture is blurred before, in pixels: fewer outlines for more.
    """
    return Outlines(of, sigma)


@SOURCES.register("folder")
def folder(path: str | Path, names: Sequence[str] | None = None) -> PictureSource:
    """The pictures in a folder (not in its subfolders), sorted by file name.

    Files that are hidden or whose ending is not a picture's (``READ_SUFFIXES``) are passed over.

    Args:
        path: the folder.
        names: which, in this order; ``None`` for all. A picture is called as its file without the ending, and with it
            where two files would be called the same.

    Raises:
        InputError: if there is no such folder, it holds no pictures, or two names differ in capitals or Unicode form
            alone.
    """
    root = Path(path).expanduser()
    found, others = list_pictures(root)
    if not found:
        raise InputError(
            f"the folder {root} holds no pictures ({others} other files). Endings that are read: "
            f"{', '.join(READ_SUFFIXES)}"
        )
    source = f"folder {root}"
    paths = {name: root / name for name in found}
    title = dict(zip(paths, titles(tuple(paths)), strict=True))
    chosen = tuple(paths)
    if names is not None:
        shelf = Shelf(root, paths)
        by_title = {title[file]: file for file in paths}
        asked = names if isinstance(names, str) else [_only(shelf.find(name), title) or name for name in names]
        chosen = [by_title[name] for name in _selection(source, asked, by_title)]
    check_distinct([str(paths[file]) for file in chosen], [title[file] for file in chosen])
    return PictureFiles(source, tuple((title[file], paths[file]) for file in chosen))


def _only(found: Sequence[str], title: Mapping[str, str]) -> str | None:
    return title[found[0]] if len(found) == 1 else None


@SOURCES.register("files")
def files(paths: Sequence[str | Path]) -> PictureSource:
    """The pictures at these paths, in this order; named as in ``folder``, and by folder and file where need be.

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
    return PictureFiles("files", tuple(zip(called, found, strict=True)))
