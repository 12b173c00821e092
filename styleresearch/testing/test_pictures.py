"""What every picture source must keep, by name and by number, whoever wrote it."""

from __future__ import annotations

import inspect
import pickle
import re
from typing import Any

import numpy as np
import pytest

from styleresearch.config import build
from styleresearch.data.pictures import SOURCES, Dataset, PictureSource
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError


@pytest.fixture
def source(spec) -> PictureSource:
    return build.resolve(SOURCES, spec)


@pytest.fixture
def dataset(source) -> Dataset:
    return source.dataset()


def test_documented_options(spec):
    entry = SOURCES.get(spec["name"])
    said = inspect.getdoc(entry) or ""
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
        batches: Any = pipeline.iterate(2)
        for step in (2, 3):
            batch = next(batches)
            for key in ("content", "style"):
                np.testing.assert_array_equal(batch[key], pipeline.batch(step)[key])
        batches.close()
