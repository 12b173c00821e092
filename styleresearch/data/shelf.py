"""Which pictures of a folder a user means by what they wrote."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
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
        self._called: dict[str, list[str]] = {}
        for file in self.files:
            path = canonical(file)
            last = PurePosixPath(path).name
            self._paths.setdefault(path, []).append(file)
            self._stems.setdefault(without_ending(path), []).append(file)
            self._called.setdefault(last, []).append(file)
            if "/" in path:
                for name in {last, without_ending(last)}:
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

    def listed(self, entry: str, *bases: Path) -> tuple[str, ...]:
        """Return the files that an entry of a list of file names means.

        A file name alone means every picture of that name. A path means one picture; it may begin in the folder, in
        the one that holds it, in the current one or in one of ``bases``. Capitals and endings count, and how else it
        is spelled does not: see ``canonical``.
        """
        if "/" not in entry.replace("\\", "/"):
            return tuple(self._called.get(canonical(entry), ()))
        for path in paths(entry, self.folder, self.folder / "..", Path(), *bases):
            inside = below(path, self.folder)
            if inside is not None and (found := self._paths.get(canonical(inside))):
                return tuple(found)
        return ()

    def hint(self, name: str) -> str:
        """Return `` Did you mean 'x'?`` for the name that is closest, or an empty string."""
        return nearest(canonical(name), self._stems) if len(self._stems) <= _MANY else ""

    def nearest_file(self, entry: str) -> str:
        """Return `` Did you mean 'x.png'?`` for the file name that is closest to an entry, or an empty string."""
        plain = PurePosixPath(canonical(entry)).name
        alike = [name for name in self._called if name.casefold() == plain.casefold()]
        return f" Did you mean {alike[0]!r}?" if alike else nearest(plain, self._called)


def paths(entry: str, *bases: Path) -> list[Path]:
    """Return what an entry of a table may mean as a path from each of several folders."""
    plain = canonical(entry)
    return [] if "\0" in plain else [base / plain for base in bases]


def below(path: Path, folder: Path) -> str | None:
    """Return the path of a file below a folder, with "/", or None if it is not in there, also by way of links."""
    for resolve in (os.path.abspath, os.path.realpath):
        with suppress(OSError):  # the current folder was deleted
            inside = PurePath(os.path.relpath(canonical(resolve(path)), canonical(resolve(folder))))
            if inside.parts and inside.parts[0] != os.pardir:
                return inside.as_posix()
    return None
