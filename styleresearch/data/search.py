"""Looking up what outputs were made from: by their names, by a table, or by copies of the inputs beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from styleresearch.data.copies import copied
from styleresearch.data.layouts import read_names
from styleresearch.data.listing import list_pictures
from styleresearch.data.pairnames import OWN
from styleresearch.data.pairtable import Row, read_table
from styleresearch.data.pattern import Pattern
from styleresearch.data.shelf import Shelf, below, paths
from styleresearch.errors import InputError

_SHOWN = 10


@dataclass(frozen=True)
class Found:
    """An output, and its pictures as paths below their folders."""

    output: Path
    content: str
    style: str
    seed: int | None


class Search:
    """Looks up what outputs were made from; notes what is missing or not clear, and what to tell the user.

    Attributes:
        contents: the content pictures.
        styles: the style pictures.
        missing: what is missing or not clear, a line each.
        notes: what to tell the user.
        called: file of a content or style -> what it is called, where its own name does not say.
    """

    def __init__(self, contents: Shelf, styles: Shelf, table: Path | None = None) -> None:
        self.contents, self.styles = contents, styles
        self.missing: list[str] = []
        self.notes: list[str] = []
        self.called: dict[str, dict[str, str]] = {"content": {}, "style": {}}
        self.table = table
        self.rows: tuple[Row, ...] = ()
        if table is not None:
            self.rows, twice = read_table(table)
            if twice:
                self.notes.append(f"{table}: {count(twice, 'row')} there more than once; each is taken once")

    def named(self, folder: Path, pattern: Pattern | None = None) -> list[Found]:
        """Return the outputs of a folder by their names."""
        files, readings = self._readings(folder, pattern)
        if pattern is None and not any(readings.values()) and self.contents.folder.is_dir():
            pairs = copied(files, self.contents, self.styles)
            if pairs is not None:
                self.called = {"content": pairs.contents, "style": pairs.styles}
                return [Found(folder / file, *pairs.of[file], None) for file in files if file in pairs.of]
        found, unread = [], []
        for name in files:
            possible = readings.get(name, ())
            if len(possible) > 1:
                self.missing.append(f"{name} may be {' or '.join(map(str, possible))}; list it with --pairs")
            elif possible:
                reading = possible[0]
                content = self._only(name, reading.content, reading.contents, self.contents)
                style = self._only(name, reading.style, reading.styles, self.styles)
                if content is not None and style is not None:
                    found.append(Found(folder / name, content, style, reading.seed))
            elif pattern is None and (plain := _plain(name)):
                self._only(name, plain[0], self.contents.find(plain[0]), self.contents)
                self._only(name, plain[1], self.styles.find(plain[1]), self.styles)
            else:
                unread.append(name)
        if not found and not self.missing:
            raise InputError(self._nothing(folder, pattern, unread))
        own = pattern is None and any(
            each.readings(Path(f).stem, self.contents, self.styles) for f in files for each in OWN
        )
        what = "not named CONTENT__STYLE.EXT" if own else "whose names are none of a content and a style"
        self._pass_over(folder, unread, what if pattern is None else f"that do not match {pattern.text!r}")
        return found

    def _readings(self, folder: Path, pattern: Pattern | None) -> tuple[tuple[str, ...], Mapping[str, Sequence]]:
        """Return the pictures of a folder and how their names are read; those in subfolders where they have to be."""
        deep = pattern is not None and pattern.folders > 0
        files = list_pictures(folder, recursive=deep)[0]
        readings = read_names(files, pattern, self.contents, self.styles, str(folder))
        if not deep and not any(readings.values()) and not any(map(_plain, files)):
            files = list_pictures(folder, recursive=True)[0]
            readings = read_names(files, pattern, self.contents, self.styles, str(folder))
        return files, readings

    def _nothing(self, folder: Path, pattern: Pattern | None, unread: Sequence[str]) -> str:
        seen = f" ({count(len(unread), 'picture')}, such as {unread[0]})" if unread else ""
        if pattern is not None:
            return (
                f"the pattern {pattern.text!r} matches no picture in {folder}{seen} with a content of "
                f"{self.contents.folder} and a style of {self.styles.folder}; mend the pattern, or name other folders"
            )
        return (
            f"{folder} holds no picture named CONTENT__STYLE.EXT{seen}, nor in another usual way, after the pictures "
            f"in {self.contents.folder} and {self.styles.folder}; say how they are named, such as "
            "--pattern='{style}/{content}_result', or list them with --pairs FILE.csv (columns output, content, style)"
        )

    def listed(self, folder: Path | None, folders: Sequence[Path], method: str | None) -> list[Found]:
        """Return the outputs of a method as the table lists them.

        Args:
            folder: in which they are; ``None`` where the table's paths alone say it.
            folders: of all methods.
            method: whose rows count, of a table that names methods; ``None`` for all.
        """
        assert self.table is not None
        base = self.table.parent
        shelf = Shelf(base, ()) if folder is None else Shelf(folder, list_pictures(folder, recursive=True)[0])
        found, listed = [], set()
        rows = [row for row in self.rows if method is None or row.method == method]
        for row in rows:
            files = shelf.meant(row.output, base)
            if not files:
                there = [path for path in paths(row.output, shelf.folder, Path(), base) if path.is_file()]
                if method is None and any(below(path, other) for path in there for other in folders if other != folder):
                    continue  # of another method
                # Whatever its ending is, or its folder.
                files = tuple(str(path.absolute()) for path in there[:1])
            name = self._only(None, row.output, files, shelf)
            content = self._only(row.output, row.content, self.contents.meant(row.content, base), self.contents)
            style = self._only(row.output, row.style, self.styles.meant(row.style, base), self.styles)
            if name is not None and content is not None and style is not None:
                found.append(Found(shelf.folder / name, content, style, _seed(Path(name).stem)))
                listed.add(name)
        if not found and not self.missing:
            raise InputError(f"{self.table} lists no output in {folder} ({count(len(rows), 'row')})")
        beside = [file for file in shelf.files if file not in listed]
        self._pass_over(shelf.folder, beside, f"that {self.table} does not list")
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
            self.notes.append(f"passed over {count(len(names), 'picture')} in {folder} {why}: {few}")


def _plain(name: str) -> tuple[str, str] | None:
    """Return the content and style that a name of our own layout tells by its underscores alone."""
    content, _, style = Path(name).stem.partition("__")
    style = re.sub(r"__s[0-9]+$", "", style)
    return (content, style) if content and style and "__" not in style else None


def _seed(stem: str) -> int | None:
    """Return the seed that a name tells as ``pair_name`` writes it."""
    told = re.search(r".__s([0-9]+)$", stem)
    return int(told[1]) if told else None


def count(number: int, what: str) -> str:
    """Return "1 picture", "2 pictures"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listing(lines: Sequence[str]) -> str:
    """Return the first lines of a list, and how many more there are."""
    return "\n  ".join([*lines[:_SHOWN], *([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])])
