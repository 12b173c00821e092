"""The cache of prepared datasets: one folder each, which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from styleresearch.errors import InputError
from styleresearch.store import atomic
from styleresearch.store.cachedir import cachedir


def folder() -> Path:
    """Return the folder of the datasets."""
    return cachedir("datasets")


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a failure to write the cache into an InputError that says what to do."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"the cache {folder()} cannot be written: {error}. Name another folder in $STYLERESEARCH_CACHE"
        ) from error


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give a folder to fill, as ``atomic.new_folder``; what killed processes left beside it goes first."""
    with ExitStack() as stack:
        with guarded():
            final.parent.mkdir(parents=True, exist_ok=True)
            atomic.sweep(final.parent)
            partial = stack.enter_context(atomic.new_folder(final))
        yield partial


def write(path: Path, data: bytes) -> None:
    """Write a file of the cache as ``atomic.write`` does."""
    with guarded():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
