"""The cache of what is known of pictures and of what was made of them; files appear whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from styleresearch.errors import InputError
from styleresearch.store import atomic, oserrors
from styleresearch.store.cachedir import cachedir


def folder() -> Path:
    """Return its folder."""
    return cachedir("pictures")


def sweep() -> None:
    """Remove what killed processes left in the cache, as far as this user may."""
    for part in (folder(), *folder().glob("*/")):
        with suppress(OSError):
            atomic.sweep(part)


def write(path: Path, data: bytes) -> None:
    """Write a file of the cache as ``atomic.write`` does.

    Raises:
        InputError: if that fails; it says what to do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
    except OSError as error:
        todo = oserrors.remedy(error, "name another folder in $STYLERESEARCH_CACHE")
        raise InputError(f"the cache {folder()} cannot be written: {error.strerror or error}; {todo}") from error
