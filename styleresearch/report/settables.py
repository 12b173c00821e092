"""Values over sets as ``sets.csv`` (tidy, full precision) and ``sets.tex`` (booktabs, ready for a paper)."""

from __future__ import annotations

import csv
import io
import math

from styleresearch.report.choice import EVERYTHING, Choice, slug
from styleresearch.report.latex import escape_latex
from styleresearch.report.meantable import interval_text, words_of
from styleresearch.report.records import Heading
from styleresearch.report.sets import SetSummary
from styleresearch.report.sheet import Entry, Row, Sheet
from styleresearch.report.tables import row_texts, spreadsheet_text

CSV_COLUMNS = (
    "method", "label", "baseline", "metric", "unit", "better", "value", "lo", "hi", "half", "seeds",
    "images", "contents", "styles", "comparable", "best", "note",
)  # fmt: skip


def csv_text(summary: SetSummary) -> str:
    """Return one line per method and metric; ``lo`` and ``hi`` are the smallest and largest value of a seed.

    ``half`` is the value over half of the images. Missing numbers are empty fields; ``note`` says why one is missing,
    or is not ranked.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for method in summary.methods:
        pictures = summary.pictures[method.name]
        for column in summary.columns:
            cell = summary.cells[method.name, column.name]
            notes = [cell.reason, f"not ranked: {cell.apart}" if cell.apart else ""]
            texts = row_texts(method, column, notes)
            row: dict[str, object] = {
                "baseline": int(method.baseline),
                "seeds": cell.seeds,
                "images": pictures.outputs,
                "contents": pictures.contents,
                "styles": pictures.styles,
                "comparable": int(bool(cell.seeds) and not cell.apart),
                "best": int(cell.best),
            }
            row |= {name: spreadsheet_text(text) for name, text in texts.items()}
            if cell.seeds:
                row |= {"value": repr(cell.mean), "lo": repr(cell.lo), "hi": repr(cell.hi)}
                row |= {"half": repr(cell.half)} if math.isfinite(cell.half) else {}
            writer.writerow({name: row.get(name, "") for name in CSV_COLUMNS})
    return out.getvalue()


def latex_text(summary: SetSummary, title: str, choice: Choice = EVERYTHING) -> str:
    """Return methods by metrics as a table for a paper (booktabs), floor baselines below a rule."""
    methods = [method for method in summary.methods if choice.floors or not method.baseline] or list(summary.methods)
    rows = []
    for index, method in enumerate(methods):
        pictures = summary.pictures[method.name]
        counts = [Entry(str(pictures.outputs)), Entry(str(pictures.styles))]
        cells = [_cell(summary, method.name, column.name) for column in summary.columns]
        rule = bool(method.baseline and index and not methods[index - 1].baseline)
        rows.append(Row(words_of(method.label), [*counts, *cells], rule))
    headings = [["Images"], ["Styles"], *(_heading(summary, column) for column in summary.columns)]
    label = f"tab:{slug(title)}-sets"
    return Sheet("Method", headings, [("", rows)], _caption(summary), label, choice.width).latex()


def _heading(summary: SetSummary, column: Heading) -> list[str]:
    arrow = {"lower": [r"$\downarrow$"], "higher": [r"$\uparrow$"], None: []}[column.better]
    exponent = summary.scales[column.name].exponent
    return [*words_of(column.label), *([rf"[$10^{{{exponent}}}$]"] if exponent else []), *arrow]


def _cell(summary: SetSummary, method: str, name: str) -> Entry:
    cell = summary.cells[method, name]
    if not cell.seeds:
        return Entry("--")
    mean, interval = interval_text(summary.scales[name], cell.mean, cell.lo, cell.hi)
    text = rf"\mathbf{{{mean}}}" if cell.best else mean
    mark = r"^{\ddagger}" if cell.apart else ""
    return Entry(f"${text}{mark}$", interval if cell.seeds > 1 else "")


def _caption(summary: SetSummary) -> str:
    sentences = ["One value for all images of a method, without an interval."]
    if summary.seeds > 1:
        sentences.append("Mean over seeds; in brackets the smallest and the largest.")
    if any(cell.best for cell in summary.cells.values()):
        sentences.append("Bold: best method.")
    if summary.unranked:
        sentences.append(rf"$\ddagger$ Not comparable, hence not ranked: {escape_latex('; '.join(summary.unranked))}.")
    sentences += [f"{escape_latex(reason)}." for reason in summary.missing + summary.lone]
    return " ".join(sentences)
