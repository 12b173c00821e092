r"""Tables for papers that fit the column, or the page, that they stand in: broken into blocks, never cut or shrunk.

Columns that do not fit beside each other go below each other, rows that do not fit a page into further tables. Widths
are estimated for Computer Modern and a little too large. A font that is wider still is scaled (``\fitwidth``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from styleresearch.report.latex import preamble

Width = Literal["column", "page"]
POINTS: dict[Width, float] = {"column": 226.0, "page": 345.0}
"""Widths in pt of LaTeX's article, which are the narrowest: of one of two columns, and of a page of one."""
HEIGHT = 430.0
"""What a table may be high, in pt, with room for its caption on a page."""
_SIZES = ((r"\small", 0.925, 11.0), (r"\footnotesize", 0.85, 9.5))
"""Command, scale of the letters of 10 pt (those of small type are wider), and distance of lines in pt."""
_BENEATH = 0.94
"""Scale of what stands beneath: 7 pt in type of 8 pt."""
_GAP = 7.0
"""Between two columns, in pt."""
_LABEL = 0.36
"""Of the width: labels of rows that are longer are broken."""
_SILENT = (
    *("mathbf", "mathit", "mbox", "scriptsize", "emph", "textbf", "textit", "mathrm", "texttt", "frac", "unicodetext"),
    *("tilde", "hat", "bar", "acute", "grave", "ddot", "dot", "vec", "check", "breve", "mathring"),
)
NEEDS = (
    "% Made by styleresearch. Needs, in the preamble:",
    r"% \usepackage{booktabs,graphicx}",
    r"% \usepackage[T1]{fontenc}  (for letters outside ASCII; UTF-8 is LaTeX's default)",
)
_FIT = (
    r"\providecommand{\fitwidth}[1]{\sbox0{#1}\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}"
    r"\else\usebox0\fi}"
)


@dataclass(frozen=True)
class Entry:
    """A cell: LaTeX, and smaller LaTeX beneath it."""

    text: str
    beneath: str = ""


