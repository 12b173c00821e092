"""What every registered dataset must keep, whoever wrote it."""

from __future__ import annotations

import inspect
import pickle
import re

import numpy as np
import pytest
from PIL import Image

from styleresearch.config import build
from styleresearch.data.datasets import DATASETS, builder
from styleresearch.data.datasets.base import Dataset
from styleresearch.data.pipeline import Pipeline

# What the datasets that need something are given; the others are built from their name alone.
NEEDED = {
    "folder": {"path": "{folder}"},
    "painter": {"names": ("mosaic", "pointillism"), "count": 3, "size": 16},
    "half": {"of": {"name": "folder", "path": "{folder}"}, "side": "right"},
    "edges": {"of": {"name": "folder", "path": "{folder}"}},
    "tfds": {"dataset": "pictures", "data_dir": "{tfds}"},
}


@pytest.fixture(scope="module", params=list(DATASETS))
def spec(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("dataset")
    (root / "folder").mkdir()
    for i in range(4):
        Image.new("RGB", (20 + i, 30), (40 * i, 0, 0)).save(root / "folder" / f"{i}.png")
    if request.param == "tfds":
        files = sorted((root / "folder").iterdir())
        builder.write(root / "tfds", lambda: ((file.read_bytes(), file.name) for file in files))
    places = {"{folder}": str(root / "folder"), "{tfds}": str(root / "tfds")}

    def placed(options):
        return {
            key: placed(value) if isinstance(value, dict) else places.get(str(value), value)
            for key, value in options.items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLERESEARCH_CACHE", str(root / "cache"))
        yield {"name": request.param} | placed(NEEDED.get(request.param, {}))


@pytest.fixture
def dataset(spec) -> Dataset:
    return build.resolve(DATASETS, spec)


def test_documented_options(spec):
    entry = DATASETS.get(spec["name"])
    said = inspect.getdoc(entry)
    for key, parameter in DATASETS.options(spec["name"]).items():
        assert f"{key}:" in said, f"{spec['name']} does not document {key}"
        assert parameter.annotation is not inspect.Parameter.empty


def test_pictures_are_plain_and_always_the_same(dataset):
    assert len(dataset) >= 1
    for i in range(min(len(dataset), 3)):
        picture = dataset[i]
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        picture = picture.copy()
        np.testing.assert_array_equal(dataset[i], picture)
        np.testing.assert_array_equal(np.asarray(dataset.open(i).convert("RGB")), picture)
    for index in (-1, len(dataset)):
        for call in (dataset.__getitem__, dataset.open, dataset.name):
            with pytest.raises(IndexError):
                call(index)


def test_names(dataset):
    names = dataset.names()
    assert len(names) == len(set(names)) == len(dataset)
    assert names[0] == dataset.name(0)


def test_identity(dataset, spec):
    assert re.fullmatch("[0-9a-f]{64}", dataset.identity())
    assert build.resolve(DATASETS, spec).identity() == dataset.identity()


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_pickled(dataset, used):
    if used:
        dataset[0]
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again[0], dataset[0])
    assert (len(again), again.identity()) == (len(dataset), dataset.identity())


def test_prepared_twice(dataset):
    told = []
    dataset.prepare(lambda *event: told.append(event))
    dataset.prepare()
    assert all(isinstance(what, str) and 0 < done <= total for what, done, total in told)


def test_trains(dataset):
    for paired in (False, True):
        pipeline = Pipeline(dataset, dataset, paired, batch_size=3, crop=8)
        pipeline.prepare()
        batches = pipeline.iterate(2)
        for step in (2, 3):
            batch = next(batches)
            for key in ("content", "style"):
                np.testing.assert_array_equal(batch[key], pipeline.batch(step)[key])
        batches.close()
