"""What a network is trained on: pictures by number; importing a file registers its kind."""

from styleresearch.data.datasets import derived, folder, painter, photographs, tfds
from styleresearch.data.datasets.base import DATASETS, Dataset, Progress

__all__ = ["DATASETS", "Dataset", "Progress", "derived", "folder", "painter", "photographs", "tfds"]
