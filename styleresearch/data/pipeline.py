"""Batches for training: a pure function of seed and step, computed ahead by threads or processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import UInt8

from styleresearch.data.framing import Side
from styleresearch.data.pairs import partners
from styleresearch.data.pictures.base import Dataset, PictureSource, Progress
from styleresearch.data.transforms import Example, ResizeMode
from styleresearch.errors import InputError
from styleresearch.options import Between, Seed, checked

Batch = dict[str, UInt8[np.ndarray, "b c c 3"]]
"""``{"content": ...}`` and, where there are styles, ``"style"``: uint8 (b, crop, crop, 3)."""

_AHEAD = 8
"""Batches that threads compute ahead, or each worker process."""


@lru_cache(maxsize=8)
def _permutation(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of an epoch."""
    order = np.random.default_rng(np.random.SeedSequence([seed, epoch])).permutation(count)
    return order.astype(np.uint32)


@dataclass(frozen=True)
class _Order:
    """Numbers of pictures without end: every epoch all of them once, in its own order.

    Not grain's shuffle: it takes 2 ms an example for a dataset of ten pictures (0.03 ms for a thousand), a style
    set's size, and holds the interpreter's lock; and it orders epoch e of seed s as epoch e - 1 of seed s + 1.
    """

    count: int
    seed: int

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: int) -> int:
        epoch, place = divmod(index, self.count)
        return int(_permutation(self.count, self.seed, epoch)[place])


@dataclass(frozen=True)
class _Side:
    """What a stream reads for one key of a batch: the pictures ``numbers[0], numbers[1] ...`` of a dataset."""

    dataset: Dataset
    numbers: Sequence[int]


