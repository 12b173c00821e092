"""Datasets of the TFDS catalogue, read without TensorFlow."""

import hashlib
import importlib.util
import io
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styleresearch.data.pictures import SOURCES
from styleresearch.data.pictures.kept import kept
from styleresearch.data.pictures.tfds import Tfds
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError


def build(**options):
    return SOURCES.build({"name": "tfds", **options})


def refuses(match, **options):
    with pytest.raises(InputError, match=match) as caught:
        build(**options).prepare()
    assert "\n" not in str(caught.value)


def encoded(array, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


PICTURES = [np.random.default_rng(i).integers(0, 256, (6 + i, 9, 3), np.uint8) for i in range(7)]


@pytest.fixture
def data_dir(tmp_path, write_tfds):
    """A TFDS data folder with the dataset "pictures", as ``tfds build`` leaves it."""
    write_tfds(tmp_path / "tfds", ((encoded(one), f"n{i}") for i, one in enumerate(PICTURES)))
    return str(tmp_path / "tfds")


def test_tfds_by_name(data_dir):
    dataset = build(dataset="pictures", data_dir=data_dir)
    assert len(dataset) == 7
    for i, picture in enumerate(PICTURES):
        np.testing.assert_array_equal(dataset[i], picture)
    assert dataset.names() == tuple("0123456")
    np.testing.assert_array_equal(dataset.picture("3"), PICTURES[3] / np.float32(255))
    assert dataset.picture("3", 4).shape == (4, 4, 3)
    with pytest.raises(InputError, match="the picture source 'tfds' has no picture '9'"):
        dataset.picture("9")
    part = build(dataset="pictures:1.0.0", data_dir=data_dir, split="train[2:5]")
    assert len(part) == 3
    np.testing.assert_array_equal(part[0], PICTURES[2])
    assert part.identity() != dataset.identity() == build(dataset="pictures", data_dir=data_dir).identity()


@pytest.fixture
def some_broken(tmp_path, write_tfds):
    """Seven pictures, of which 2 is a JPEG cut short, 4 a page and 5 empty."""
    records = [encoded(one, "JPEG") for one in PICTURES]
    records[2], records[4], records[5] = records[2][:-30], b"<html>404</html>", b""
    write_tfds(tmp_path / "tfds", ((one, f"n{i}") for i, one in enumerate(records)))
    return {"dataset": "pictures", "data_dir": str(tmp_path / "tfds")}


def test_broken_records_of_tfds_are_named_and_left_out(some_broken):
    options, told = some_broken, []
    dataset = build(**options)
    dataset.prepare(lambda *event: told.append(event))
    assert told == [("checking", i + 1, 7) for i in range(7)]
    assert dataset.names() == ("0", "1", "3", "6")
    reasons = dataset.found.broken
    assert list(reasons) == ["2", "4", "5"]
    assert "record 2 is damaged or cut short: image file is truncated" in reasons["2"]
    assert reasons["4"] == "record 4 is not a picture that can be read"
    for i, number in enumerate((0, 1, 3, 6)):
        np.testing.assert_array_equal(dataset[i], np.asarray(Image.open(io.BytesIO(encoded(PICTURES[number], "JPEG")))))
    batches = Pipeline(dataset, batch_size=4, crop=4)
    assert all(batches.batch(step)["content"].shape == (4, 4, 4, 3) for step in range(5))
    (entry,) = kept()
    assert (entry.name, entry.pictures, entry.broken) == ("tfds_pictures_train", 4, 3)
    assert dataset.notes()[0] == "3 could not be read"
    assert entry.source.startswith(options["data_dir"])
    part = build(**options, split="train[3:5]")
    assert (part.names(), list(part.found.broken)) == (("0",), ["1"])


@pytest.mark.parametrize("already", [False, True], ids=["fresh", "checked before"])
def test_broken_records_of_tfds_fail_when_configured(some_broken, already):
    options = some_broken
    if already:
        build(**options).prepare()
    refuses("3 of the 7 pictures in .*: 2 .record 2 is.*; 4 .*; 5 .*broken='skip'", **options, broken="fail")
    refuses("none of the 2 pictures in .*: 0 .*; 1 ", **options, split="train[4:6]")
    assert len(build(**options, split="train[:2]", broken="fail")) == 2


def test_records_of_tfds_are_checked_again_only_when_their_files_change(tmp_path, some_broken, monkeypatch):
    options = some_broken
    before = build(**options)
    before.prepare()
    with monkeypatch.context() as patch:
        patch.setattr(Tfds, "_check", None)
        again = build(**options, broken="skip")
        assert (again.names(), again.identity()) == (before.names(), before.identity())
        assert pickle.loads(pickle.dumps(again)).names() == before.names()
    (file,) = (tmp_path / "tfds").rglob("*.array_record*")
    data = bytearray(file.read_bytes())
    data[1000] ^= 1  # one bit, within the first pictures: array_record has checksums
    file.write_bytes(data)
    worse = build(**options)
    assert list(worse.found.broken)[1:] == ["2", "4", "5"]
    assert "hash mismatch" in next(iter(worse.found.broken.values()))
    assert all("\n" not in why for why in worse.found.broken.values())
    assert worse.identity() != before.identity()


def test_a_damaged_record_is_made_again(some_broken):
    dataset = build(**some_broken)
    written = dataset.found.record.read_text()
    for text in (
        "{}",
        "[" * 100_000,
        "7",
        written.replace('"0"', "7"),
        written.replace('"broken": {', '"broken": 7, "x": {'),
    ):
        dataset.found.record.write_text(text)
        assert build(**some_broken).names() == ("0", "1", "3", "6")
        assert dataset.found.record.read_text() == written


def test_the_identity_of_a_whole_tfds_dataset_is_what_it_was(data_dir):
    """That of runs which were started before the records were checked."""
    (file,) = Path(data_dir).rglob("*.array_record*")
    said = json.dumps(["pictures/1.0.0", "train", "image", 7, [[file.name, file.stat().st_size]]])
    assert build(dataset="pictures", data_dir=data_dir).identity() == hashlib.sha256(said.encode()).hexdigest()


def test_tfds_refuses(data_dir):
    refuses("TFDS has no dataset 'no_such_set'", dataset="no_such_set", data_dir=data_dir)
    refuses("no split 'test'. It has: train", dataset="pictures", split="test", data_dir=data_dir)
    refuses(
        "no pictures called 'imag'.*Did you mean 'image'.*: image",
        dataset="pictures",
        image="imag",
        data_dir=data_dir,
    )
    (info,) = Path(data_dir).glob("pictures/*/dataset_info.json")
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    refuses("not in array_record files.*tfds build", dataset="pictures", data_dir=data_dir)
    refuses("no pictures called 'name'", dataset="pictures", image="name", data_dir=data_dir)


SCRIPT = """
import sys
import numpy as np
import tensorflow_datasets as tfds
from styleresearch.data.pictures import SOURCES
from styleresearch.errors import InputError

class DigitsOfATest(tfds.core.GeneratorBasedBuilder):
    '''Arrays, which TFDS encodes with TensorFlow.'''
    VERSION = tfds.core.Version("1.0.0")
    code_path = None
    url_infos = {}

    def _info(self):
        features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(4, 4, 1))})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(3):
            yield i, {"image": np.full((4, 4, 1), i, np.uint8)}

dataset = SOURCES.build(dict(name="tfds", dataset="digits_of_a_test", data_dir=sys.argv[1]))
try:
    dataset.prepare()
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed")
def test_tfds_that_needs_tensorflow_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (message,) = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert "No module named 'tensorflow'" in message
    assert message.endswith("pip install 'styleresearch[tfds]'")


def test_no_tensorflow_and_no_jax_to_read(data_dir):
    script = (
        "import sys\n"
        "from styleresearch.data.pictures import SOURCES\n"
        "for spec in (dict(name='tfds', dataset='pictures', data_dir=sys.argv[1]), dict(name='photographs'),\n"
        "             dict(name='painter', count=1, size=8, names=('mosaic',))):\n"
        "    dataset = SOURCES.build(spec).dataset()\n"
        "    dataset.prepare(), dataset[0], dataset.identity()\n"
        "    assert not {'tensorflow', 'jax'} & set(sys.modules), spec\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, data_dir], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
