"""A folder of pictures as a dataset: prepared once, as a TFDS dataset in the cache, and named by what is in it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from styleresearch.data.datasets import cache
from styleresearch.data.datasets.base import DATASETS, Dataset, Progress, checked
from styleresearch.data.datasets.manifest import digest_of, list_pictures, manifest, selected
from styleresearch.data.datasets.normalise import decoder, normalise
from styleresearch.data.images import MAX_SIDE, READ_SUFFIXES
from styleresearch.errors import InputError

# Part of every identity: a new number where preparation makes other pictures of the same files.
_FORMAT = "styleresearch folder 1"
_THREADS = 4
REPORT = "report.json"


@dataclass(frozen=True)
class Broken:
    """A file that looks like a picture and cannot be read.

    Attributes:
        name: path relative to the folder.
        reason: why.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What preparation found; kept beside the prepared data.

    Attributes:
        folder: the folder of the pictures, as it was given.
        identity: sha256 of the manifest.
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
        read = json.loads((path / REPORT).read_bytes())
        return Report(
            **read | {"names": tuple(read["names"]), "broken": tuple(Broken(**one) for one in read["broken"])}
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path / REPORT} is damaged ({error}): delete the folder {path}, it is made again") from error


@dataclass(frozen=True)
class Folder(Dataset):
    """The pictures of a folder, read from the cache where they were prepared.

    Attributes:
        path: the folder.
        files: relative names of the pictures in it that were chosen.
        others: number of files in it that are no pictures.
        broken: whether broken pictures are left out or are an error.
        size: longest short side in pixels at which they are kept; ``None`` for their own.
    """

    path: Path
    files: tuple[str, ...] = field(repr=False)
    others: int
    broken: Literal["skip", "fail"]
    size: int | None

    def prepare(self, progress: Progress | None = None) -> None:
        """Check the files' digests and, if they are not in the cache yet, convert the pictures and write them there.

        Raises:
            InputError: if none of the pictures can be read, or one cannot and ``broken`` is "fail"; it names them all.
        """
        if "prepared" in vars(self):
            return
        files = manifest(self.path, self.files, progress)
        identity = digest_of(files, f"{_FORMAT} size={self.size}")
        final = cache.folder() / f"{_stem(self.path)}-{identity[:16]}"
        if not final.is_dir():
            self._write(final, identity, progress)
        report = read_report(final)
        if self.broken == "fail" and report.broken:
            raise InputError(
                f"{len(report.broken)} of the {len(files)} pictures in {self.path} cannot be read: "
                f"{_listing(report.broken)}. Mend them, exclude them, or set broken='skip'"
            )
        vars(self)["prepared"] = (final, report)  # frozen for others; the same as cached_property does

    @cached_property
    def prepared(self) -> tuple[Path, Report]:
        """Where the prepared pictures are, and what preparation found."""
        self.prepare()
        return vars(self)["prepared"]

    @property
    def report(self) -> Report:
        """What preparation found."""
        return self.prepared[1]

    def _write(self, final: Path, identity: str, progress: Progress | None) -> None:
        from styleresearch.data.datasets import builder

        names: list[str] = []
        broken: list[Broken] = []
        converted = 0

        def examples() -> Iterator[tuple[bytes, str]]:
            nonlocal converted
            for i, (name, result) in enumerate(self._normalised()):
                if progress is not None:
                    progress("preparing", i + 1, len(self.files))
                if isinstance(result, InputError):
                    broken.append(Broken(name, str(result)))
                    continue
                data, changed = result
                converted += changed
                names.append(name)
                yield data, name

        with cache.new_folder(final) as partial:
            try:
                builder.write(partial, examples)
            except AssertionError:
                if names:
                    raise
                raise InputError(
                    f"none of the {len(self.files)} pictures in {self.path} can be read: {_listing(broken)}"
                ) from None
            report = Report(str(self.path), identity, tuple(names), converted, self.others, tuple(broken))
            (partial / REPORT).write_text(json.dumps(asdict(report), indent=1), encoding="ascii")

    def _normalised(self) -> Iterator[tuple[str, tuple[bytes, bool] | InputError]]:
        """Yield (name, result of ``normalise`` or its error) of each file, in order, some decoded ahead."""

        def convert(name: str) -> tuple[bytes, bool] | InputError:
            try:
                return normalise(self.path / name, self.size)
            except InputError as error:
                return error

        with ThreadPoolExecutor(_THREADS) as pool:
            ahead: deque = deque()
            for name in self.files:
                ahead.append((name, pool.submit(convert, name)))
                if len(ahead) > 2 * _THREADS:
                    first, future = ahead.popleft()
                    yield first, future.result()
            for name, future in ahead:
                yield name, future.result()

    @cached_property
    def _records(self) -> Any:
        from styleresearch.data.datasets import builder

        return builder.read(self.prepared[0])

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open files out: another process opens them itself."""
        return {key: value for key, value in vars(self).items() if key != "_records"}

    def __len__(self) -> int:
        return len(self.report.names)

    def __getitem__(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture; see ``Dataset``."""
        return np.array(self.open(index))

    def open(self, index: int) -> Image.Image:
        """Return one picture, not decoded yet; see ``Dataset``."""
        return decoder(self._records[checked(index, len(self))]["image"])

    def name(self, index: int) -> str:
        """Return its path relative to the folder."""
        return self.report.names[checked(index, len(self))]

    def identity(self) -> str:
        """Return the digest of the manifest: names, sizes and contents of the files, and how they were prepared."""
        return self.report.identity


def _stem(path: Path) -> str:
    """Return a folder's name with nothing in it but what every file system takes."""
    name = path.resolve().name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:40] or "folder"


def _listing(broken: Sequence[Broken]) -> str:
    return "; ".join(f"{one.name} ({one.reason})" for one in broken)


@DATASETS.register("folder")
def folder(
    path: str | Path,
    exclude: str | Path | Sequence[str] | None = None,
    include: str | Path | Sequence[str] | None = None,
    broken: Literal["skip", "fail"] = "skip",
    recursive: bool = True,
    size: int | None = None,
) -> Dataset:
    """The pictures in a folder, prepared at first use: written once to the cache and read from there.

    Preparation decodes each picture once, so that a broken one shows now and not in the middle of a training run, and
    makes what is not plain 8-bit RGB so (rotated by EXIF, CMYK, grey, palette, 16-bit, transparent, animated).

    Args:
        path: the folder.
        exclude: pictures to leave out: a text file with one file name a line, or a list of names.
        include: pictures to take, given in the same way; ``None`` for all.
        broken: what becomes of pictures that cannot be read: "skip" leaves them out, "fail" is an error naming them.
        recursive: whether to look in subfolders too.
        size: shrink larger pictures to this short side, in pixels, when preparing; reading is faster then.

    Raises:
        InputError: if there is no such folder, or no picture in it is left.
    """
    root = Path(path).expanduser()
    if size is not None and not 1 <= size <= MAX_SIDE:
        raise InputError(f"the dataset 'folder' takes a size of 1 to {MAX_SIDE} pixels, not {size}")
    names, others = list_pictures(root, recursive)
    if not names:
        raise InputError(
            f"the folder {root} holds no pictures ({others} other files). Endings that are read: "
            f"{', '.join(READ_SUFFIXES)}"
        )
    chosen = selected(names, include, exclude)
    if not chosen:
        raise InputError(f"of the {len(names)} pictures in {root}, include and exclude leave none: change the lists")
    return Folder(root, chosen, others, broken, size)
