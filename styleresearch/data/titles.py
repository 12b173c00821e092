"""What a picture is called in tables and in the names of files that are made of it, and which picture a name means.

A picture is its file: two files are two pictures, also where they share a name apart from the ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from styleresearch.errors import InputError


def titles(files: Sequence[str]) -> tuple[str, ...]:
    """Return what each picture is called: its file's name without the ending, where no other could be meant by it.

    Where one could, the name with the ending, or else with the folder before it, and with the one before that. Names
    that differ in capitals or Unicode form alone count as one, since some file systems hold them for one: see
    ``check_distinct``.

    Args:
        files: paths of the pictures, with "/".
    """
    forms = [_forms(file) for file in files]
    shared = Counter(form for each in forms for form in {folded(form) for form in each})
    return tuple(next((form for form in each if shared[folded(form)] == 1), each[-1]) for each in forms)


def check_distinct(files: Iterable[str], called: Iterable[str]) -> None:
    """Raise InputError, naming both files, if two pictures would still have one title."""
    taken: dict[str, str] = {}
    for file, title in zip(files, called, strict=True):
        if (other := taken.get(folded(title))) is not None:
            raise InputError(
                f"the pictures {other} and {file} would both be called {title!r} on some file systems: rename one, or "
                "leave it out"
                if file != other
                else f"the picture {file} is there twice: leave one out"
            )
        taken[folded(title)] = file


def _forms(file: str) -> list[str]:
    # A backslash in the name of a file that is there separates nothing; it is refused later, see ``check_titles``.
    parts = [
        part.strip() for part in PurePosixPath(unicodedata.normalize("NFC", file)).parts if part not in ("/", "..")
    ]
    forms = [without_ending(parts[-1]), parts[-1]]
    for count in range(2, len(parts) + 1):
        joined = "-".join(parts[-count:]).replace(":", "-").lstrip(".-")
        forms += [without_ending(joined), joined]
    return forms


def without_ending(name: str) -> str:
    """Return a path without the ending of its last part."""
    return PurePosixPath(name).with_suffix("").as_posix().strip() if PurePosixPath(name).name else name


def folded(name: str) -> str:
    """Return what two names share that a file system may hold for one: whatever the capitals and the Unicode form."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def check_titles(kind: str, found: Iterable[str]) -> None:
    """Raise InputError, a line for each problem, unless names of one kind can be parts of file names.

    Args:
        kind: what bears them, for messages.
        found: the names.
    """
    found = tuple(found)
    problems = [f"the {kind} name {name!r} {problem}" for name in found if (problem := title_problem(name))]
    first: dict[str, str] = {}
    for name in found:
        if (other := first.setdefault(folded(name), name)) != name:
            problems.append(f"the {kind} names {other!r} and {name!r} are one on some file systems: rename one")
    if problems:
        raise InputError("\n".join(problems))


def title_problem(name: str) -> str | None:
    """Return why a name cannot be part of a file's name and of a report, or None."""
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        return "cannot be part of a file name: rename it without '/', '\\' and a leading dot"
    for character in name:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            return f"holds the control character U+{ord(character):04X}, which would break lines and tables: rename it"
        if unicodedata.category(character) == "Cs":
            return "is not valid UTF-8, so no table or report could hold it: rename it"
    return None


# Names that Windows keeps for devices, and characters that it has no files with.
_NOT_PORTABLE = re.compile(r'(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[<>:"|?*].*|.*[. ]|[ ].*', re.IGNORECASE)


def check_folder_names(kind: str, found: Iterable[str]) -> None:
    """Raise InputError unless names from a config, which travels, can name folders on every system."""
    found = tuple(found)
    check_titles(kind, found)
    odd = [name for name in found if _NOT_PORTABLE.fullmatch(name) or len(name.encode()) > 255]
    if odd:
        raise InputError(
            "\n".join(
                f"the {kind} name {name!r} cannot be part of a file name on every system: rename it without blanks or "
                'dots at its ends, without <>:"|?*, not as a device (con, aux, nul ...), with at most 255 bytes'
                for name in odd
            )
        )
