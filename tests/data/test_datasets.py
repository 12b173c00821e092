"""The painter, the photographs and TFDS datasets as training data; the folder has a file of its own."""

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

from styleresearch.data.datasets import DATASETS, builder, cache
from styleresearch.data.datasets.prepared import prepared
from styleresearch.data.datasets.tfds import Tfds
from styleresearch.data.painter import PAINTINGS, paint
from styleresearch.data.pipeline import Pipeline
from styleresearch.data.sources import SOURCES
from styleresearch.errors import InputError


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLERESEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


def build(name, **options):
    return DATASETS.build({"name": name, **options})


def refuses(match, name, **options):
    with pytest.raises(InputError, match=match) as caught:
        build(name, **options).prepare()
    assert "\n" not in str(caught.value)


def test_registered():
    assert {"folder", "painter", "photographs", "tfds"} <= set(DATASETS)


def test_photographs_are_those_of_the_picture_source():
    dataset, source = build("photographs"), SOURCES.build({"name": "photographs"})
    assert dataset.names() == source.names()
    for i, name in enumerate(dataset.names()):
        np.testing.assert_array_equal(dataset[i] / np.float32(255), source.picture(name))
    some = build("photographs", names=("coffee", "cat"))
    assert some.names() == ("coffee", "cat")
    assert some.identity() != dataset.identity()
    refuses("no picture 'caat'.*Did you mean 'cat'", "photographs", names=("caat",))


def test_paintings_come_in_turn_and_stay(cache_folder, monkeypatch):
    dataset = build("painter", names=("pointillism", "mosaic"), count=5, size=24)
    assert dataset.names() == ("pointillism-0", "mosaic-0", "pointillism-1", "mosaic-1", "pointillism-2")
    pictures = [dataset[i] for i in range(5)]
    assert {picture.shape for picture in pictures} == {(24, 32, 3)}
    for i in range(5):
        assert all((pictures[i] != pictures[j]).any() for j in range(i))
    expected = paint("mosaic", (24, 32), 2**32 + 1)
    np.testing.assert_array_equal(pictures[3], np.rint(expected * 255))

    with monkeypatch.context() as patch:
        patch.setattr("styleresearch.data.datasets.painter.paint", None)  # all are in the cache
        again = build("painter", names=("pointillism", "mosaic"), count=4, size=24)
        for i in range(4):
            np.testing.assert_array_equal(again[i], pictures[i])

    (folder,) = cache_folder.iterdir()
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:100])
    np.testing.assert_array_equal(dataset[3], pictures[3])  # a damaged file is painted again
    (entry,) = prepared()
    assert (entry.name, entry.pictures) == ("painter", 5)


def test_paintings_to_train_on_are_not_those_to_evaluate_on():
    source = SOURCES.build({"name": "painter", "names": ("pointillism",)})
    shown = source.picture("pointillism", 24)
    dataset = build("painter", names=("pointillism",), count=2, size=24)
    assert all((dataset[i] != np.rint(shown * 255)).any() for i in range(2))


def test_identity_of_paintings(monkeypatch):
    options = {"names": ("pointillism", "mosaic"), "count": 5, "size": 24, "seed": 1}
    identities = {build("painter", **options).identity()}
    assert build("painter", **options).identity() in identities
    for change in ({"names": ("mosaic", "pointillism")}, {"count": 6}, {"size": 25}, {"seed": 2}):
        identities.add(build("painter", **options | change).identity())
    assert len(identities) == 5


