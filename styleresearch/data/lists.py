"""Lists in which a user names pictures of a folder: how they are read, and which pictures they mean."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from styleresearch.data.names import canonical
from styleresearch.errors import InputError
from styleresearch.registry import nearest

_SHOWN = 5


def shown(names: Sequence[str]) -> str:
    """Return the first of some names for a message, in quotes and with escapes for what cannot be seen."""
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


class Known:
    """The pictures of a folder, found by what a user wrote for them.

    Args:
        root: the folder.
        names: of its pictures, relative to it, with "/".
    """

    def __init__(self, root: Path, names: Iterable[str]) -> None:
        self.root = root
        absolute = Path(os.path.normpath(root.absolute()))
        self._roots = {canonical(str(absolute)), canonical(os.path.realpath(root))}
        self._bases = [absolute, absolute.parent]
        with suppress(OSError):  # the current folder was deleted
            self._bases.append(Path.cwd())
        self._by_path: dict[str, list[str]] = {}
        self._by_file: dict[str, list[str]] = {}
        for name in names:
            self._by_path.setdefault(canonical(name), []).append(name)
            self._by_file.setdefault(canonical(PurePosixPath(name).name), []).append(name)

    def meant(self, entry: str, beside: Path | None = None) -> Sequence[str]:
        """Return the pictures that an entry of a list means; none if there are none.

        A file name alone means every picture of that name. A path means one picture; it is looked up from the folder,
        from the one that holds it, from the current one, and from that of the list. Capitals count, and how else it is
        spelled does not: see ``canonical``.

        Args:
            entry: what the user wrote.
            beside: the folder of the list, if it is a file.
        """
        if "/" not in entry.replace("\\", "/"):
            return self._by_file.get(canonical(entry), ())
        for base in (*self._bases, *([beside] if beside else [])):
            path = canonical(os.path.normpath(base.absolute() / canonical(entry)))
            for root in self._roots:
                inside = path.removeprefix(root.rstrip("/") + "/")
                if inside != path and inside in self._by_path:
                    return self._by_path[inside]
        return ()

    def nearest(self, entry: str) -> str:
        """Return `` Did you mean 'x'?`` for the picture whose name is closest to an entry, or an empty string."""
        plain = PurePosixPath(canonical(entry)).name
        alike = [name for name in self._by_file if name.casefold() == plain.casefold()]
        return f" Did you mean {alike[0]!r}?" if alike else nearest(plain, self._by_file)


def selected(
    root: Path,
    names: Sequence[str],
    include: str | Path | Sequence[str] | None,
    exclude: str | Path | Sequence[str] | None,
) -> tuple[str, ...]:
    """Return those of ``names`` that are listed in ``include`` (``None``: all) and not in ``exclude``.

    Raises:
        InputError: if a list cannot be read or is empty, or if an entry of either names no picture of the folder: what
            was to be left out, and is not for a slip of the pen, would be trained on.
    """
    known = Known(root, names)
    chosen = set(names) if include is None else _named("include", include, known)
    unwanted = set() if exclude is None else _named("exclude", exclude, known)
    return tuple(name for name in names if name in chosen and name not in unwanted)


def _named(option: str, given: str | Path | Sequence[str], known: Known) -> set[str]:
    entries, beside, what = _entries(option, given)
    found, unknown = set(), []
    for entry in entries:
        meant = known.meant(entry, beside)
        found.update(meant)
        # Only then: a picture may be called "#1.jpg".
        if not meant and not (beside and entry.startswith("#")):
            unknown.append(entry)
    if beside and not found and not unknown:
        raise InputError(f"{what} names no picture: it has no line but empty ones and comments")
    if unknown:
        verb = "names" if len(unknown) == 1 else "name"
        raise InputError(
            f"{what}: {len(unknown)} of {len(entries)} entries {verb} no picture of "
            f"the folder {known.root}: {shown(unknown)}.{known.nearest(unknown[0])} Give file names, or paths in the "
            "folder; capitals count"
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
