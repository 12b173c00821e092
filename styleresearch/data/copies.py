"""Outputs whose inputs lie in two other folders under the very same name, copied once for each output.

As the evaluation code of several papers has it: ``output/``, ``cnt_eval/`` and ``sty_eval/`` with files of equal names.
A content that is copied forty times is one content still, which is told by the bytes of its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import without_ending
from styleresearch.store import digests

_BETWEEN = ("_stylized_", "__")
"""What stands between the names of the content and the style in the name of a copy."""


@dataclass(frozen=True)
class Copies:
    """What outputs were made from, each picture once.

    Attributes:
        of: output -> the files of its content and its style.
        contents: file of a content -> what it is called.
        styles: file of a style -> what it is called.
    """

    of: dict[str, tuple[str, str]]
    contents: dict[str, str]
    styles: dict[str, str]


def copied(files: Sequence[str], contents: Shelf, styles: Shelf) -> Copies | None:
    """Return what outputs were made from if there is a content and a style of the same name for most of them."""
    found = {}
    for file in files:
        pair = [shelf.find(without_ending(file)) for shelf in (contents, styles)]
        if all(len(each) == 1 for each in pair):
            found[file] = pair[0][0], pair[1][0]
    if not found or 2 * len(found) <= len(files):
        return None
    one = [_one_each(shelf, [pair[at] for pair in found.values()]) for at, shelf in enumerate((contents, styles))]
    return Copies(
        {file: (one[0][content], one[1][style]) for file, (content, style) in found.items()},
        *({file: _called(file, at) for file in one[at].values()} for at in (0, 1)),
    )


def _one_each(shelf: Shelf, used: Sequence[str]) -> dict[str, str]:
    """Return file -> the first file of the same bytes."""
    first: dict[str, str] = {}
    return {file: first.setdefault(digests.of_file(shelf.folder / file), file) for file in sorted(set(used))}


def _called(file: str, at: int) -> str:
    """Return what a copy's picture is called: its part of the copy's name, where that has two."""
    name = without_ending(file)
    parts = next((found for text in _BETWEEN if len(found := name.split(text)) == 2 and all(found)), None)
    return name if parts is None else parts[at]
