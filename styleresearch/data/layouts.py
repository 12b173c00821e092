"""How other programs name and lay out their outputs: recognised by the names of the contents and styles there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from styleresearch.data.pairnames import OWN
from styleresearch.data.pattern import Pattern, Reading
from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import without_ending
from styleresearch.errors import InputError

KNOWN = tuple(
    Pattern.of(text)
    for text in (
        *("{content}_stylized_{style}", "{content}_stylized_{style}_*"),
        *("{content}_{style}", "{content}-{style}", "{content}_to_{style}", "{style}_{content}", "{style}-{content}"),
        *("{style}/{content}", "{content}/{style}", "{style}/{content}_*", "{content}/{style}_*"),
        *("*/{style}/{content}", "*/{content}/{style}", "{content}/{style}/*", "{style}/{content}/*"),
    )
)
"""Layouts that are recognised where ours is not found."""

Readings = Mapping[str, Sequence[Reading]]
"""File -> every way to read its name."""


def read_names(files: Sequence[str], pattern: Pattern | None, contents: Shelf, styles: Shelf, where: str) -> Readings:
    """Return how the names of outputs are read: by a pattern, or by the layout that fits most of them.

    Our own layout is taken wherever it fits any. Of others that fit equally many, the one whose readings are clear.

    Args:
        files: paths below the folder of the outputs, with "/".
        pattern: given by the user; ``None`` to look for the layout.
        contents: what there is.
        styles: likewise.
        where: the folder, for messages.

    Raises:
        InputError: if several layouts fit equally well and disagree.
    """
    if pattern is not None:
        return _by([pattern], files, contents, styles)
    own = _by(OWN, files, contents, styles)
    if any(own.values()):
        return own
    found = {each.text: _by([each], files, contents, styles) for each in KNOWN}
    scores = {text: sum(map(bool, readings.values())) for text, readings in found.items()}
    best = [text for text, score in scores.items() if score == max(scores.values()) and score]
    if not best:
        return {}
    clear = [text for text in best if all(len(each) < 2 for each in found[text].values())] or best
    first, others = clear[0], [text for text in clear[1:] if _unlike(found[clear[0]], found[text])]
    if others:
        raise InputError(
            f"the names of {where} can be read as {first!r} and as {others[0]!r}: say which they are, such as "
            f"--pattern='{first}', or pattern={first!r} in a config"
        )
    return found[first]


def _by(patterns: Sequence[Pattern], files: Sequence[str], contents: Shelf, styles: Shelf) -> Readings:
    return {
        file: [each for pattern in patterns for each in pattern.readings(without_ending(file), contents, styles)]
        for file in files
    }


def _unlike(first: Readings, second: Readings) -> bool:
    """Return whether two layouts read any name differently."""
    return any(_meanings(readings) != _meanings(second[file]) for file, readings in first.items())


def _meanings(readings: Sequence[Reading]) -> set[tuple]:
    return {(each.contents, each.styles, each.seed) for each in readings}
