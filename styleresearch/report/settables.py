"""Values over sets as ``sets.csv`` (tidy, full precision) and ``sets.tex`` (booktabs, ready for a paper)."""

from __future__ import annotations

import csv
import io
import math

from styleresearch.report.latex import escape_latex
from styleresearch.report.sets import SetSummary
from styleresearch.report.tables import document, math_text, row_label, row_texts, spreadsheet_text

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


def latex_text(summary: SetSummary) -> str:
    """Return a ``table`` environment for the booktabs package: methods by metrics, floor baselines below a rule."""
    body: list[str] = []
    for index, method in enumerate(summary.methods):
        if method.baseline and index and not summary.methods[index - 1].baseline:
            body.append(r"    \midrule")
        cells = [_cell(summary, method.name, column.name) for column in summary.columns]
        pictures = summary.pictures[method.name]
        counts = [str(pictures.outputs), str(pictures.styles)]
        body.append("    " + " & ".join([row_label(method.label), *counts, *cells]) + r" \\")
    headings = [r"Method", "Images", "Styles", *(_heading(summary, column.name) for column in summary.columns)]
    return document(headings, body, _caption(summary), "tab:style-transfer-sets")


def _heading(summary: SetSummary, name: str) -> str:
    column = next(column for column in summary.columns if column.name == name)
    arrow = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", None: ""}[column.better]
    exponent = summary.scales[name].exponent
    return f"{escape_latex(column.label)}{rf' [$10^{{{exponent}}}$]' if exponent else ''}{arrow}"


def _cell(summary: SetSummary, method: str, name: str) -> str:
    cell = summary.cells[method, name]
    if not cell.seeds:
        return "--"
    mean, lo, hi = (math_text(text) for text in summary.scales[name].interval(cell.mean, cell.lo, cell.hi))
    text = rf"\mathbf{{{mean}}}" if cell.best else mean
    interval = f"_{{[{lo},\\,{hi}]}}" if cell.seeds > 1 and cell.lo < cell.hi else ""
    mark = r"^{\ddagger}" if cell.apart else ""
    return f"${text}{mark}{interval}$"


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
