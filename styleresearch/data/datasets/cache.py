"""The cache of prepared datasets: one folder each, which appears whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from styleresearch.cachedir import cachedir
from styleresearch.errors import InputError

_STALE_SECONDS = 24 * 3600


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
    """Give a folder to fill, which becomes ``final`` when the block ends well and goes when it does not.

    A process that is killed leaves a hidden folder, which is removed a day later. Of two that prepare the same, the
    first to finish wins and the other's work, equal to it, is dropped.
    """
    with guarded():
        final.parent.mkdir(parents=True, exist_ok=True)
        for stale in final.parent.glob(".*.partial"):
            if time.time() - stale.lstat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(stale, ignore_errors=True)
        partial = final.parent / f".{final.name}.{os.getpid()}.{secrets.token_hex(4)}.partial"
        partial.mkdir()
    try:
        yield partial
        with guarded():
            try:
                partial.rename(final)
            except OSError:
                if not final.is_dir():
                    raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """Write a file of the cache: beside its place, then renamed."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.partial")
    with guarded():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
