"""Batches depend on seed and step alone, however they are computed."""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageChops

from styleresearch.data.pictures import SOURCES, Dataset
from styleresearch.data.pictures.derived import Derived
from styleresearch.data.pipeline import Pipeline
from styleresearch.errors import InputError


class Numbered(Dataset):
    """Pictures of one value each: their number."""

    def __init__(self, count, side=8):
        self.count, self.side = count, side

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return np.full((self.side, self.side + 2, 3), index, np.uint8)

    def name(self, index):
        return str(index)

    def identity(self):
        return f"{self.count}"


class Ramps(Dataset):
    """Pictures that grow brighter from corner to corner, all the same: 12 x 20 pixels, times ``scale``."""

    def __init__(self, scale):
        self.scale = scale

    def __len__(self):
        return 3

    def __getitem__(self, index):
        y, x = ((np.arange(side * self.scale) + 0.5) / self.scale for side in (12, 20))
        return np.repeat(np.rint(4 * y[:, None] + 8 * x)[..., None], 3, axis=2).astype(np.uint8)

    def name(self, index):
        return str(index)

    def identity(self):
        return str(self.scale)


@dataclass(frozen=True)
class Negative(Derived):
    """The negatives of a dataset's pictures."""

    def derive(self, image):
        return ImageChops.invert(image)


PHOTOGRAPHS = SOURCES.build({"name": "photographs", "names": ("coffee", "cat", "rocket")})


def numbers(pipeline, start, steps, key="content"):
    """The numbers of the pictures in these batches, one after the other."""
    return np.concatenate([pipeline.batch(step)[key][:, 0, 0, 0] for step in range(start, start + steps)]).tolist()


def equal(one, other):
    assert one.keys() == other.keys()
    for key in one:
        assert one[key].dtype == other[key].dtype == np.uint8
        np.testing.assert_array_equal(one[key], other[key])


