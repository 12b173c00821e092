"""The cache of prepared datasets: one folder each, which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from styleresearch.errors import InputError
from styleresearch.store import atomic, oserrors
from styleresearch.store.cachedir import cachedir


def folder() -> Path:
    """Return the folder of the datasets."""
    return cachedir("datasets")


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a failure to write the cache, by whomever, into an InputError that says what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if (said := oserrors.behind(error)) is None:
            raise
        todo = oserrors.remedy(said, "name another folder in $STYLERESEARCH_CACHE")
        raise InputError(f"the cache {folder()} cannot be written: {said.strerror or said}; {todo}") from error


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give a folder to fill, as ``atomic.new_folder``; to fill it may fail as ``guarded`` says."""
    with guarded():
        final.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_folder(final) as partial:
            yield partial


def sweep() -> None:
    """Remove what killed processes left in the cache, as far as this user may."""
    for part in (folder(), *folder().glob("*/")):
        with suppress(OSError):
            atomic.sweep(part)


def write(path: Path, data: bytes) -> None:
    """Write a file of the cache as ``atomic.write`` does."""
    with guarded():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
