"""Finished pictures on disk as a method of a comparison: other people's outputs beside one's own methods."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.pattern import Pattern
from styleresearch.data.search import Search, listing
from styleresearch.data.shelf import Shelf
from styleresearch.errors import InputError

NAME = "outputs"
"""What a config calls it where a method is named."""


@dataclass(frozen=True)
class Finished:
    """The pictures of a method that another program ran, in a folder.

    Attributes:
        path: the folder.
        pattern: how they are named, such as "{content}_stylized_{style}" or "{style}/{content}"; the usual ways are
            recognised without it.
        optimised: what the method minimised: names of losses ("gram") or of metrics of the table. Pictures of ours say
            it themselves.
    """

    path: str
    pattern: str | None = None
    optimised: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise InputError if the pattern is none, or there is no such folder."""
        if self.pattern is not None:
            Pattern.of(self.pattern)
        folder = self.folder
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise InputError(f"{folder} is not a folder that can be read; name the folder that holds the pictures")

    @property
    def folder(self) -> Path:
        """The folder."""
        return Path(self.path).expanduser()

    def find(self, contents: Iterable[str], styles: Iterable[str]) -> tuple[Pictures, list[str]]:
        """Return the pictures of a comparison's contents and styles, and what to tell the user.

        Args:
            contents: what the contents are called.
            styles: what the styles are called.

        Raises:
            InputError: if the folder cannot be read, none of its pictures is of these contents and styles, names are
                not clear, or several pictures are of one pair.
        """
        self.check()
        # As the copies in a run directory are called.
        shelves = [
            Shelf(Path(f"the comparison's {kind}"), (f"{title}.png" for title in group))
            for kind, group in (("contents", contents), ("styles", styles))
        ]
        search = Search(shelves[0], shelves[1])
        found = search.named(self.folder, None if self.pattern is None else Pattern.of(self.pattern))
        if search.missing and not found:
            raise InputError(f"no picture in {self.folder} is of a pair of this comparison: {search.missing[0]}")
        unclear = [line for line in search.missing if " may be " in line]
        if unclear:
            raise InputError(f"names in {self.folder} are not clear:\n  {listing(unclear)}")
        if search.missing:
            search.notes.append(
                f"passed over {len(search.missing)} pictures in {self.folder} of contents or styles that are not in "
                f"this comparison, the first: {search.missing[0]}"
            )
        of: dict[tuple[str, str, int | None], list[Path]] = {}
        for each in found:
            of.setdefault((each.content.removesuffix(".png"), each.style.removesuffix(".png"), each.seed), []).append(
                each.output
            )
        if twice := [f"{key[0]} with {key[1]}: {', '.join(map(str, files))}" for key, files in of.items() if files[1:]]:
            raise InputError(
                f"several outputs for one pair ({len(twice)} times):\n  {listing(twice)}\nKeep one file for each "
                "content and style, or say with pattern which are meant"
            )
        return Pictures({key: files[0] for key, files in of.items()}), search.notes


@dataclass(frozen=True)
class Pictures:
    """Finished pictures by what they were made from: (content, style, seed), the seed ``None`` where none is told."""

    of: Mapping[tuple[str, str, int | None], Path]

    def picture(self, content: str, style: str, seed: int) -> Path | None:
        """Return the picture of a pair; one that tells no seed stands for all; ``None`` if there is none."""
        return self.of.get((content, style, seed)) or self.of.get((content, style, None))