@dataclass(frozen=True)
class Row:
    """A row: its label, words between which it may be broken, and its cells.

    Attributes:
        label: LaTeX, a word each.
        entries: the cells.
        rule: whether a rule stands above it.
    """

    label: Sequence[str]
    entries: Sequence[Entry]
    rule: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        first: heading of the rows' labels.
        headings: of the columns, LaTeX, a word each.
        groups: (title, rows); a title of "" is none.
        caption: LaTeX.
        label: to refer to it by.
        width: of a column or of the page.
        keys: how many of the first columns tell rows apart: each block repeats them.
    """

    first: str
    headings: Sequence[Sequence[str]]
    groups: Sequence[tuple[str, Sequence[Row]]]
    caption: str
    label: str
    width: Width = "column"
    keys: int = 0

    def latex(self) -> str:
        """Return it as one table environment, or several, with what they need in their first lines."""
        blocks, size, line = self._blocks()
        floats: list[list[list[str]]] = [[]]
        used = 0.0
        for block in blocks:
            high = line * len(block)
            if floats[-1] and used + high > HEIGHT:
                floats.append([])
                used = 0.0
            floats[-1].append(block)
            used += high
        text = "\n".join(self._float(index, each, size) for index, each in enumerate(floats))
        return "\n".join([*NEEDS, *preamble(text), _FIT, text])

    def _float(self, index: int, blocks: Sequence[Sequence[str]], size: str) -> str:
        name = "table" if self.width == "column" else "table*"
        caption = self.caption if not index else rf"Table~\ref{{{self.label}}}, continued."
        label = self.label if not index else f"{self.label}-{index + 1}"
        lines = [
            rf"\begin{{{name}}}[t]",
            rf"  \centering{size}\setlength{{\tabcolsep}}{{{_GAP / 2:g}pt}}\emergencystretch=3em",
            rf"  \caption{{{caption}}}",
            rf"  \label{{{label}}}",
        ]
        for at, block in enumerate(blocks):
            lines += [r"  \par\medskip" if at else r"  \smallskip", *block]
        return "\n".join([*lines, rf"\end{{{name}}}", ""])

    def _blocks(self) -> tuple[list[list[str]], str, float]:
        """Return the blocks as lines of LaTeX, the size of their type, and the distance of their lines."""
        best: tuple[int, list[list[int]], str, float, float] | None = None
        for size, scale, line in _SIZES:
            parts = self._parts(POINTS[self.width] / scale)
            if best is None or len(parts) < best[0]:
                best = len(parts), parts, size, scale, line
        assert best is not None  # there are sizes
        _, parts, size, scale, line = best
        room = POINTS[self.width] / scale
        blocks = []
        for part in parts:
            head = self._head(part)
            most = max(1, int(HEIGHT / line) - len(head) - 2)
            chunks: list[list[str]] = [[]]
            for title, rows in self.groups:
                for at, row in enumerate(rows):
                    lines = self._row(row, part, room)
                    if title and not at:
                        lines = [*([r"    \midrule"] if chunks[-1] else []), _title(title, len(part)), *lines]
                    if chunks[-1] and len(chunks[-1]) + len(lines) > most:
                        again = [_title(title, len(part))] if title and at else []
                        chunks.append([*again, *(each for each in lines if "midrule" not in each)])
                    else:
                        chunks[-1] += lines
            blocks += [[*head, *chunk, r"    \bottomrule", r"  \end{tabular}}"] for chunk in chunks]
        return blocks, size, line

    def _parts(self, room: float) -> list[list[int]]:
        """Return which columns stand beside each other: as many as fit, evenly."""
        first = list(range(self.keys))
        label, widths = self._label(room), [self._column(at) for at in range(len(self.headings))]

        def fits(part: list[int]) -> bool:
            return label + sum(widths[at] + _GAP for at in part) <= room

        count = len(widths) - self.keys
        for parts in range(1, count + 1):
            edges = [self.keys + round(count * at / parts) for at in range(parts + 1)]
            found = [[*first, *range(a, b)] for a, b in itertools.pairwise(edges)]
            if all(map(fits, found)) or parts == count:
                return found
        return [first]

    def _label(self, room: float) -> float:
        rows = [row for _, group in self.groups for row in group]
        lines = [line for row in rows for line in _broken(row.label, room * _LABEL)]
        return max([width_of(self.first), *map(width_of, lines)])

    def _column(self, at: int) -> float:
        cells = [row.entries[at] for _, group in self.groups for row in group]
        inner = max(max(width_of(each.text), _BENEATH * width_of(each.beneath)) for each in cells)
        return max(inner, *(width_of(line) for line in self._heading(at, inner)))

    def _heading(self, at: int, room: float | None = None) -> list[str]:
        if room is None:
            cells = [row.entries[at] for _, group in self.groups for row in group]
            room = max(max(width_of(each.text), _BENEATH * width_of(each.beneath)) for each in cells)
        return _broken(self.headings[at], max(room, 30.0))

    def _head(self, part: list[int]) -> list[str]:
        headings = [self._heading(at) for at in part]
        high = max(map(len, headings))
        rows = []
        for line in range(high):
            # At the bottom of the head, as in print.
            cells = [found[line - high + len(found)] if line >= high - len(found) else "" for found in headings]
            rows.append("    " + " & ".join([self.first if line == high - 1 else "", *cells]) + r" \\")
        columns = "l" + "r" * len(part)
        return [rf"  \fitwidth{{\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"    \toprule", *rows, r"    \midrule"]

    def _row(self, row: Row, part: list[int], room: float) -> list[str]:
        label = _broken(row.label, room * _LABEL)
        # The end of the line before, and a rule, would take a bracket or a star for an argument of theirs.
        label = [f"{{}}{text}" if text.startswith(("[", "*")) else text for text in label]
        cells = [row.entries[at] for at in part]
        beneath = any(cell.beneath for cell in cells)
        lines = [r"    \midrule"] if row.rule else []
        for at in range(max(len(label), 1 + beneath)):
            texts = [
                cell.text if at == 0 else rf"\scriptsize {cell.beneath}" if at == 1 and cell.beneath else ""
                for cell in cells
            ]
            lines.append("    " + " & ".join([label[at] if at < len(label) else "", *texts]) + r" \\")
        return lines


def _title(title: str, columns: int) -> str:
    return rf"    \multicolumn{{{columns + 1}}}{{@{{}}l@{{}}}}{{\emph{{{title}}}}} \\"


def _broken(words: Sequence[str], room: float) -> list[str]:
    """Return words as lines of at most a width, where they allow it."""
    lines: list[str] = []
    for word in words:
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines or [""]


def width_of(latex: str) -> float:
    """Return the width of LaTeX in pt at 10 pt, estimated: rather too much than too little."""
    bold = 1.16 if r"\mathbf" in latex or r"\textbf" in latex else 1.0
    text = re.sub(r"\\[\"'`^~=.]", "", latex)
    total = 0.0
    for command in re.findall(r"\\([A-Za-z]+|.)", text):
        total += 0.0 if command in _SILENT else 2.8 if command == "," else 8.5
    plain = re.sub(r"\\([A-Za-z]+ ?|.)", "", text)
    total += sum(map(_letter, re.sub(r"[{}$^_]", "", plain)))
    return bold * total


def _letter(letter: str) -> float:
    if letter in "ijl.,:;!'|[]() ":
        return 3.4
    if letter.isdigit() or letter in "cefrstz":
        return 5.0
    if letter in "mwMW" or ord(letter) > 0x2E7F:
        return 10.4
    if letter.isupper() or letter in "-+=<>%&":
        return 7.8
    return 5.6
