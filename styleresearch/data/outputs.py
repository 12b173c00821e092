"""Stylised pictures on disk, and which content and style each was made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from styleresearch.data.listing import list_pictures
from styleresearch.data.pairnames import pair_name, too_long
from styleresearch.data.pattern import Pattern
from styleresearch.data.search import Found, Search, listing
from styleresearch.data.shelf import Shelf
from styleresearch.data.titles import check_distinct, check_folder_names, check_titles, folded, titles
from styleresearch.errors import InputError, nearest


@dataclass(frozen=True)
class Output:
    """A stylised picture on disk and what it was made from.

    Attributes:
        method: what made it.
        output: its file.
        content: file of the content picture.
        style: file of the style picture.
        content_title: what the content picture is called.
        style_title: what the style picture is called.
        seed: that it was made with, if its name says so.
    """

    method: str
    output: Path
    content: Path
    style: Path
    content_title: str
    style_title: str
    seed: int | None = None

    @property
    def pair(self) -> str:
        """Name of the content and the style together, and of the seed where there are several."""
        return pair_name(self.content_title, self.style_title, self.seed)


@dataclass(frozen=True)
class Folder:
    """A folder of outputs.

    Attributes:
        path: the folder.
        method: what made them.
        pattern: how they are named; ``None`` where that is to be recognised.
    """

    path: Path
    method: str
    pattern: Pattern | None = None

    @classmethod
    def of(cls, text: str) -> Folder:
        """Return what ``DIR`` or ``NAME=DIR`` means: a method is called as its folder, if nothing else is said."""
        name, sign, rest = text.partition("=")
        if sign and name and rest and not Path(text).is_dir():
            return cls(Path(rest), name)
        # Not resolved: a link keeps its own name.
        return cls(Path(text), Path(os.path.abspath(text)).name)  # noqa: PTH100


def folders_of(outputs: Sequence[str], patterns: Sequence[str]) -> list[Folder]:
    """Return the folders of a command line.

    Args:
        outputs: ``[NAME=]DIR`` each.
        patterns: ``[NAME=]PATTERN`` each: of one method, or of all.

    Raises:
        InputError: for a pattern that is none, of no method, or one too many.
    """
    folders = [Folder.of(text) for text in outputs]
    known = [each.method for each in folders]
    of: dict[str, Pattern] = {}
    for text in patterns:
        name, sign, pattern = text.partition("=")
        if not sign or "{" in name:
            name, pattern = "", text
        if name and name not in known:
            raise InputError(f"--pattern={text}: there is no method {name!r}.{nearest(name, known)}")
        if name in of:
            raise InputError(f"--pattern={text}: {name or 'all methods'} had one already; say whose, NAME=PATTERN")
        of[name] = Pattern.of(pattern)
    return [replace(each, pattern=of.get(each.method, of.get(""))) for each in folders]


def find_outputs(
    folders: Sequence[Folder], contents: Path, styles: Path, table: Path | None = None
) -> tuple[list[Output], list[str]]:
    """Return the outputs of several methods with what they were made from, and what to tell the user.

    Args:
        folders: of outputs, a method each. Their names tell content and style in the way of the folder's pattern, or
            in a usual one (``layouts``); a content or style is named by its file's name, with the ending or without.
            Or they have the names of copies of their inputs (``copies``).
        contents: folder of content pictures.
        styles: folder of style pictures.
        table: a CSV file with the columns output, content, style and perhaps method, in place of naming; see
            ``read_table``. Its cells are names, paths below these folders, or paths from the table's own or the
            current folder. Methods that it names need no folder.

    Raises:
        InputError: listing every output whose inputs are missing or not clear; pairs that several outputs show; names
            that the files or tables of a report cannot hold; or a folder or table that cannot be read.
    """
    for folder in (*(each.path for each in folders), contents, styles):
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise InputError(f"{folder} is not a folder that can be read; name the folder that holds the pictures")
    _check_methods(folders)
    shelves = [Shelf(folder, list_pictures(folder, recursive=table is not None)[0]) for folder in (contents, styles)]
    search = Search(shelves[0], shelves[1], table)
    if table is None:
        found = {each.method: search.named(each.path, each.pattern) for each in folders}
    else:
        found = _listed(search, folders, table)
    if not found:
        raise InputError("there is nothing to measure: name folders of outputs, or a table with a column method")
    if search.missing:
        raise InputError(
            f"what the outputs were made from is missing or not clear ({len(search.missing)} times):\n  "
            f"{listing(search.missing)}"
        )
    used = [each for group in found.values() for each in group]
    content_titles = _titles("content", search, [each.content for each in used])
    style_titles = _titles("style", search, [each.style for each in used])
    outputs = [
        Output(
            method,
            each.output,
            contents / each.content,
            styles / each.style,
            content_titles[each.content],
            style_titles[each.style],
            each.seed,
        )
        for method, group in found.items()
        for each in group
    ]
    _check_places(outputs)
    return outputs, search.notes


def _listed(search: Search, folders: Sequence[Folder], table: Path) -> dict[str, list[Found]]:
    """Return the outputs of each method as a table lists them."""
    places = [each.path for each in folders]
    named = tuple(dict.fromkeys(row.method for row in search.rows if row.method))
    if not named:
        return {each.method: search.listed(each.path, places, None) for each in folders}
    check_folder_names("method", named)
    if unlisted := [each.method for each in folders if each.method not in named]:
        raise InputError(
            f"{table} names the methods {', '.join(named)} and lists nothing of {unlisted[0]!r}: leave that folder "
            "out, or call it as the table does (--outputs NAME=DIR)"
        )
    of = {each.method: each.path for each in folders}
    return {method: search.listed(of.get(method), places, method) for method in named}


def _check_methods(folders: Sequence[Folder]) -> None:
    """Raise InputError if two folders would be one method, or one's name cannot be part of a file's name."""
    first: dict[str, Path] = {}
    for each in folders:
        if (other := first.get(folded(each.method))) is not None:
            raise InputError(
                f"{other} and {each.path} would both be the method {each.method!r}: folders of different methods need "
                "different names (--outputs NAME=DIR)"
            )
        first[folded(each.method)] = each.path
    check_titles("folder", [each.method for each in folders])


def _titles(kind: Literal["content", "style"], search: Search, used: Sequence[str]) -> dict[str, str]:
    """Return what the pictures that are used are called: as a comparison of the folder calls them."""
    shelf = search.contents if kind == "content" else search.styles
    if not (shown := search.called[kind]):
        files = sorted({*(file for file in shelf.files if "/" not in file), *used})
        found = dict(zip(files, titles(files), strict=True))
        shown = {file: found[file] for file in used}
    check_titles(kind, shown.values())
    check_distinct(shown, shown.values())
    return shown


def _check_places(outputs: Sequence[Output]) -> None:
    """Raise InputError if two outputs would share a place in table and folder, or a name is too long for a file."""
    places: dict[tuple[str, str], list[Output]] = {}
    for each in outputs:
        places.setdefault((each.method, folded(each.pair)), []).append(each)
    if twice := [group for group in places.values() if len(group) > 1]:
        lines = [f"{of[0].method}, {of[0].pair}: {', '.join(str(each.output) for each in of)}" for of in twice]
        raise InputError(
            f"several outputs for one pair ({len(twice)} times):\n  {listing(lines)}\n"
            "Keep one file for each content and style; rename pictures whose names together read as another pair's"
        )
    if long := [f"{each.content} with {each.style}" for each in outputs if too_long(each.pair)]:
        raise InputError(
            f"the names of these pictures are too long together for the name of a file ({len(long)} times); "
            f"give them shorter ones:\n  {listing(long)}"
        )
