"""Patterns of file names: where in the name of an output its content and its style are named.

A pattern is a text with ``{content}`` and ``{style}``, and perhaps ``{seed}``; ``*`` stands for anything. Names of
pictures may hold whatever the text between them does, so a name is read by the pictures that there are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from styleresearch.data.images import READ_SUFFIXES
from styleresearch.data.names import canonical
from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import without_ending
from styleresearch.errors import InputError

_FIELD = re.compile(r"(\{[^{}]*\}|\*)")
_FIELDS = ("{content}", "{style}", "{seed}")


@dataclass(frozen=True)
class Reading:
    """One way to read the name of an output.

    Attributes:
        content: the name of the content in it.
        style: the name of the style.
        seed: that it names, or None.
        contents: files that the first name may mean.
        styles: files that the second may mean.
    """

    content: str
    style: str
    seed: int | None
    contents: tuple[str, ...]
    styles: tuple[str, ...]

    def __str__(self) -> str:
        seed = "" if self.seed is None else f" and seed {self.seed}"
        return f"content {self.content!r} with style {self.style!r}{seed}"


@dataclass(frozen=True)
class Pattern:
    """A pattern; made by ``of``.

    Attributes:
        text: as it was written.
        parts: texts that stand for themselves, fields, and ``*``.
    """

    text: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Return a pattern; an ending of a picture at its end counts for nothing.

        Raises:
            InputError: unless it has ``{content}`` and ``{style}``, once each, and no field but those and ``{seed}``.
        """
        plain = canonical(text)
        plain = without_ending(plain) if PurePosixPath(plain).suffix.lower() in (*READ_SUFFIXES, ".*") else plain
        parts = tuple(part for part in _FIELD.split(plain) if part)
        fields = [part for part in parts if part.startswith("{")]
        wrong = [field for field in fields if field not in _FIELDS or fields.count(field) > 1]
        if wrong or not {"{content}", "{style}"} <= set(fields):
            what = f"has {wrong[0]}" + (" twice" if wrong[0] in _FIELDS else "") if wrong else "lacks one of them"
            raise InputError(
                f"the pattern {text!r} {what}; it needs {{content}} and {{style}} once each and may have {{seed}} and "
                "*, such as '{content}_stylized_{style}' or '{style}/{content}'"
            )
        return cls(text, parts)

    @property
    def folders(self) -> int:
        """How many folders a path of it has below the one of the outputs."""
        return sum(part.count("/") for part in self.parts)

    def readings(self, path: str, contents: Shelf, styles: Shelf) -> list[Reading]:
        """Return every way to read a path with contents and styles that exist.

        Args:
            path: of an output below the folder of all, without its ending, with "/". Of a pattern without folders the
                name alone counts.
            contents: what there is.
            styles: likewise.
        """
        name = unicodedata.normalize("NFC", path)
        if not self.folders:
            name = PurePosixPath(name).name
        found: dict[tuple, Reading] = {}
        shelves = {"{content}": contents, "{style}": styles}
        for named in self._read(name, 0, shelves):
            files = {field: _meant(named[field], shelf) for field, shelf in shelves.items()}
            seed = int(named["{seed}"]) if "{seed}" in named else None
            each = Reading(named["{content}"], named["{style}"], seed, files["{content}"], files["{style}"])
            found.setdefault((each.contents, each.styles, seed), each)
        return list(found.values())

    def _read(self, rest: str, at: int, shelves: dict[str, Shelf]) -> Iterator[dict[str, str]]:
        """Yield field -> text for every way to read the rest of a name by the parts from ``at`` on."""
        if at == len(self.parts):
            if not rest:
                yield {}
            return
        part = self.parts[at]
        if part == "*":
            for end in self._ends(rest, at, 0):
                yield from self._read(rest[end:], at + 1, shelves)
        elif part == "{seed}":
            digits = re.match(r"[0-9]+", rest)
            for end in range(1, len(digits[0]) + 1) if digits else ():
                for others in self._read(rest[end:], at + 1, shelves):
                    yield {part: rest[:end], **others}
        elif part in shelves:
            for end in self._ends(rest, at, 1):
                if _meant(rest[:end], shelves[part]):
                    for others in self._read(rest[end:], at + 1, shelves):
                        yield {part: rest[:end], **others}
        elif rest.startswith(part):
            yield from self._read(rest[len(part) :], at + 1, shelves)

    def _ends(self, rest: str, at: int, least: int) -> list[int]:
        """Return where the part ``at`` may end: before the text that follows it, wherever that stands."""
        if at + 1 == len(self.parts):
            return [len(rest)] if len(rest) >= least else []
        after = self.parts[at + 1]
        known = not after.startswith(("{", "*"))
        return [end for end in range(least, len(rest) + 1) if not known or rest.startswith(after, end)]


def _meant(name: str, shelf: Shelf) -> tuple[str, ...]:
    """Return the files that a name in the name of an output may mean: also with an ending that is not the file's."""
    found = shelf.find(name)
    if not found and PurePosixPath(name).suffix.lower() in READ_SUFFIXES:
        found = shelf.find(without_ending(name))
    return found