def test_shapes():
    both = Pipeline(Numbered(5), Numbered(3), batch_size=4, crop=6).batch(0)
    assert {key: (value.shape, value.dtype) for key, value in both.items()} == {
        "content": ((4, 6, 6, 3), np.uint8),
        "style": ((4, 6, 6, 3), np.uint8),
    }
    assert list(Pipeline(Numbered(5), batch_size=4, crop=6).batch(0)) == ["content"]


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (10, 4), (3, 4), (1, 5), (255, 8)])
def test_every_picture_comes_once_in_every_epoch(count, batch_size):
    pipeline = Pipeline(Numbered(count), Numbered(7), batch_size=batch_size, crop=4)
    seen = numbers(pipeline, 0, -(-3 * count // batch_size))
    epochs = [seen[i * count : (i + 1) * count] for i in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(count))
    if count >= 10:
        assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
        assert list(range(count)) not in epochs


def test_content_and_style_have_orders_of_their_own():
    """Also not the same an epoch apart, which seeds that follow each other would give."""
    pipeline = Pipeline(Numbered(20), Numbered(20), batch_size=20, crop=4)
    content, style = ([tuple(numbers(pipeline, i, 1, key)) for i in range(4)] for key in ("content", "style"))
    assert len(set(content + style)) == 8
    other = Pipeline(Numbered(20), Numbered(20), batch_size=20, crop=4, seed=1)
    again = [tuple(numbers(other, i, 1, key)) for i in range(4) for key in ("content", "style")]
    assert not set(again) & set(content + style)


def test_a_picture_is_cut_elsewhere_in_every_epoch():
    pipeline = Pipeline(PHOTOGRAPHS, batch_size=3, crop=32, seed=5)
    cuts = {pipeline.batch(step)["content"][row].tobytes() for step in range(4) for row in range(3)}
    assert len(cuts) == 12


def test_batch_is_a_pure_function_of_seed_and_step():
    pipeline = Pipeline(PHOTOGRAPHS, PHOTOGRAPHS, batch_size=2, crop=16, resize=24)
    far = pipeline.batch(10**9)
    equal(Pipeline(PHOTOGRAPHS, PHOTOGRAPHS, batch_size=2, crop=16, resize=24).batch(10**9), far)
    pipeline.batch(3)
    equal(pipeline.batch(10**9), far)
    equal(pickle.loads(pickle.dumps(pipeline)).batch(10**9), far)
    assert (Pipeline(PHOTOGRAPHS, batch_size=2, crop=16, resize=24, seed=1).batch(3)["content"] != far["content"]).any()
    # The style does not change what content there is.
    np.testing.assert_array_equal(
        Pipeline(PHOTOGRAPHS, batch_size=2, crop=16, resize=24).batch(10**9)["content"], far["content"]
    )


@pytest.mark.parametrize("start", [0, 5, 1_000_003])
@pytest.mark.parametrize("threads", [1, 4])
def test_iterate_gives_the_batches_from_start_on(start, threads):
    pipeline = Pipeline(PHOTOGRAPHS, Numbered(5, 30), batch_size=4, crop=24, resize=28, threads=threads)
    for step, batch in enumerate(islice(pipeline.iterate(start), 12), start):
        equal(batch, pipeline.batch(step))


@pytest.mark.parametrize("rows", [slice(0, 2), slice(2, 4), slice(3, None), slice(1, 4)])
def test_rows(rows):
    pipeline = Pipeline(PHOTOGRAPHS, Numbered(5, 30), batch_size=4, crop=24, resize=28)
    for step, batch in enumerate(islice(pipeline.iterate(7, rows), 3), 7):
        equal(batch, {key: value[rows] for key, value in pipeline.batch(step).items()})
        equal(batch, pipeline.batch(step, rows))


PAIRED = Pipeline(PHOTOGRAPHS, Negative(PHOTOGRAPHS), paired=True, batch_size=4, crop=24, resize=28, seed=3)


def test_pairs_stay_together():
    """The negative of every example, whichever picture it is, wherever it was cut and whether it was mirrored."""
    seen = set()
    for step in (0, 1, 2, 10**9):
        batch = PAIRED.batch(step)
        assert np.abs(batch["style"] - (255.0 - batch["content"])).max() <= 1  # two roundings
        seen |= {cut.tobytes() for cut in batch["content"]}
    assert len(seen) > 12
    # The content is what it would be without styles.
    alone = Pipeline(PHOTOGRAPHS, batch_size=4, crop=24, resize=28, seed=3)
    np.testing.assert_array_equal(alone.batch(7)["content"], PAIRED.batch(7)["content"])


def test_batches_of_pairs_are_pure_too():
    far = PAIRED.batch(10**9)
    equal(pickle.loads(pickle.dumps(PAIRED)).batch(10**9), far)
    for step, batch in enumerate(islice(PAIRED.iterate(1_000_003), 5), 1_000_003):
        equal(batch, PAIRED.batch(step))
    for rows in (slice(0, 2), slice(3, None)):
        equal(next(PAIRED.iterate(7, rows)), {key: value[rows] for key, value in PAIRED.batch(7).items()})
        equal(PAIRED.batch(7, rows), {key: value[rows] for key, value in PAIRED.batch(7).items()})


@pytest.mark.parametrize("options", [{}, {"resize": 12}, {"resize": 12, "resize_mode": "squash"}], ids=str)
def test_pairs_of_two_sizes_show_the_same_part(options):
    """Of ramps, twice as large in the style: the mean of every example says where it was cut."""
    pipeline = Pipeline(Ramps(1), Ramps(2), paired=True, batch_size=8, crop=10, **options)
    for step in range(4):
        batch = pipeline.batch(step)
        difference = batch["content"].astype(int) - batch["style"]
        assert np.abs(difference).max() <= 3  # at the ends of the picture, where the filter has less to read
        assert np.abs(difference.mean()) <= 0.5


def test_pairs_have_one_name_in_any_order_with_any_ending():
    content, style = Numbered(3), Numbered(3)
    content.name = ("a.jpg", "sub/b.jpg", "a.k.jpg").__getitem__
    style.name = ("a.k.png", "a.png", "sub/b.png").__getitem__
    pipeline = Pipeline(content, style, paired=True, batch_size=3, crop=4)
    contents, styles = numbers(pipeline, 0, 4), numbers(pipeline, 0, 4, "style")
    assert styles == [(1, 2, 0)[number] for number in contents]


def test_a_pair_has_one_name_whatever_the_ending_and_the_unicode_form():
    content, style = Numbered(2), Numbered(2)
    content.name = ("caf\u00e9.png", "img.0.v1").__getitem__
    style.name = ("img.0.v1.bmp", "cafe\u0301.JPG").__getitem__
    pipeline = Pipeline(content, style, paired=True, batch_size=2, crop=4)
    pairs = zip(numbers(pipeline, 0, 2), numbers(pipeline, 0, 2, "style"), strict=True)
    assert set(pairs) == {(0, 1), (1, 0)}


def test_what_is_no_pair_is_named():
    with pytest.raises(InputError, match="paired=True: every content picture needs its style picture"):
        Pipeline(Numbered(3), paired=True)
    pipeline = Pipeline(Numbered(9), Numbered(2), paired=True, crop=4)
    for call in (pipeline.prepare, lambda: pipeline.batch(0), lambda: next(pipeline.iterate())):
        with pytest.raises(
            InputError, match=r"7 content pictures have no style picture: 2, 3, 4, 5, 6, \.\.\.\. A pair"
        ):
            call()
    other = Numbered(2)
    other.name = ("0.png", "x.png").__getitem__
    with pytest.raises(InputError, match=r"1 content .* style picture: 1; 1 style .* content picture: x\. A pair has"):
        Pipeline(Numbered(2), other, paired=True, crop=4).prepare()
    other.name = ("0.png", "0.jpg").__getitem__
    with pytest.raises(InputError, match=r"two style pictures are called '0'.*: 0\.png and 0\.jpg"):
        Pipeline(Numbered(2), other, paired=True, crop=4).prepare()


def test_preparing():
    told = []
    painter = SOURCES.build({"name": "painter", "names": ("mosaic",), "count": 2, "size": 16})
    Pipeline(painter, Negative(painter), paired=True, crop=8).prepare(lambda *event: told.append(event))
    assert told == [("painting", 1, 2), ("painting", 2, 2)] * 2


def workers_of(process):
    """Ids of the processes that grain started under ``process``, from Linux's process table."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def gone(processes, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(Path(f"/proc/{process}").exists() and not zombie(process) for process in processes):
            return True
        time.sleep(0.05)
    return False


def zombie(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's process table")


@linux
def test_worker_processes_give_the_same_and_end_with_the_iterator():
    pipeline = Pipeline(PHOTOGRAPHS, PHOTOGRAPHS, batch_size=3, crop=24, resize=28, workers=2, threads=2)
    batches = pipeline.iterate(100)
    for step in range(100, 107):
        equal(next(batches), pipeline.batch(step))
    workers = workers_of(os.getpid())
    assert len(workers) == 2
    batches.close()
    assert gone(workers)


def test_threads_end_with_the_iterator():
    before = threading.active_count()
    batches = Pipeline(PHOTOGRAPHS, batch_size=3, crop=24).iterate()
    next(batches)
    assert threading.active_count() > before
    del batches
    gc.collect()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() == before


KILLED = """
import sys, time
import numpy as np
from styleresearch.data.pictures import SOURCES, Dataset
from styleresearch.data.pipeline import Pipeline

class Backends(Dataset):
    '''Pictures that say how many backends jax has started in the process that makes them, and whether there is TF.'''
    def __len__(self):
        return 4
    def __getitem__(self, index):
        import sys
        bridge = sys.modules.get("jax._src.xla_bridge")
        value = len(bridge._backends) if bridge else 0
        return np.full((8, 8, 3), 100 * ("tensorflow" in sys.modules) + value, np.uint8)
    def name(self, index):
        return str(index)
    def identity(self):
        return ""

if __name__ == "__main__":
    batches = Pipeline(Backends(), batch_size=2, crop=8, workers=1).iterate()
    print(next(batches)["content"].max(), flush=True)
    time.sleep(60)
"""


@linux
def test_worker_processes_start_no_backend_and_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "training.py"
    script.write_text(KILLED)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "0\n"
    workers = workers_of(process.pid)
    assert len(workers) == 1
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert gone(workers)


def test_an_error_in_a_picture_reaches_the_caller():
    class Failing(Numbered):
        def __getitem__(self, index):
            raise InputError("picture 3 is gone")

    pipeline = Pipeline(Failing(4), batch_size=2, crop=8)
    with pytest.raises(InputError, match="picture 3 is gone"):
        pipeline.batch(0)
    with pytest.raises(InputError, match="picture 3 is gone"):
        next(pipeline.iterate())


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"batch_size": 0}, "batch_size = 0 is not from"),
        ({"seed": -1}, "seed = -1 is not from"),
        ({"workers": -1}, "workers = -1 is not from"),
        ({"threads": 0}, "threads = 0 is not from"),
        ({"crop": 64, "resize": 32}, "smaller than crop"),
    ],
)
def test_refused(options, match):
    with pytest.raises(InputError, match=match):
        Pipeline(Numbered(3), **options)


def test_refused_when_asked():
    pipeline = Pipeline(Numbered(3), batch_size=4, crop=4)
    with pytest.raises(InputError, match="step -1"):
        pipeline.batch(-1)
    with pytest.raises(InputError, match="start -1"):
        pipeline.iterate(-1)
    for rows in (slice(2, 2), slice(0, 4, 2), slice(9, 12)):
        with pytest.raises(InputError, match="rows"):
            pipeline.iterate(0, rows)


def test_importing_it_imports_no_grain():
    code = (
        "import sys, styleresearch.data.pipeline; assert not {'grain', 'jax', 'tensorflow_datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)
