"""The name of a pair, by which its files and rows go: a comparison writes it, whoever measures outputs reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from styleresearch.data.pattern import Pattern, Reading
from styleresearch.data.shelf import Shelf
from styleresearch.errors import InputError

_MAX_BYTES = 255
"""Longest name of a file on the usual file systems."""


OWN = (Pattern.of("{content}__{style}"), Pattern.of("{content}__{style}__s{seed}"))
"""How ``pair_name`` names a pair."""


def pair_name(content: str, style: str, seed: int | None = None) -> str:
    """Return ``content__style``, or ``content__style__s7`` where there are several seeds."""
    return f"{content}__{style}" + ("" if seed is None else f"__s{seed}")


def too_long(name: str) -> bool:
    """Return whether no file can bear the name of a pair with any of the endings that are put to it."""
    return len(f"{name}.json".encode()) > _MAX_BYTES


def readings(name: str, contents: Shelf, styles: Shelf) -> list[Reading]:
    """Return every way to read the name of a pair with contents and styles that exist."""
    return [each for pattern in OWN for each in pattern.readings(name, contents, styles)]


def check_pair_names(contents: Sequence[str], styles: Sequence[str], seeds: Sequence[int | None]) -> None:
    """Raise InputError unless every pair has a name that a file can have and that is read back as that pair.

    Args:
        contents: titles of the contents.
        styles: titles of the styles.
        seeds: those that names carry, or one None.
    """
    # What is read back is the run directory's own copies.
    shelves = [Shelf(Path(), (f"{title}.png" for title in group)) for group in (contents, styles)]
    long: Counter[str] = Counter()
    problems = []
    for content in contents:
        for style in styles:
            for seed in seeds:
                name = pair_name(content, style, seed)
                if too_long(name):
                    long[max(content, style, key=lambda title: len(title.encode()))] += 1
                    continue
                found = readings(name, *shelves)
                if [(each.contents, each.styles, each.seed) for each in found] != [
                    ((f"{content}.png",), (f"{style}.png",), seed)
                ]:
                    which = " or ".join(map(str, found))
                    problems.append(f"a file {name!r} would be read as {which}: rename one of these pictures")
    for title, times in long.items():
        problems.append(
            f"the picture {title!r} ({len(title.encode())} bytes) makes {times} names of outputs longer than the "
            f"{_MAX_BYTES} bytes that a file's name can have: give it a shorter one"
        )
    if problems:
        raise InputError("\n".join([*problems[:10], *([f"and {len(problems) - 10} more"] if problems[10:] else [])]))