def test_the_painters_source_is_part_of_the_identity(tmp_path, monkeypatch):
    file = tmp_path / "my_style_of_a_test.py"
    file.write_text("def grey(h, w, rng):\n    import numpy\n    return numpy.full((h, w, 3), 0.5)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(PAINTINGS, "_entries", dict(PAINTINGS._entries))
    import my_style_of_a_test

    PAINTINGS.register("grey")(my_style_of_a_test.grey)
    options = {"names": ("grey",), "count": 1, "size": 8}
    before = build("painter", **options)
    assert (before[0] == 128).all()
    identity = before.identity()
    file.write_text(file.read_text().replace("0.5", "0.7"))
    assert build("painter", **options).identity() != identity
    del sys.modules["my_style_of_a_test"]


def test_painting_ahead():
    told = []
    build("painter", names=("pointillism",), count=3, size=16).prepare(lambda *event: told.append(event))
    assert told == [("painting", i, 3) for i in (1, 2, 3)]
    assert len(list((next(cache.folder().iterdir())).glob("*.png"))) == 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"names": ("mosaik",)}, "no style 'mosaik'.*Did you mean 'mosaic'"),
        ({"names": ()}, "one or more different"),
        ({"names": "mosaic"}, r"names = 'mosaic' is not of type .*write \('mosaic',\) for one"),
        ({"names": ("mosaic", "mosaic")}, "one or more different"),
        ({"count": 0}, "count = 0 is not from 1"),
        ({"seed": -1}, "seed = -1 is not from 0"),
        ({"size": 0}, "size = 0 is not from 1 to 3072"),
    ],
)
def test_painter_refuses(options, match):
    refuses(match, "painter", **options)


