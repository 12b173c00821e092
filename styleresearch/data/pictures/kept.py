"""What the cache knows of pictures: for whoever wants to see it, or to delete it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.pictures import cache, tfds
from styleresearch.data.pictures.catalogue import read_record
from styleresearch.store import jsonfile


@dataclass(frozen=True)
class Kept:
    """A record of the cache, or a folder of paintings.

    Attributes:
        path: the file or folder.
        pictures: number of pictures that it knows; ``None`` if it is damaged.
        broken: number of those that could not be read.
        size: bytes on disk, with those of the pictures that were converted.
        source: where the pictures are.
    """

    path: Path
    pictures: int | None
    broken: int
    size: int
    source: str

    @property
    def name(self) -> str:
        """What it was made of, in short."""
        return self.path.stem.rpartition("-")[0]


def kept() -> tuple[Kept, ...]:
    """Return what is in the cache, sorted by name; what killed processes left in it goes first."""
    cache.sweep()
    root = cache.folder()
    records = [_record(path) for path in sorted(root.glob("*-*.json"))]
    return tuple(sorted([*records, *map(_paintings, root.glob("painter-*/"))], key=lambda each: each.path.name))


def _paintings(path: Path) -> Kept:
    files = list(path.glob("*.png"))
    return Kept(path, len(files), 0, _size(files), "the procedural painter")


def _record(path: Path) -> Kept:
    if (read := tfds.read_record(path)) is not None:
        return Kept(path, len(read["names"]), len(read["broken"]), _size([path]), read["folder"])
    try:
        read = jsonfile.read(path, names=True)
        source = str(read["folder"])
    except (OSError, ValueError, TypeError, KeyError):
        return Kept(path, None, 0, _size([path]), "damaged: delete it, it is made again")
    files = read_record(path).values()
    converted = {cache.folder() / "converted" / file.converted for file in files if file.converted is not None}
    broken = sum(file.broken is not None for file in files)
    return Kept(path, len(files) - broken, broken, _size([path, *converted]), source)


def _size(files: list[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())
