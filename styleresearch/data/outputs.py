"""Stylised pictures on disk, and which content and style each was made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.listing import list_pictures
from styleresearch.data.pairnames import pair_name, readings, splits, too_long
from styleresearch.data.pairtable import read_table
from styleresearch.data.shelf import Shelf, below, paths
from styleresearch.data.titles import check_distinct, check_titles, folded, titles
from styleresearch.errors import InputError

_SHOWN = 10


@dataclass(frozen=True)
class Output:
    """A stylised picture on disk and what it was made from.

    Attributes:
        method: name of the folder it lies in.
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


def find_outputs(
    folders: Sequence[Path], contents: Path, styles: Path, table: Path | None = None
) -> tuple[list[Output], list[str]]:
    """Return the outputs in folders, a method each, with what they were made from; and what to tell the user.

    Args:
        folders: of files named ``<content>__<style>.<ext>``, or ``...__s<seed>.<ext>``, as ``compare`` names them; a
            content or style is named by its file's name, with the ending or without.
        contents: folder of content pictures.
        styles: folder of style pictures.
        table: a CSV file with the columns output, content and style, in place of that naming; see ``read_table``. Its
            cells are names, paths below these folders, or paths from the table's own or the current folder.

    Raises:
        InputError: listing every output whose inputs are missing or not clear; pairs that several outputs show; names
            that the files or tables of a report cannot hold; or a folder or table that cannot be read.
    """
    for folder in (*folders, contents, styles):
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise InputError(f"{folder} is not a folder that can be read; name the folder that holds the pictures")
    methods = _methods(folders)
    search = _Search(contents, styles, table)
    found = [search.listed(each, folders) if table else search.named(each) for each in folders]
    if search.missing:
        raise InputError(
            f"what the outputs were made from is missing or not clear ({len(search.missing)} times):\n  "
            f"{_listing(search.missing)}"
        )
    used = [each for group in found for each in group]
    content_titles = _titles("content", search.contents, [each.content for each in used])
    style_titles = _titles("style", search.styles, [each.style for each in used])
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
        for method, group in zip(methods, found, strict=True)
        for each in group
    ]
    _check_places(outputs)
    return outputs, search.notes


def _methods(folders: Sequence[Path]) -> list[str]:
    """Return the name of each folder's method; raise InputError if two would be one."""
    methods = [Path(os.path.abspath(folder)).name for folder in folders]  # noqa: PTH100 - a link keeps its own name
    first: dict[str, Path] = {}
    for method, folder in zip(methods, folders, strict=True):
        if (other := first.get(folded(method))) is not None:
            raise InputError(
                f"{other} and {folder} would both be the method {method!r}: folders of different methods need "
                "different names (a link with another name will do)"
            )
        first[folded(method)] = folder
    check_titles("folder", methods)
    return methods


@dataclass(frozen=True)
class _Found:
    """An output, and its pictures as paths below their folders."""

    output: Path
    content: str
    style: str
    seed: int | None


