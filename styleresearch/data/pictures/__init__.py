"""Pictures by name: what is compared and what is trained on, one registry; importing a file registers its kind."""

from styleresearch.data.pictures import bundled, edges, files, folder, half, painter, tfds
from styleresearch.data.pictures.base import SOURCES, Dataset, PictureSource

__all__ = [
    "SOURCES",
    "Dataset",
    "PictureSource",
    "bundled",
    "edges",
    "files",
    "folder",
    "half",
    "painter",
    "tfds",
]
