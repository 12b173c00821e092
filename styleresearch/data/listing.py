"""Which files of a folder are pictures: one rule for what is trained on, compared and measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from styleresearch.data.images import READ_SUFFIXES
from styleresearch.errors import InputError

PASSED_OVER = ("@eaDir", "@Recycle", "#recycle", "$RECYCLE.BIN", "__MACOSX")
"""Folders that network drives, Windows and macOS make for thumbnails and for what was deleted."""


def list_pictures(root: Path, recursive: bool = False) -> tuple[tuple[str, ...], int]:
    """Return the sorted relative names (with "/") of the pictures in a folder, and how many other files there are.

    A picture is what has an ending of ``READ_SUFFIXES`` and is no folder. That includes a link to nowhere and a file
    that may not be read: these are broken pictures, which are said to be so, and not none. Hidden files are other ones.

    Args:
        root: the folder.
        recursive: whether to look into subfolders too, but for hidden ones and those of ``PASSED_OVER``. Where links
            lead to a folder that was looked into already, its pictures do not count twice.

    Raises:
        InputError: if a folder cannot be listed.
    """
    found, others = [], 0
    try:
        for folder, names in _folders(root, recursive):
            for name in names:
                if Path(name).suffix.lower() in READ_SUFFIXES and not name.startswith("."):
                    found.append(Path(folder, name).relative_to(root).as_posix())
                else:
                    others += 1
    except (OSError, ValueError) as error:  # ValueError: a NUL in its name
        where = getattr(error, "filename", None) or str(root)
        raise InputError(
            f"cannot list the folder {where!r}: {getattr(error, 'strerror', None) or error}. Give a folder of pictures"
        ) from error
    return tuple(sorted(found)), others


def _folders(root: Path, recursive: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield ``root`` and, recursively, every folder below it, once each, with the names of the files in it.

    What links lead to comes last, so that a picture is called after the place where it lies.
    """
    links, seen = [str(root)], set()
    for link in links:
        for folder, inside, files in _walk(Path(link)):
            real = os.path.realpath(folder)
            if real in seen:
                inside.clear()
                continue
            seen.add(real)
            looked_into = (each for each in inside if not each.startswith(".") and each not in PASSED_OVER)
            inside[:] = sorted(looked_into) if recursive else []
            links += [str(path) for each in inside if (path := Path(folder, each)).is_symlink()]
            yield folder, files


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    def fail(error: OSError) -> None:
        raise error

    return os.walk(root, onerror=fail)
