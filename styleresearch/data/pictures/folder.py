"""The pictures of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from styleresearch.data.framing import Side
from styleresearch.data.images import READ_SUFFIXES, image_shape, load_image
from styleresearch.data.listing import list_pictures
from styleresearch.data.lists import selected
from styleresearch.data.pictures.base import SOURCES, Dataset, PictureSource, known, selection
from styleresearch.data.pictures.checked import Broken
from styleresearch.data.pictures.files import FileDataset
from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import check_distinct, titles
from styleresearch.errors import InputError


@dataclass(frozen=True)
class Folder(PictureSource):
    """The pictures of a folder that were chosen.

    Attributes:
        path: the folder.
        found: paths of all pictures in it, relative to it.
        files: those that were chosen, in order.
        others: number of files in it that are no pictures.
        broken: what becomes of pictures that cannot be read; ``None`` for an error where they are compared on, and for
            "skip" where they are trained on.
        recursive: whether subfolders were looked into; ``None`` if nobody said so.
        size: longest short side in pixels at which they are used; ``None`` for their own.
    """

    path: Path
    found: tuple[str, ...] = field(repr=False)
    files: tuple[str, ...] = field(repr=False)
    others: int
    broken: Broken | None
    recursive: bool | None
    size: int | None

    @cached_property
    def _files(self) -> dict[str, str]:
        """What a picture is called -> its file."""
        called = dict(zip(self.found, titles(self.found), strict=True))
        check_distinct([str(self.path / file) for file in self.files], [called[file] for file in self.files])
        return {called[file]: file for file in self.files}

    def names(self) -> tuple[str, ...]:
        """Return the names of the pictures: of the files without the ending; with it, where two would be the same.

        Raises:
            InputError: if two names differ in capitals or Unicode form alone; or if subfolders hold more pictures, and
                nobody said whether to compare on them.
        """
        top = sum("/" not in file for file in self.files)
        if self.recursive is None and 0 < top < len(self.files):
            raise InputError(
                f"{top} pictures are in {self.path} itself and {len(self.files) - top} in its subfolders: say "
                "recursive=False for the former alone, or recursive=True for all"
            )
        if self.broken != "skip":
            return tuple(self._files)
        readable = set(self.dataset().names())
        return tuple(name for name, file in self._files.items() if file in readable)

    def picture(self, name: str, size: int | None = None) -> Float32[np.ndarray, "h w 3"]:
        """Read one picture; see ``PictureSource`` and ``load_image``."""
        known(f"folder {self.path}", name, self._files)
        path = self.path / self._files[name]
        if size is None and self.size is not None and self.size < min(image_shape(path)):
            size = self.size
        return load_image(path, size)

    def dataset(self) -> Dataset:
        """Return the pictures by number, called as their files."""
        files = tuple((file, file) for file in self.files)
        beside = f"{self.others} other files in the folder"
        if left_out := len(self.found) - len(self.files):
            beside += f"; {left_out} pictures left out by names, include and exclude"
        return FileDataset(self.path, files, self.broken or "skip", self.size, beside)


@SOURCES.register("folder")
def folder(
    path: str | Path,
    names: Sequence[str] | None = None,
    include: str | Path | Sequence[str] | None = None,
    exclude: str | Path | Sequence[str] | None = None,
    recursive: bool | None = None,
    broken: Broken | None = None,
    size: Side | None = None,
) -> PictureSource:
    """The pictures in a folder, sorted by path.

    Hidden files and folders are passed over, and folders of thumbnails (``PASSED_OVER``). Before they are trained on,
    each is decoded once, so that a broken one shows then and not in the middle of a training run, and what is not plain
    8-bit RGB is made so (rotated by EXIF, CMYK, grey, palette, 16-bit, transparent, animated).

    Args:
        path: the folder.
        names: which, in this order; ``None`` for all. A picture is called as its file without the ending, and with it
            where two files would be called the same.
        include: pictures to take: a text file (UTF-8 or UTF-16) with one a line, in which ``#`` begins a comment, or a
            list of names; ``None`` for all. A file name stands for every picture of that name, a path for one; see
            ``Shelf.listed``.
        exclude: pictures to leave out, given in the same way.
        recursive: whether to look in subfolders too; ``None`` does, and refuses to compare on a folder that holds
            pictures itself and in subfolders.
        broken: what becomes of pictures that cannot be read: "skip" leaves them out, "fail" is an error naming them;
            ``None`` is "skip" for those to train on, and an error for those to compare on.
        size: shrink larger pictures to this short side, in pixels; they are trained on faster then.

    Raises:
        InputError: if there is no such folder, names or a list name what is no picture in it, or no picture is left.
    """
    root = Path(path).expanduser()
    found, others = list_pictures(root, recursive is not False)
    if not found:
        raise InputError(
            f"the folder {root} holds no pictures ({others} other files). Endings that are read: "
            f"{', '.join(READ_SUFFIXES)}"
        )
    chosen = selected(root, found, include, exclude)
    if not chosen:
        raise InputError(f"of the {len(found)} pictures in {root}, include and exclude leave none: change the lists")
    if names is not None:
        chosen = _named(root, names, chosen, dict(zip(found, titles(found), strict=True)))
    return Folder(root, found, chosen, others, broken, recursive, size)


def _named(root: Path, names: Sequence[str], files: Sequence[str], called: dict[str, str]) -> tuple[str, ...]:
    """Return the files of the pictures that names stand for, each as it is called, or as a path with or without ending.

    Raises:
        InputError: for names that are unknown, twice or none.
    """
    shelf, by_title = Shelf(root, files), {called[file]: file for file in files}
    meant = [shelf.find(name) for name in names]
    asked = [called[one[0]] if len(one) == 1 else name for one, name in zip(meant, names, strict=True)]
    return tuple(by_title[name] for name in selection(f"folder {root}", asked, by_title))
