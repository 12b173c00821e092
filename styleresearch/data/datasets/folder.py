"""A folder of pictures as a dataset: prepared once, as a TFDS dataset in the cache, and named by what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.data.datasets.base import DATASETS, Dataset, Progress, checked
from styleresearch.data.datasets.manifest import digest_of, manifest
from styleresearch.data.datasets.normalise import decoder, normalise
from styleresearch.data.datasets.reported import Broken, Report, Reported, readable
from styleresearch.data.framing import Side
from styleresearch.data.images import READ_SUFFIXES
from styleresearch.data.listing import list_pictures
from styleresearch.data.lists import selected
from styleresearch.errors import InputError

# Part of every identity: a new number where preparation makes other pictures of the same files.
_FORMAT = "styleresearch folder 2"


@dataclass(frozen=True)
class Folder(Reported):
    """The pictures of a folder, read from the cache where they were prepared.

    Attributes:
        path: the folder.
        files: relative names of the pictures in it that were chosen.
        left_out: number of pictures in it that were not.
        others: number of files in it that are no pictures.
        broken: whether broken pictures are left out or are an error.
        size: longest short side in pixels at which they are kept; ``None`` for their own.
    """

    path: Path
    files: tuple[str, ...] = field(repr=False)
    left_out: int
    others: int
    broken: Literal["skip", "fail"]
    size: int | None

    def key(self, progress: Progress | None) -> tuple[str, str]:
        """Return the folder's name and the digest of the manifest; see ``Reported``."""
        files = manifest(self.path, self.files, progress)
        return self.path.resolve().name, digest_of(files, f"{_FORMAT} size={self.size}")

    def examine(self, folder: Path, digest: str, progress: Progress | None) -> Report:
        """Convert the pictures and write them as a TFDS dataset; see ``Reported``."""
        from styleresearch.data.datasets import builder

        names: list[str] = []
        broken: list[Broken] = []
        converted = 0

        def convert(name: str) -> tuple[bytes, bool]:
            return normalise(self.path / name, self.size)

        def examples() -> Iterator[tuple[bytes, str]]:
            nonlocal converted
            for name, (data, changed) in readable("preparing", convert, self.files, broken, progress):
                converted += changed
                names.append(name)
                yield data, name

        try:
            builder.write(folder, examples)
        except AssertionError:  # TFDS asserts that there are examples
            if names:
                raise
        return Report(str(self.path), digest, tuple(names), converted, self.others, tuple(broken))

    @cached_property
    def _records(self) -> Any:
        from styleresearch.data.datasets import builder

        return builder.read(self.prepared[0])

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open files out: another process opens them itself."""
        return {key: value for key, value in vars(self).items() if key != "_records"}

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one picture, not decoded yet; see ``Dataset``."""
        return decoder(self._records[checked(index, len(self))]["image"])


@DATASETS.register("folder")
def folder(
    path: str | Path,
    exclude: str | Path | Sequence[str] | None = None,
    include: str | Path | Sequence[str] | None = None,
    broken: Literal["skip", "fail"] = "skip",
    recursive: bool = True,
    size: Side | None = None,
) -> Dataset:
    """The pictures in a folder, prepared at first use: written once to the cache and read from there.

    Hidden files and folders are passed over, and folders of thumbnails (``PASSED_OVER``). Preparation decodes each
    picture once, so that a broken one shows now and not in the middle of a training run, and
    makes what is not plain 8-bit RGB so (rotated by EXIF, CMYK, grey, palette, 16-bit, transparent, animated).

    Args:
        path: the folder.
        exclude: pictures to leave out: a text file (UTF-8 or UTF-16) with one a line, in which ``#`` begins a comment,
            or a list of names. A file name stands for every picture of that name, a path for one; see ``Known.meant``.
        include: pictures to take, given in the same way; ``None`` for all.
        broken: what becomes of pictures that cannot be read: "skip" leaves them out, "fail" is an error naming them.
        recursive: whether to look in subfolders too.
        size: shrink larger pictures to this short side, in pixels, when preparing; reading is faster then.

    Raises:
        InputError: if there is no such folder, a list names what is no picture in it, or no picture is left.
    """
    root = Path(path).expanduser()
    names, others = list_pictures(root, recursive)
    if not names:
        raise InputError(
            f"the folder {root} holds no pictures ({others} other files). Endings that are read: "
            f"{', '.join(READ_SUFFIXES)}"
        )
    chosen = selected(root, names, include, exclude)
    if not chosen:
        raise InputError(f"of the {len(names)} pictures in {root}, include and exclude leave none: change the lists")
    return Folder(root, chosen, len(names) - len(chosen), others, broken, size)
