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
from PIL import Image, UnidentifiedImageError

from styleresearch.data.pictures import cache
from styleresearch.data.pictures.base import SOURCES, PictureSource, Progress
from styleresearch.data.pictures.checked import Broken, Checked, Found, ahead, plain
from styleresearch.data.srgb import to_rgb
from styleresearch.errors import InputError
from styleresearch.registry import nearest
from styleresearch.store import jsonfile


@dataclass(frozen=True)
class Tfds(Checked):
    """The pictures of one feature in one split of a TFDS dataset.

    Attributes:
        catalogued: its name as TFDS knows it, e.g. "imagenette" or "imagenette/320px-v2:1.0.0".
        split: e.g. "train", or a part of it: "train[:10%]".
        image: the feature that holds the picture.
        data_dir: where TFDS keeps its data; ``None`` for its own default.
        broken: whether broken pictures are left out or are an error.
    """

    catalogued: str
    split: str
    image: str
    data_dir: str | None
    broken: Broken

    @cached_property
    def _builder(self) -> Any:
        import tensorflow_datasets as tfds

        try:
            builder = tfds.builder(self.catalogued, data_dir=self.data_dir, try_gcs=False)
        except ImportError as error:
            raise self._lacking(error) from error
        except Exception as error:  # TFDS: DatasetNotFoundError, ValueError, AssertionError ...
            raise InputError(
                f"TFDS has no dataset {self.catalogued!r} (data_dir {self.data_dir!r}): {_gist(error)}"
            ) from error
        if not builder.data_path.exists():
            self._download(builder)
        features: Any = builder.info.features
        pictures = [name for name, feature in features.items() if isinstance(feature, tfds.features.Image)]
        if self.image not in pictures:
            raise InputError(
                f"the TFDS dataset {self.catalogued!r} has no pictures called {self.image!r}."
                f"{nearest(self.image, pictures)} Its features with pictures: {', '.join(pictures) or 'none'}"
            )
        if features[self.image].np_dtype != np.uint8 or features[self.image].shape[-1] not in (1, 3):
            raise InputError(
                f"the pictures {self.image!r} of {self.catalogued!r} are {features[self.image].np_dtype} with "
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
                f"the TFDS dataset {self.catalogued!r} could not be prepared in {builder.data_path}: "
                f"{type(error).__name__}: {_gist(error)}"
            ) from error

    def _lacking(self, error: ImportError) -> InputError:
        return InputError(
            f"the TFDS dataset {self.catalogued!r} is not prepared yet, and preparing it needs what is not installed, "
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
                f"the TFDS dataset {self.catalogued!r} in {self._builder.data_path} is not in array_record files, the "
                f"only ones read at random. Prepare it again: tfds build {self.catalogued} --file_format=array_record"
            ) from error
        except (ValueError, KeyError) as error:
            raise InputError(
                f"the TFDS dataset {self.catalogued!r} has no split {self.split!r}. It has: "
                f"{', '.join(self._builder.info.splits)} ({_gist(error)})"
            ) from error
        if not len(records):
            raise InputError(f"the split {self.split!r} of the TFDS dataset {self.catalogued!r} is empty: name another")
        return records

    @cached_property
    def _facts(self) -> tuple[Any, ...]:
        """What says which records there are without reading them."""
        sizes = [(file.name, file.stat().st_size) for file in self._files]
        return self._builder.info.full_name, self.split, self.image, len(self._records), sizes

    @property
    def _files(self) -> list[Path]:
        return sorted(file for file in Path(self._builder.data_path).iterdir() if "array_record" in file.name)

    def look(self, progress: Progress | None) -> Found:
        """Decode every record, unless the cache knows what comes of that; see ``Checked``.

        Downloads and prepares the dataset where it is not; TFDS shows its own progress.

        Raises:
            InputError: if that fails, or the dataset lacks the split or the feature.
        """
        written = _digest(*self._facts, [file.stat().st_mtime_ns for file in self._files])
        record = cache.folder() / f"{plain(f'tfds_{self.catalogued}_{self.split}')}-{written[:16]}.json"
        if (read := read_record(record)) is None:
            numbers, names, broken = [str(number) for number in range(len(self._records))], [], {}
            for number, future in ahead("checking", self._check, numbers, progress):
                try:
                    future.result()
                    names.append(number)
                except InputError as error:
                    broken[number] = str(error)
            read = {"folder": str(self._builder.data_path), "names": names, "broken": broken}
            cache.write(record, json.dumps(read).encode())
        identity = _digest(*self._facts, *read["broken"])
        return Found(str(self._builder.data_path), identity, tuple(read["names"]), read["broken"], record)

    def _check(self, name: str) -> None:
        try:
            self._read(name).convert("RGB")
        except UnidentifiedImageError as error:
            raise InputError(f"record {name} is not a picture that can be read") from error
        except Exception as error:  # array_record raises RuntimeError, decoders OSError, SyntaxError, struct.error ...
            raise InputError(f"record {name} is damaged or cut short: {_gist(error)}") from error

    def _read(self, name: str) -> Image.Image:
        return Image.open(io.BytesIO(self._records[int(name)][self.image]))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open files out: another process opens them itself."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(to_rgb(self.open(index)))

    def open(self, index: int) -> Image.Image:
        """Return one picture, not decoded yet; see ``Dataset``."""
        return self._read(self.name(index))


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a record of the cache; None if there is none, or a damaged one: all is read again."""
    try:
        read = jsonfile.read(path)
    except (OSError, ValueError):
        return None
    fits = jsonfile.conforms(read, {"folder": str, "names": list, "broken": dict})
    return read if fits and all(isinstance(each, str) for each in [*read["names"], *read["broken"].values()]) else None


def _digest(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _gist(error: Exception) -> str:
    """Return the last line of an error's message: TFDS puts where it was, at length, in front."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


@SOURCES.register("tfds")
def tfds(
    dataset: str,
    split: str = "train",
    image: str = "image",
    data_dir: str | Path | None = None,
    broken: Broken = "skip",
) -> PictureSource:
    """The pictures of a TFDS dataset: of its catalogue, or of your own that was prepared in ``data_dir``.

    Datasets whose preparation needs TensorFlow need the extra: pip install 'styleresearch[tfds]'. Reading never does.
    Preparation decodes each picture once, so that a broken one shows now and not in the middle of a training run. A
    picture's name is the number of its record in the split: TFDS has no names for examples.

    Args:
        dataset: its name as TFDS knows it, e.g. "imagenette" or "imagenette/320px-v2:1.0.0".
        split: e.g. "train", or a part of it: "train[:10%]".
        image: the feature that holds the picture.
        data_dir: where TFDS keeps its data; ``None`` for its own default.
        broken: what becomes of pictures that cannot be read: "skip" leaves them out, "fail" is an error naming them.
    """
    return Tfds(dataset, split, image, None if data_dir is None else str(Path(data_dir).expanduser()), broken)