@dataclass(frozen=True)
class _Cut:
    """Grain's random_map over the numbers of pictures: an example of every side, cut alike."""

    sides: dict[str, _Side]
    example: Example

    def __call__(self, index: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        images = [side.dataset.open(side.numbers[index]) for side in self.sides.values()]
        return dict(zip(self.sides, self.example.alike(images, rng), strict=True))


@dataclass(frozen=True)
class _Rows:
    """The examples of endless streams that are the ``count`` rows from ``first`` on of batches of ``batch_size``."""

    streams: tuple[Any, ...]
    batch_size: int
    first: int
    count: int

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        step, row = divmod(index, self.count)
        examples = (stream[step * self.batch_size + self.first + row] for stream in self.streams)
        return {name: cut for example in examples for name, cut in example.items()}


@checked("data")
@dataclass(frozen=True)
class Pipeline:
    """Batches of training examples, without end: ``batch(step)`` is a pure function of these settings and the step.

    Every epoch shows each picture once, in another order; a batch may reach into the next epoch, and a dataset may be
    smaller than a batch. Content and style run through their own orders, or, paired, through one: row i of a batch then
    holds two pictures of the same name, and the same part of both.

    Attributes:
        content: the content pictures.
        style: the style pictures; ``None`` for batches without.
        paired: whether every content picture has a style picture of its name that belongs to it. Both are brought to
            the shape that the content is brought to.
        batch_size: pictures in a batch.
        crop: side of the examples, in pixels.
        resize: side to which pictures are brought before the crop; ``None`` crops them at their own size.
        resize_mode: which side; see ``ResizeMode``.
        position: where the crop is taken: anywhere, or in the middle.
        flip: whether every other example is mirrored left to right.
        seed: at least 0; decides on order, crops and flips.
        workers: processes that compute ahead; 0 for threads of this one.
        threads: threads in each of these processes.
    """

    content: PictureSource
    style: PictureSource | None = None
    paired: bool = False
    batch_size: Annotated[int, Between(1, 65_536)] = 8
    crop: Side = 256
    resize: Side | None = None
    resize_mode: ResizeMode = "short"
    position: Literal["random", "center"] = "random"
    flip: bool = True
    seed: Seed = 0
    workers: Annotated[int, Between(0, 1024)] = 0
    threads: Annotated[int, Between(1, 1024)] = 4

    def __post_init__(self) -> None:
        if self.paired and self.style is None:
            raise InputError("paired=True: every content picture needs its style picture; name style pictures")
        self._example  # noqa: B018 - it refuses sizes that do not go together

    @property
    def _example(self) -> Example:
        return Example(self.crop, self.resize, self.resize_mode, self.position, self.flip)

    @cached_property
    def datasets(self) -> dict[str, Dataset]:
        """The pictures by number: "content" and, where there are styles, "style"."""
        sources = {"content": self.content, "style": self.style}
        return {key: source.dataset() for key, source in sources.items() if source is not None}

    def prepare(self, progress: Progress | None = None) -> None:
        """Do now the slow work that the first batch would do otherwise: prepare the datasets and pair them.

        Raises:
            InputError: if a dataset cannot be prepared, or a picture of a pair lacks its partner.
        """
        for dataset in self.datasets.values():
            dataset.prepare(progress)
        self._streams  # noqa: B018 - it pairs

    @cached_property
    def _streams(self) -> tuple[Any, ...]:
        sides = {key: _Side(dataset, range(len(dataset))) for key, dataset in self.datasets.items()}
        if self.paired:
            style = self.datasets["style"]
            together = [{**sides, "style": _Side(style, partners(self.datasets["content"], style))}]
        else:
            together = [{key: side} for key, side in sides.items()]
        return tuple(_stream(sides, self._example, self.seed, number) for number, sides in enumerate(together))

    def _batches(self, rows: slice | None) -> Any:
        """Return grain's dataset of the batches (those rows of each), indexed by step."""
        from grain import MapDataset

        first, stop, stride = (rows or slice(None)).indices(self.batch_size)
        if stride != 1 or stop <= first:
            raise InputError(
                f"rows {rows} of batches of {self.batch_size}: give a slice of one or more, without a step"
            )
        source = _Rows(self._streams, self.batch_size, first, stop - first)
        return MapDataset.source(source).batch(stop - first, drop_remainder=True)

    def __getstate__(self) -> dict[str, Any]:
        """Leave grain's objects out."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def batch(self, step: int, rows: slice | None = None) -> Batch:
        """Return the batch of a step (from 0), computed here and now.

        Args:
            step: at least 0.
            rows: only these rows of it, for training in several processes.

        Raises:
            InputError: for a step below 0, or rows that are none or have gaps.
        """
        if step < 0:
            raise InputError(f"step {step}: steps count from 0")
        return self._batches(rows)[step]

    def iterate(self, start: int = 0, rows: slice | None = None) -> Iterator[Batch]:
        """Return an iterator over ``batch(start)``, ``batch(start + 1)`` ..., computed ahead.

        Threads or processes start with the first batch that is asked for; they end when the iterator is closed or
        forgotten, and worker processes also when this one is killed.

        Args:
            start: the first step.
            rows: only these rows of each batch, for training in several processes.

        Raises:
            InputError: for a start below 0, or rows that are none or have gaps.
        """
        if start < 0:
            raise InputError(f"start {start}: steps count from 0")
        return self._iterate(self._batches(rows)[start:])

    def _iterate(self, batches: Any) -> Iterator[Batch]:
        import grain
        from absl import flags

        options = grain.ReadOptions(num_threads=self.threads, prefetch_buffer_size=max(_AHEAD, self.threads))
        dataset = batches.to_iter_dataset(options)
        if self.workers:
            if not flags.FLAGS.is_parsed():  # grain reads its flags, which only programs made with absl have parsed
                flags.FLAGS.mark_as_parsed()
            many = grain.MultiprocessingOptions(num_workers=self.workers, per_worker_buffer_size=_AHEAD)
            dataset = dataset.mp_prefetch(many, worker_init_fn=_follow_parent)
        iterator = iter(dataset)
        try:
            yield from iterator
        finally:
            iterator.close()


def _stream(sides: dict[str, _Side], example: Example, seed: int, number: int) -> Any:
    """Return grain's endless dataset of the examples of datasets that run through one order."""
    from grain import MapDataset

    order, cuts = (int(one) for one in np.random.SeedSequence([seed, number]).generate_state(2, np.uint32))
    count = len(next(iter(sides.values())).numbers)
    return MapDataset.source(_Order(count, order)).random_map(_Cut(sides, example), seed=cuts)


def _follow_parent(_number: int, _count: int) -> None:
    """In a worker process: end when the parent does, however it does, and leave the interrupt key to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, name="follow-parent", daemon=True).start()
