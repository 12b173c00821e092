"""Any TFDS dataset with pictures, by name, read without TensorFlow."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.data.datasets.base import DATASETS, Dataset, Progress, checked
from styleresearch.errors import InputError
from styleresearch.registry import nearest


@dataclass(frozen=True)
class Tfds(Dataset):
    """The pictures of one feature in one split of a TFDS dataset.

    Attributes:
        dataset: its name as TFDS knows it, e.g. "imagenette" or "imagenette/320px-v2:1.0.0".
        split: e.g. "train", or a part of it: "train[:10%]".
        image: the feature that holds the picture.
        data_dir: where TFDS keeps its data; ``None`` for its own default.
    """

    dataset: str
    split: str
    image: str
    data_dir: str | None

    @cached_property
    def _builder(self) -> Any:
        import tensorflow_datasets as tfds

        try:
            builder = tfds.builder(self.dataset, data_dir=self.data_dir, try_gcs=False)
        except ImportError as error:
            raise self._lacking(error) from error
        except Exception as error:  # TFDS: DatasetNotFoundError, ValueError, AssertionError ...
            raise InputError(
                f"TFDS has no dataset {self.dataset!r} (data_dir {self.data_dir!r}): {_gist(error)}"
            ) from error
        if not builder.data_path.exists():
            self._download(builder)
        features: Any = builder.info.features
        pictures = [name for name, feature in features.items() if isinstance(feature, tfds.features.Image)]
        if self.image not in pictures:
            raise InputError(
                f"the TFDS dataset {self.dataset!r} has no pictures called {self.image!r}."
                f"{nearest(self.image, pictures)} Its features with pictures: {', '.join(pictures) or 'none'}"
            )
        if features[self.image].np_dtype != np.uint8 or features[self.image].shape[-1] not in (1, 3):
            raise InputError(
                f"the pictures {self.image!r} of {self.dataset!r} are {features[self.image].np_dtype} with "
                f"{features[self.image].shape[-1]} channels; uint8 with 1 or 3 is what can be used"
            )
        return builder

    def _download(self, builder: Any) -> None:
        import tensorflow_datasets as tfds

        try:
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            builder.download_and_prepare(file_format="array_record", download_config=config)
        except ImportError as error:
            raise self._lacking(error) from error
        except Exception as error:
            raise InputError(
                f"the TFDS dataset {self.dataset!r} could not be prepared in {builder.data_path}: "
                f"{type(error).__name__}: {_gist(error)}"
            ) from error

    def _lacking(self, error: ImportError) -> InputError:
        return InputError(
            f"the TFDS dataset {self.dataset!r} is not prepared yet, and preparing it needs what is not installed, "
            f"as a rule TensorFlow ({_gist(error)}). Run: pip install 'styleresearch[tfds]'"
        )

    @cached_property
    def _records(self) -> Any:
        import tensorflow_datasets as tfds

        # None of the pictures is decoded by TFDS.
        features: Any = self._builder.info.features
        pictures = [name for name, feature in features.items() if isinstance(feature, tfds.features.Image)]
        decoders = {name: tfds.decode.SkipDecoding() for name in pictures}
        try:
            records = self._builder.as_data_source(split=self.split, decoders=decoders)
        except NotImplementedError as error:
            raise InputError(
                f"the TFDS dataset {self.dataset!r} in {self._builder.data_path} is not in array_record files, the "
                f"only ones read at random. Prepare it again: tfds build {self.dataset} --file_format=array_record"
            ) from error
        except (ValueError, KeyError) as error:
            raise InputError(
                f"the TFDS dataset {self.dataset!r} has no split {self.split!r}. It has: "
                f"{', '.join(self._builder.info.splits)} ({_gist(error)})"
            ) from error
        if not len(records):
            raise InputError(f"the split {self.split!r} of the TFDS dataset {self.dataset!r} is empty: name another")
        return records

    def prepare(self, progress: Progress | None = None) -> None:
        """Download and prepare the dataset where it is not; TFDS shows its own progress.

        Raises:
            InputError: if that fails, or the dataset lacks the split or the feature.
        """
        len(self._records)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open files out: another process opens them itself."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index).convert("RGB"))

    def open(self, index: int) -> Image.Image:
        """Return one picture, not decoded yet; see ``Dataset``."""
        return Image.open(io.BytesIO(self._records[checked(index, len(self))][self.image]))

    def name(self, index: int) -> str:
        """Return its number: TFDS has no names for examples."""
        return str(checked(index, len(self)))

    def identity(self) -> str:
        """Return a digest of the dataset's name and version and of its files' sizes; the pictures are not read."""
        info = self._builder.info
        folder = Path(self._builder.data_path)
        files = sorted((file.name, file.stat().st_size) for file in folder.iterdir() if "array_record" in file.name)
        said = json.dumps([info.full_name, self.split, self.image, len(self), files])
        return hashlib.sha256(said.encode()).hexdigest()


def _gist(error: Exception) -> str:
    """Return the last line of an error's message: TFDS puts where it was, at length, in front."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


@DATASETS.register("tfds")
def tfds(dataset: str, split: str = "train", image: str = "image", data_dir: str | Path | None = None) -> Dataset:
    """The pictures of a TFDS dataset: of its catalogue, or of your own that was prepared in ``data_dir``.

    Datasets whose preparation needs TensorFlow need the extra: pip install 'styleresearch[tfds]'. Reading never does.

    Args:
        dataset: its name as TFDS knows it, e.g. "imagenette" or "imagenette/320px-v2:1.0.0".
        split: e.g. "train", or a part of it: "train[:10%]".
        image: the feature that holds the picture.
        data_dir: where TFDS keeps its data; ``None`` for its own default.
    """
    return Tfds(dataset, split, image, None if data_dir is None else str(Path(data_dir).expanduser()))
