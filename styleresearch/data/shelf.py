"""Which picture of a folder a name means."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath

from styleresearch.data.names import canonical
from styleresearch.data.titles import without_ending
from styleresearch.registry import nearest

_MANY = 5000
"""Pictures from which looking for a similar name would take longer than reading the list."""


class Shelf:
    """Pictures of a folder by name.

    Args:
        folder: where they are.
        files: their paths below it, with "/".
    """

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        self.folder = folder
        self.files = tuple(files)
        self._paths: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._deeper: dict[str, list[str]] = {}
        for file in self.files:
            path = canonical(file)
            self._paths.setdefault(path, []).append(file)
            self._stems.setdefault(without_ending(path), []).append(file)
            if "/" in path:
                for name in {(last := PurePosixPath(path).name), without_ending(last)}:
                    self._deeper.setdefault(name, []).append(file)

    def find(self, name: str) -> tuple[str, ...]:
        """Return the files that a name may mean: paths below the folder with the ending, or else without; or none."""
        wanted = canonical(name)
        return tuple(self._paths.get(wanted) or self._stems.get(wanted, ()))

    def meant(self, entry: str, *bases: Path) -> tuple[str, ...]:
        """Return the files that an entry of a table may mean.

        Beside what ``find`` knows, that may be a path from the folder itself, from the current one or from one of
        ``bases``, or the name of a picture in a subfolder.
        """
        if found := self.find(entry):
            return found
        for path in paths(entry, self.folder, Path(), *bases):
            if (inside := below(path, self.folder)) is not None and (found := self.find(inside)):
                return found
        return tuple(self._deeper.get(canonical(entry), ()))

    def hint(self, name: str) -> str:
        """Return `` Did you mean 'x'?`` for the name that is closest, or an empty string."""
        return nearest(canonical(name), self._stems) if len(self._stems) <= _MANY else ""


def paths(entry: str, *bases: Path) -> list[Path]:
    """Return what an entry of a table may mean as a path from each of several folders."""
    plain = canonical(entry)
    return [] if "\0" in plain else [base / plain for base in bases]


def below(path: Path, folder: Path) -> str | None:
    """Return the path of a file below a folder, with "/", or None if it is not in there, also by way of links."""
    for resolve in (os.path.abspath, os.path.realpath):
        inside = PurePath(os.path.relpath(resolve(path), resolve(folder)))
        if inside.parts and inside.parts[0] != os.pardir:
            return inside.as_posix()
    return None