def encoded(array, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


PICTURES = [np.random.default_rng(i).integers(0, 256, (6 + i, 9, 3), np.uint8) for i in range(7)]


@pytest.fixture
def data_dir(tmp_path):
    """A TFDS data folder with the dataset "pictures", as ``tfds build`` leaves it."""
    builder.write(tmp_path / "tfds", lambda: ((encoded(one), f"n{i}") for i, one in enumerate(PICTURES)))
    return str(tmp_path / "tfds")


def test_tfds_by_name(data_dir):
    dataset = build("tfds", dataset="pictures", data_dir=data_dir)
    assert len(dataset) == 7
    for i, picture in enumerate(PICTURES):
        np.testing.assert_array_equal(dataset[i], picture)
    assert dataset.names() == tuple("0123456")
    part = build("tfds", dataset="pictures:1.0.0", data_dir=data_dir, split="train[2:5]")
    assert len(part) == 3
    np.testing.assert_array_equal(part[0], PICTURES[2])
    assert part.identity() != dataset.identity() == build("tfds", dataset="pictures", data_dir=data_dir).identity()


def write_some_broken(folder):
    """Seven pictures, of which 2 is a JPEG cut short, 4 a page and 5 empty."""
    records = [encoded(one, "JPEG") for one in PICTURES]
    records[2], records[4], records[5] = records[2][:-30], b"<html>404</html>", b""
    builder.write(folder, lambda: ((one, f"n{i}") for i, one in enumerate(records)))
    return {"dataset": "pictures", "data_dir": str(folder)}


def test_broken_records_of_tfds_are_named_and_left_out(tmp_path, cache_folder):
    options, told = write_some_broken(tmp_path / "tfds"), []
    dataset = build("tfds", **options)
    dataset.prepare(lambda *event: told.append(event))
    assert told == [("checking", i + 1, 7) for i in range(7)]
    assert dataset.names() == ("0", "1", "3", "6")
    reasons = {one.name: one.reason for one in dataset.report.broken}
    assert list(reasons) == ["2", "4", "5"]
    assert "record 2 is damaged or cut short: image file is truncated" in reasons["2"]
    assert reasons["4"] == "record 4 is not a picture that can be read"
    for i, number in enumerate((0, 1, 3, 6)):
        np.testing.assert_array_equal(dataset[i], np.asarray(Image.open(io.BytesIO(encoded(PICTURES[number], "JPEG")))))
    batches = Pipeline(dataset, batch_size=4, crop=4)
    assert all(batches.batch(step)["content"].shape == (4, 4, 4, 3) for step in range(5))
    (entry,) = prepared()
    assert (entry.name, entry.pictures, entry.broken) == ("tfds_pictures_train", 4, 3)
    assert entry.identity == dataset.identity()[:16]
    assert entry.source.startswith(options["data_dir"])
    part = build("tfds", **options, split="train[3:5]")
    assert (part.names(), [one.name for one in part.report.broken]) == (("0",), ["1"])


@pytest.mark.parametrize("already", [False, True], ids=["fresh", "checked before"])
def test_broken_records_of_tfds_fail_when_configured(tmp_path, already):
    options = write_some_broken(tmp_path / "tfds")
    if already:
        build("tfds", **options).prepare()
    refuses("3 of the 7 pictures in .*: 2 .record 2 is.*; 4 .*; 5 .*broken='skip'", "tfds", **options, broken="fail")
    refuses("none of the 2 pictures in .*: 0 .*; 1 ", "tfds", **options, split="train[4:6]")
    assert len(build("tfds", **options, split="train[:2]", broken="fail")) == 2


def test_records_of_tfds_are_checked_again_only_when_their_files_change(tmp_path, monkeypatch):
    options = write_some_broken(tmp_path / "tfds")
    before = build("tfds", **options)
    before.prepare()
    with monkeypatch.context() as patch:
        patch.setattr(Tfds, "examine", None)
        again = build("tfds", **options, broken="skip")
        assert (again.names(), again.identity()) == (before.names(), before.identity())
        assert pickle.loads(pickle.dumps(again)).names() == before.names()
    (file,) = (tmp_path / "tfds").rglob("*.array_record*")
    data = bytearray(file.read_bytes())
    data[1000] ^= 1  # one bit, within the first pictures: array_record has checksums
    file.write_bytes(data)
    worse = build("tfds", **options)
    assert [one.name for one in worse.report.broken][1:] == ["2", "4", "5"]
    assert "hash mismatch" in worse.report.broken[0].reason
    assert all("\n" not in one.reason for one in worse.report.broken)
    assert worse.identity() != before.identity()


def test_the_identity_of_a_whole_tfds_dataset_is_what_it_was(data_dir):
    """That of runs which were started before the records were checked."""
    (file,) = Path(data_dir).rglob("*.array_record*")
    said = json.dumps(["pictures/1.0.0", "train", "image", 7, [[file.name, file.stat().st_size]]])
    assert build("tfds", dataset="pictures", data_dir=data_dir).identity() == hashlib.sha256(said.encode()).hexdigest()


def test_tfds_refuses(data_dir):
    refuses("TFDS has no dataset 'no_such_set'", "tfds", dataset="no_such_set", data_dir=data_dir)
    refuses("no split 'test'. It has: train", "tfds", dataset="pictures", split="test", data_dir=data_dir)
    refuses(
        "no pictures called 'imag'.*Did you mean 'image'.*: image",
        "tfds",
        dataset="pictures",
        image="imag",
        data_dir=data_dir,
    )
    (info,) = Path(data_dir).glob("pictures/*/dataset_info.json")
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    refuses("not in array_record files.*tfds build", "tfds", dataset="pictures", data_dir=data_dir)
    refuses("no pictures called 'name'", "tfds", dataset="pictures", image="name", data_dir=data_dir)


SCRIPT = """
import sys
import numpy as np
import tensorflow_datasets as tfds
from styleresearch.data.datasets import DATASETS
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

dataset = DATASETS.build(dict(name="tfds", dataset="digits_of_a_test", data_dir=sys.argv[1]))
try:
    dataset.prepare()
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed")
def test_tfds_that_needs_tensorflow_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (message,) = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert "No module named 'tensorflow'" in message
    assert message.endswith("pip install 'styleresearch[tfds]'")


def test_no_tensorflow_and_no_jax_to_read(data_dir):
    script = (
        "import sys\n"
        "from styleresearch.data.datasets import DATASETS\n"
        "for spec in (dict(name='tfds', dataset='pictures', data_dir=sys.argv[1]), dict(name='photographs'),\n"
        "             dict(name='painter', count=1, size=8, names=('mosaic',))):\n"
        "    dataset = DATASETS.build(spec)\n"
        "    dataset.prepare(), dataset[0], dataset.identity()\n"
        "    assert not {'tensorflow', 'jax'} & set(sys.modules), spec\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, data_dir], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
