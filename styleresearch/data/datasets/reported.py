"""Datasets whose pictures are all read once before the first is used, and the report of what was found."""

from __future__ import annotations

import abc
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from styleresearch.data.datasets import cache
from styleresearch.data.datasets.base import Dataset, Progress, checked
from styleresearch.errors import InputError
from styleresearch.store import jsonfile

T = TypeVar("T")

REPORT = "report.json"
_SHAPE = {"folder": str, "identity": str, "names": list, "converted": int, "others": int, "broken": list}
_THREADS = 4
_SHOWN = 5


@dataclass(frozen=True)
class Broken:
    """A picture that is there and cannot be read.

    Attributes:
        name: what the dataset would call it.
        reason: why.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What preparation found; kept in the cache.

    Attributes:
        folder: the folder that the pictures are from.
        identity: of the dataset.
        names: the pictures that are in the dataset, in order.
        converted: number of them that were converted; the others keep their bytes.
        others: number of files in the folder that are no pictures, and were passed over.
        broken: the pictures that could not be read.
    """

    folder: str
    identity: str
    names: tuple[str, ...]
    converted: int
    others: int
    broken: tuple[Broken, ...]


def read_report(path: Path) -> Report:
    """Return the report in a folder of the cache.

    Raises:
        InputError: if it is damaged.
    """
    try:
        read = jsonfile.read(path / REPORT, names=True)
        if not jsonfile.conforms(read, _SHAPE) or not all(isinstance(name, str) for name in read["names"]):
            raise ValueError("it is no report of a preparation")
        broken = tuple(Broken(**one) for one in read["broken"])
        return Report(**read | {"names": tuple(read["names"]), "broken": broken})
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path / REPORT} is damaged ({error}): delete the folder {path}, it is made again") from error


class Reported(Dataset):
    """A dataset that reads all its pictures when it is prepared: a broken one shows then, not at step 8,000.

    Attributes:
        broken: whether broken pictures are left out or are an error.
    """

    broken: Literal["skip", "fail"]

    @abc.abstractmethod
    def key(self, progress: Progress | None) -> tuple[str, str]:
        """Return what the folder of the report is called, and a sha256 of all that the report depends on."""

    @abc.abstractmethod
    def examine(self, folder: Path, digest: str, progress: Progress | None) -> Report:
        """Read every picture, write to ``folder`` what is worth keeping of them, and return what was found.

        Args:
            folder: in the cache; empty.
            digest: that of ``key``.
            progress: told of it.
        """

    def prepare(self, progress: Progress | None = None) -> None:
        """Read all pictures, unless the cache has the report of these.

        Raises:
            InputError: if none of the pictures can be read, or one cannot and ``broken`` is "fail"; it names them all.
        """
        if "prepared" in vars(self):
            return
        cache.sweep()
        name, digest = self.key(progress)
        final = cache.folder() / f"{_plain(name)}-{digest[:16]}"
        if not final.is_dir():
            with cache.new_folder(final) as partial:
                report = self.examine(partial, digest, progress)
                if not report.names:
                    raise InputError(
                        f"none of the {len(report.broken)} pictures in {report.folder} can be read: "
                        f"{_listing(report.broken[:_SHOWN])}{'; ...' if len(report.broken) > _SHOWN else ''}"
                    )
                (partial / REPORT).write_text(json.dumps(asdict(report), indent=1), encoding="ascii")
        report = read_report(final)
        if self.broken == "fail" and report.broken:
            raise InputError(
                f"{len(report.broken)} of the {len(report.names) + len(report.broken)} pictures in {report.folder} "
                f"cannot be read: {_listing(report.broken)}. Mend them, leave them out, or set broken='skip'"
            )
        vars(self)["prepared"] = (final, report)  # frozen for others; the same as cached_property does

    @cached_property
    def prepared(self) -> tuple[Path, Report]:
        """The folder of the cache, and what preparation found."""
        self.prepare()
        return vars(self)["prepared"]

    @property
    def report(self) -> Report:
        """What preparation found."""
        return self.prepared[1]

    def __len__(self) -> int:
        return len(self.report.names)

    def name(self, index: int) -> str:
        """Return its name in the report."""
        return self.report.names[checked(index, len(self))]

    def identity(self) -> str:
        """Return the identity in the report."""
        return self.report.identity


def readable(
    what: str, read: Callable[[str], T], names: Sequence[str], broken: list[Broken], progress: Progress | None
) -> Iterator[tuple[str, T]]:
    """Yield (name, what ``read`` returns for it) in order, some read ahead by threads.

    Args:
        what: what is being done, for ``progress``.
        read: raises InputError for a picture that cannot be read.
        names: of the pictures.
        broken: those that cannot be read are added to it instead.
        progress: told of every picture.
    """
    for i, (name, future) in enumerate(_ahead(read, names)):
        if progress is not None:
            progress(what, i + 1, len(names))
        try:
            result = future.result()
        except InputError as error:
            broken.append(Broken(name, str(error)))
            continue
        yield name, result


def _ahead(read: Callable[[str], T], names: Iterable[str]) -> Iterator[tuple[str, Future[T]]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead: deque[tuple[str, Future[T]]] = deque()
        for name in names:
            ahead.append((name, pool.submit(read, name)))
            if len(ahead) > 2 * _THREADS:
                yield ahead.popleft()
        yield from ahead


def _plain(name: str) -> str:
    """Return a name with nothing in it but what every file system takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:40] or "folder"


def _listing(broken: Iterable[Broken]) -> str:
    return "; ".join(f"{one.name} ({one.reason})" for one in broken)
