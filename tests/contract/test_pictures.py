"""What every registered picture source must keep, by name and by number, whoever wrote it."""

from __future__ import annotations

import inspect
import pickle
import re

import numpy as np
import pytest
from PIL import Image

from styleresearch.config import build
from styleresearch.data.pictures import SOURCES, Dataset, PictureSource
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError

# What the sources that need something are given; the others are built from their name alone.
NEEDED = {
    "folder": {"path": "{folder}"},
    "painter": {"names": ("mosaic", "pointillism"), "count": 3, "size": 16},
    "files": {"paths": ("{folder}/0.png", "{folder}/1.png")},
    "half": {"of": {"name": "folder", "path": "{folder}"}, "side": "right"},
    "edges": {"of": {"name": "folder", "path": "{folder}"}},
    "tfds": {"dataset": "pictures", "data_dir": "{tfds}"},
}


@pytest.fixture(scope="module", params=list(SOURCES))
def spec(request, tmp_path_factory, write_tfds):
    root = tmp_path_factory.mktemp("pictures")
    (root / "folder").mkdir()
    for i in range(4):
        Image.new("RGB", (20 + i, 30), (40 * i, 0, 0)).save(root / "folder" / f"{i}.png")
    if request.param == "tfds":
        files = sorted((root / "folder").iterdir())
        write_tfds(root / "tfds", ((file.read_bytes(), file.name) for file in files))
    places = {"{folder}": str(root / "folder"), "{tfds}": str(root / "tfds")}

    def placed(value):
        if isinstance(value, dict):
            return {key: placed(each) for key, each in value.items()}
        if isinstance(value, tuple):
            return tuple(map(placed, value))
        for place, path in places.items():
            value = value.replace(place, path) if isinstance(value, str) else value
        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLERESEARCH_CACHE", str(root / "cache"))
        yield {"name": request.param} | placed(NEEDED.get(request.param, {}))


@pytest.fixture
def source(spec) -> PictureSource:
    return build.resolve(SOURCES, spec)


@pytest.fixture
def dataset(source) -> Dataset:
    return source.dataset()


def test_documented_options(spec):
    entry = SOURCES.get(spec["name"])
    said = inspect.getdoc(entry)
    for key, parameter in SOURCES.options(spec["name"]).items():
        assert f"{key}:" in said, f"{spec['name']} does not document {key}"
        assert parameter.annotation is not inspect.Parameter.empty


def test_pictures_by_name(source):
    names = source.names()
    assert len(names) == len(set(names)) >= 1
    for name in names[:2]:
        picture = source.picture(name, 12)
        assert (picture.dtype, min(picture.shape[:2]), picture.shape[2]) == (np.float32, 12, 3)
        assert 0 <= picture.min() <= picture.max() <= 1
        np.testing.assert_array_equal(source.picture(name, 12), picture)
        assert source.picture(name).ndim == 3
    with pytest.raises(InputError, match="has no picture 'zebra'"):
        source.picture("zebra", 12)


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
    assert build.resolve(SOURCES, spec).dataset().identity() == dataset.identity()
    assert dataset.dataset() is dataset


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
    assert all("\n" not in note for note in dataset.notes())
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
