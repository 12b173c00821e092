"""Lists in which a user names pictures of a folder."""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from pathlib import Path

from styleresearch.data.shelf import Shelf
from styleresearch.errors import InputError

_SHOWN = 5


def shown(names: Sequence[str]) -> str:
    """Return the first of some names for a message, in quotes and with escapes for what cannot be seen."""
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def selected(
    root: Path,
    names: Sequence[str],
    include: str | Path | Sequence[str] | None,
    exclude: str | Path | Sequence[str] | None,
) -> tuple[str, ...]:
    """Return those of ``names`` that are listed in ``include`` (``None``: all) and not in ``exclude``.

    Args:
        root: the folder.
        names: of its pictures, relative to it, with "/".
        include: a text file with a name a line, or a list of names; see ``Shelf.listed``.
        exclude: the same.

    Raises:
        InputError: if a list cannot be read or is empty, or if an entry of either names no picture of the folder: what
            was to be left out, and is not for a slip of the pen, would be trained on.
    """
    if include is None and exclude is None:
        return tuple(names)
    shelf = Shelf(root, names)
    chosen = set(names) if include is None else _named("include", include, shelf)
    unwanted = set() if exclude is None else _named("exclude", exclude, shelf)
    return tuple(name for name in names if name in chosen and name not in unwanted)


def _named(option: str, given: str | Path | Sequence[str], shelf: Shelf) -> set[str]:
    entries, beside, what = _entries(option, given)
    found, unknown = set(), []
    for entry in entries:
        meant = shelf.listed(entry, *([beside] if beside else []))
        found.update(meant)
        # Only then: a picture may be called "#1.jpg".
        if not meant and not (beside and entry.startswith("#")):
            unknown.append(entry)
    if beside and not found and not unknown:
        raise InputError(f"{what} names no picture: it has no line but empty ones and comments")
    if unknown:
        verb, near = "names" if len(unknown) == 1 else "name", shelf.nearest_file(unknown[0])
        raise InputError(
            f"{what}: {len(unknown)} of {len(entries)} entries {verb} no picture of the folder {shelf.folder}: "
            f"{shown(unknown)}.{near} Give file names, or paths in the folder; capitals count"
        )
    return found


def _entries(option: str, given: str | Path | Sequence[str]) -> tuple[list[str], Path | None, str]:
    """Return the entries of a list, the folder of its file if it is one, and what it is called in messages."""
    if not isinstance(given, str | Path):
        return list(given), None, option
    file = Path(given).expanduser()
    try:
        data = file.read_bytes()
        utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{option}: cannot read {str(given)!r} ({getattr(error, 'strerror', None) or error}); give a text file "
            "(UTF-8) with one file name a line, or a list ('a.jpg', ...)"
        ) from error
    # Not splitlines, which knows line breaks that a file name may hold.
    lines = [line for line in io.StringIO(text, newline=None) if line.strip()]
    return [line.strip() for line in lines], file.parent, f"{option} ({file})"