class _Search:
    """Looks up what outputs were made from; notes what is missing or not clear, and what to tell the user."""

    def __init__(self, contents: Path, styles: Path, table: Path | None) -> None:
        self.contents, self.styles = (
            Shelf(folder, list_pictures(folder, recursive=table is not None)[0]) for folder in (contents, styles)
        )
        self.missing: list[str] = []
        self.notes: list[str] = []
        self.table = table
        if table is not None:
            self.rows, twice = read_table(table)
            if twice:
                self.notes.append(f"{table}: {_count(twice, 'row')} there more than once; each is taken once")

    def named(self, folder: Path) -> list[_Found]:
        """Return the outputs of a folder by their names."""
        found, unnamed = [], []
        for name in list_pictures(folder)[0]:
            stem = Path(name).stem
            possible = readings(stem, self.contents, self.styles)
            if len(possible) > 1:
                self.missing.append(f"{name} may be {' or '.join(map(str, possible))}; list it with --pairs")
            elif possible:
                reading = possible[0]
                content = self._only(name, reading.content, reading.contents, self.contents)
                style = self._only(name, reading.style, reading.styles, self.styles)
                if content is not None and style is not None:
                    found.append(_Found(folder / name, content, style, reading.seed))
            elif plain := next((each for each in splits(stem) if "__" not in each[0] and "__" not in each[1]), None):
                self._only(name, plain[0], self.contents.find(plain[0]), self.contents)
                self._only(name, plain[1], self.styles.find(plain[1]), self.styles)
            else:
                unnamed.append(name)
        if not found and not self.missing:
            raise InputError(
                f"{folder} holds no picture named CONTENT__STYLE.EXT; rename the outputs, or list them with "
                "--pairs FILE.csv (columns output, content, style)"
            )
        self._pass_over(folder, unnamed, "not named CONTENT__STYLE.EXT")
        return found

    def listed(self, folder: Path, folders: Sequence[Path]) -> list[_Found]:
        """Return the outputs of one of several folders as the table lists them."""
        assert self.table is not None
        base = self.table.parent
        shelf = Shelf(folder, list_pictures(folder, recursive=True)[0])
        found, listed = [], set()
        for row in self.rows:
            files = shelf.meant(row.output, base)
            if not files:
                there = [path for path in paths(row.output, folder, Path(), base) if path.is_file()]
                if any(below(path, other) for path in there for other in folders if other != folder):
                    continue  # of another method
                # Whatever its ending is, or its folder.
                files = tuple(str(path.absolute()) for path in there[:1])
            name = self._only(None, row.output, files, shelf)
            content = self._only(row.output, row.content, self.contents.meant(row.content, base), self.contents)
            style = self._only(row.output, row.style, self.styles.meant(row.style, base), self.styles)
            if name is not None and content is not None and style is not None:
                seed = next((seed for *_, seed in splits(Path(name).stem) if seed is not None), None)
                found.append(_Found(folder / name, content, style, seed))
                listed.add(name)
        if not found and not self.missing:
            raise InputError(f"{self.table} lists no output in {folder} ({_count(len(self.rows), 'row')})")
        beside = [file for file in shelf.files if file not in listed]
        self._pass_over(folder, beside, f"that {self.table} does not list")
        return found

    def _only(self, output: str | None, name: str, files: Sequence[str], shelf: Shelf) -> str | None:
        """Return the one file that a name means; note it as missing or not clear if there is none or several."""
        if len(files) == 1:
            return files[0]
        what = "" if output is None else f"{output}: "
        if files:
            self.missing.append(f"{what}{name!r} may be {' or '.join(files)}")
        else:
            # For what is shown: similar names take a while to find.
            hint = shelf.hint(name) if len(self.missing) < _SHOWN else ""
            self.missing.append(f"{what}no picture {name!r} in {shelf.folder}{'.' if hint else ''}{hint}")
        return None

    def _pass_over(self, folder: Path, names: Sequence[str], why: str) -> None:
        if names:
            few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            self.notes.append(f"passed over {_count(len(names), 'picture')} in {folder} {why}: {few}")


def _titles(kind: str, shelf: Shelf, used: Sequence[str]) -> dict[str, str]:
    """Return what the pictures that are used are called: as a comparison of the folder calls them."""
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
            f"several outputs for one pair ({len(twice)} times):\n  {_listing(lines)}\n"
            "Keep one file for each content and style; rename pictures whose names together read as another pair's"
        )
    if long := [f"{each.content} with {each.style}" for each in outputs if too_long(each.pair)]:
        raise InputError(
            f"the names of these pictures are too long together for the name of a file ({len(long)} times); "
            f"give them shorter ones:\n  {_listing(long)}"
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _listing(lines: Sequence[str]) -> str:
    return "\n  ".join([*lines[:_SHOWN], *([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])])
