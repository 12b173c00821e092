"""Tables that say which output was made from which content and style: CSV files, whichever program wrote them."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from styleresearch.errors import InputError

COLUMNS = ("output", "content", "style")
METHOD = "method"
"""A column that a table may have: which of several methods made the output."""
DELIMITERS = ",;\t|"
_SHOWN = 10


@dataclass(frozen=True)
class Row:
    """A row of a table, as the user wrote it: which output was made from which content and style, perhaps by whom."""

    output: str
    content: str
    style: str
    method: str = ""


def read_table(table: Path) -> tuple[tuple[Row, ...], int]:
    """Return the rows of a table, each once, and how many were there again.

    The columns are found by their names, whatever the delimiter, the capitals, the blanks around a cell, the ends of
    lines and the encoding mark; empty lines, comments (``# ...``) and further columns are passed over.

    Raises:
        InputError: if it cannot be read, lacks a column or has one twice, or has rows with empty cells or too many.
    """
    lines = list(io.StringIO(_text(table), newline=""))
    before = 0
    while before < len(lines) and (not (line := lines[before].strip()) or line.startswith(("#", "sep="))):
        before += 1
    header, lines = lines[before : before + 1], lines[before + 1 :]
    delimiter, names = _header(table, header)
    columns = (*COLUMNS, METHOD) if METHOD in names else COLUMNS
    rows, broken, wide = [], [], []
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for line in reader:
            cells = [cell.strip() for cell in line]
            found = [cells[at] if (at := names.index(name)) < len(cells) else "" for name in columns]
            # With all cells filled it is no comment: a picture may be called "#1.png".
            if not any(cells) or (cells[0].startswith("#") and not all(found)):
                continue
            if any(cells[len(names) :]):
                wide.append(before + 1 + reader.line_num)
            elif not all(found):
                broken.append(before + 1 + reader.line_num)
            else:
                rows.append(Row(*found))
    except csv.Error as error:
        raise InputError(f"cannot read the table {table}: {error}; give a UTF-8 CSV file") from error
    for numbers, what in (
        (broken, "empty cells in line {}; each needs {columns}"),
        (wide, "more cells than columns in line {}; put names that hold the delimiter in quotes"),
    ):
        if numbers:
            where = ", ".join(map(str, numbers[:_SHOWN]))
            needed = f"{', '.join(columns[:-1])} and {columns[-1]}"
            raise InputError(f"{table}: {what.format(where, columns=needed)}")
    once = tuple(dict.fromkeys(rows))
    return once, len(rows) - len(once)


def _text(table: Path) -> str:
    try:
        data = table.read_bytes()
        utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if utf_16 else "utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the table {table}: {getattr(error, 'strerror', None) or error}; give a UTF-8 CSV file"
        ) from error


def _header(table: Path, line: list[str]) -> tuple[str, list[str]]:
    """Return the delimiter, which is the one that makes columns of the header, and the names of the columns."""
    best, names = ",", []
    for delimiter in DELIMITERS:
        cells = [name.strip().casefold() for name in next(csv.reader(line, delimiter=delimiter), [])]
        if len(set(COLUMNS) & set(cells)) > len(set(COLUMNS) & set(names)):
            best, names = delimiter, cells
    if absent := sorted(set(COLUMNS) - set(names)):
        raise InputError(f"{table} has no column {', '.join(absent)}; it needs output, content, style")
    if twice := [name for name in (*COLUMNS, METHOD) if names.count(name) > 1]:
        raise InputError(f"{table} has the column {', '.join(twice)} twice; keep the one that is meant")
    return best, names
