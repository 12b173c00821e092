"""Datasets whose pictures are all read once before the first is used: a broken one shows then, not at step 8,000."""

from __future__ import annotations

import abc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from styleresearch.data.pictures import cache
from styleresearch.data.pictures.base import Dataset, Progress, checked
from styleresearch.errors import InputError

T = TypeVar("T")

Broken = Literal["skip", "fail"]
"""What becomes of pictures that cannot be read: they are left out, or are an error that names them."""
_THREADS = 4
_SHOWN = 5


@dataclass(frozen=True)
class Found:
    """What reading all pictures of a dataset has shown.

    Attributes:
        place: where the pictures are, for messages.
        identity: of the dataset.
        names: the pictures that can be read, in order.
        broken: name -> why, of those that cannot be read.
        record: the file of the cache that says so.
    """

    place: str
    identity: str
    names: tuple[str, ...]
    broken: Mapping[str, str]
    record: Path


class Checked(Dataset):
    """A dataset that knows before it is used which of its pictures can be read.

    Attributes:
        broken: what becomes of the others.
    """

    broken: Broken

    @abc.abstractmethod
    def look(self, progress: Progress | None) -> Found:
        """Read the pictures of which the cache does not know yet whether they can be read, and return what was found.

        Raises:
            InputError: if there are none, or the cache cannot be written.
        """

    def prepare(self, progress: Progress | None = None) -> None:
        """Read the pictures that were not read before; see ``look``.

        Raises:
            InputError: if none of the pictures can be read, or one cannot and ``broken`` is "fail"; it names them all.
        """
        if "found" in vars(self):
            return
        cache.sweep()
        found = self.look(progress)
        count = len(found.names) + len(found.broken)
        if not found.names:
            first = dict(list(found.broken.items())[:_SHOWN])
            raise InputError(
                f"none of the {count} pictures in {found.place} can be read: {_listing(first)}"
                f"{'; ...' if count > _SHOWN else ''}"
            )
        if self.broken == "fail" and found.broken:
            raise InputError(
                f"{len(found.broken)} of the {count} pictures in {found.place} cannot be read: "
                f"{_listing(found.broken)}. Mend them, leave them out, or set broken='skip'"
            )
        vars(self)["found"] = found  # frozen for others; the same as cached_property does

    @cached_property
    def found(self) -> Found:
        """What reading all pictures has shown."""
        self.prepare()
        return vars(self)["found"]

    def notes(self) -> list[str]:
        """Return which pictures are broken, and where that is kept; see ``Dataset``."""
        left_out = [f"left out: {name}: {why}" for name, why in self.found.broken.items()]
        return [self.summary(), *left_out, f"record: {self.found.record}"]

    def summary(self) -> str:
        """Return in a line what was found."""
        return f"{len(self.found.broken)} could not be read"

    def __len__(self) -> int:
        return len(self.found.names)

    def name(self, index: int) -> str:
        """Return its name; see ``Dataset``."""
        return self.found.names[checked(index, len(self))]

    def names(self) -> tuple[str, ...]:
        """Return the names of the pictures that can be read."""
        return self.found.names

    def identity(self) -> str:
        """Return the identity that was found."""
        return self.found.identity


def ahead(
    what: str, read: Callable[[T], object], items: Sequence[T], progress: Progress | None
) -> Iterator[tuple[T, Future]]:
    """Yield (item, future of what ``read`` returns for it) in order, some read ahead by threads.

    Args:
        what: what is being done, for ``progress``.
        read: is called in another thread.
        items: one for each picture.
        progress: told of every picture.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[tuple[T, Future]] = deque()

        def done() -> Iterator[tuple[T, Future]]:
            nonlocal count
            count += 1
            if progress is not None:
                progress(what, count, len(items))
            yield waiting.popleft()

        count = 0
        for item in items:
            waiting.append((item, pool.submit(read, item)))
            if len(waiting) > 2 * _THREADS:
                yield from done()
        while waiting:
            yield from done()


def _listing(broken: Mapping[str, str]) -> str:
    return "; ".join(f"{name} ({why})" for name, why in broken.items())


def plain(name: str) -> str:
    """Return a name with nothing in it but what every file system takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:40] or "folder"
