"""What the cache of prepared datasets holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.datasets import cache
from styleresearch.data.datasets.reported import REPORT, read_report
from styleresearch.errors import InputError


@dataclass(frozen=True)
class Prepared:
    """A folder of the cache.

    Attributes:
        path: the folder.
        pictures: number of pictures in it; ``None`` if it is damaged.
        broken: number of pictures that could not be read when it was made.
        size: bytes on disk.
        identity: the first 16 digits of the dataset's; those of the folder's name where there is no report.
        source: where the pictures are from.
    """

    path: Path
    pictures: int | None
    broken: int
    size: int
    identity: str
    source: str

    @property
    def name(self) -> str:
        """What it was made of, in short."""
        return self.path.name.rpartition("-")[0]


def prepared() -> tuple[Prepared, ...]:
    """Return what is in the cache, sorted by name; what killed processes left in it goes first."""
    cache.sweep()
    root = cache.folder()
    found = sorted(root.iterdir()) if root.is_dir() else []
    return tuple(_read(path) for path in found if path.is_dir() and "-" in path.name and not path.name.startswith("."))


def _read(path: Path) -> Prepared:
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    digits = path.name.rpartition("-")[2]
    if path.name.startswith("painter-") and not (path / REPORT).exists():
        return Prepared(path, sum(1 for _ in path.glob("*.png")), 0, size, digits, "the procedural painter")
    try:
        report = read_report(path)
    except InputError:
        return Prepared(path, None, 0, size, digits, "damaged: delete it, it is made again")
    return Prepared(path, len(report.names), len(report.broken), size, report.identity[:16], report.folder)
