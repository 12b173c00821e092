"""Which pictures of two datasets belong together: those of one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from styleresearch.data.images import READ_SUFFIXES
from styleresearch.data.names import canonical
from styleresearch.data.pictures.base import Dataset
from styleresearch.errors import InputError

_SHOWN = 5


def partners(content: Dataset, style: Dataset) -> tuple[int, ...]:
    """Return, for every content picture in turn, the number of the style picture that belongs to it.

    A pair has one name, whatever the endings of the files, their Unicode form and the order of the datasets.

    Raises:
        InputError: if a picture of either dataset has no partner, or two of a dataset have one name.
    """
    contents, styles = _numbers("content", content), _numbers("style", style)
    lone = [*_lone("content", contents, "style", styles), *_lone("style", styles, "content", contents)]
    if lone:
        raise InputError(
            f"paired=True, and {'; '.join(lone)}. A pair has one name, apart from the ending: rename the files, or "
            "leave out those without partner"
        )
    return tuple(styles[name] for name in contents)


def _numbers(side: str, dataset: Dataset) -> dict[str, int]:
    """Return name without ending -> number of each picture."""
    numbers: dict[str, int] = {}
    for number, name in enumerate(dataset.names()):
        if (plain := _plain(name)) in numbers:
            raise InputError(
                f"paired=True, and two {side} pictures are called {plain!r}, apart from the ending: "
                f"{dataset.name(numbers[plain])} and {name}. Rename one, or leave it out"
            )
        numbers[plain] = number
    return numbers


def _plain(name: str) -> str:
    """Return a name without a picture's ending; a dot in a name that has none, as a TFDS key may, is no ending."""
    path = PurePosixPath(canonical(name))
    return path.with_suffix("").as_posix() if path.suffix.lower() in READ_SUFFIXES else path.as_posix()


def _lone(side: str, names: Iterable[str], other: str, known: Mapping[str, int]) -> list[str]:
    """Return one phrase that counts and names the pictures without partner, or none."""
    lone = [name for name in names if name not in known]
    more = "" if len(lone) <= _SHOWN else ", ..."
    return [f"{len(lone)} {side} pictures have no {other} picture: {', '.join(lone[:_SHOWN])}{more}"] if lone else []
