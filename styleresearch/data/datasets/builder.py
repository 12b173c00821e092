"""The TFDS builder of a folder of pictures. Its import is slow, so only what prepares or reads one imports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds
from tensorflow_datasets.core.utils import tqdm_utils

Examples = Callable[[], Iterator[tuple[bytes, str]]]
"""Yields (encoded picture, name) of each example, in order."""


class Pictures(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Pictures and their names, in the order in which they come.

    Prepares without TensorFlow, because the pictures come encoded: TFDS would encode arrays with it.
    """

    name = "pictures"
    VERSION = tfds.core.Version("1.0.0")
    # Where TFDS looks for lists of downloads: there are none, and TFDS 4.9.10 looks with a package it does not require.
    code_path = None
    url_infos: ClassVar[dict] = {}

    def __init__(self, *, examples: Examples | None = None, **keywords: Any) -> None:
        self._examples = examples
        super().__init__(**keywords)

    # It prints where it writes to, which is soon renamed.
    def _log_download_bytes(self) -> None: ...

    def _log_download_done(self) -> None: ...

    def _info(self) -> Any:
        features = tfds.features.FeaturesDict({"image": tfds.features.Image(), "name": tfds.features.Text()})
        # Keys are then numbers, and the order of the records is that of the examples.
        return tfds.core.DatasetInfo(builder=self, features=features, disable_shuffling=True)

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        assert self._examples is not None, "a builder made for reading does not write"
        for i, (image, name) in enumerate(self._examples()):
            yield i, {"image": image, "name": name.encode("utf-8", "replace")}


def write(folder: Path, examples: Examples) -> None:
    """Write the examples to ``folder`` as a TFDS dataset, in array_record files."""
    builder = Pictures(examples=examples, data_dir=str(folder), file_format="array_record")
    shown = tqdm_utils._active  # TFDS only has setters
    tfds.disable_progress_bar()
    try:
        builder.download_and_prepare()
    finally:
        if shown:
            tfds.enable_progress_bar()


def read(folder: Path) -> Any:
    """Return the records of a dataset that ``write`` wrote: by number, ``{"image": bytes, "name": bytes}``."""
    builder: Any = tfds.builder_from_directory(str(folder / Pictures.name / str(Pictures.VERSION)))
    return builder.as_data_source(split="train", decoders={"image": tfds.decode.SkipDecoding()})
