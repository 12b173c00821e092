"""The differences to the reference as ``differences.tex`` (booktabs, ready for a paper)."""

from __future__ import annotations

import math

from styleresearch.report.latex import escape_latex
from styleresearch.report.numbers import Scale, p_text
from styleresearch.report.records import Heading
from styleresearch.report.rows import share_text
from styleresearch.report.summary import Cell, Summary
from styleresearch.report.tables import document, math_text, row_label

_VERDICTS = {"better": r"\mathbf{%s}", "worse": r"\mathit{%s}"}


def latex_text(summary: Summary) -> str:
    """Return a ``table`` environment: methods by metrics, without the reference; two lines for each method.

    The first has the difference, or the ratio, and its interval; the second the win rate and the corrected p-value.
    """
    assert summary.reference is not None  # the caller looked
    columns = [column for column in summary.columns if not column.cost]
    body: list[str] = []
    others = [method for method in summary.methods if method != summary.reference]
    for index, method in enumerate(others):
        if method.baseline and index and not others[index - 1].baseline:
            body.append(r"    \midrule")
        cells = [(summary.cells[method.name, column.name], column) for column in columns]
        first = [_difference(summary, cell, column) for cell, column in cells]
        second = [_support(cell) for cell, _ in cells]
        body.append("    " + " & ".join([row_label(method.label), *first]) + r" \\")
        body.append("    " + " & ".join(["", *second]) + r" \\")
    headings = [r"Method", *(_heading(summary, column) for column in columns)]
    return document(headings, body, _caption(summary), "tab:style-transfer-differences")


def _heading(summary: Summary, column: Heading) -> str:
    arrow = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", None: ""}[column.better]
    exponent = 0 if column.name in summary.ratios else summary.scales[column.name].exponent
    return f"{escape_latex(column.label)}{rf' [$10^{{{exponent}}}$]' if exponent else ''}{arrow}"


def _difference(summary: Summary, cell: Cell, column: Heading) -> str:
    found = cell.difference
    if found is None or not found.estimate.n:
        return "--"
    scale = Scale() if found.ratio else summary.scales[column.name]
    mean, lo, hi = (math_text(text) for text in scale.interval(*found.shown))
    sign = r"\times " if found.ratio else "+" if found.shown[0] > 0 else ""
    text = _VERDICTS.get(cell.verdict(column.better), "%s") % f"{sign}{mean}"
    interval = f"_{{[{lo},\\,{hi}]}}" if math.isfinite(found.estimate.lo) else ""
    return f"${text}{interval}$"


def _support(cell: Cell) -> str:
    if cell.difference is None:
        return ""
    parts = [f"wins {share_text(cell.difference.wins)}"] if cell.difference.wins else []
    if math.isfinite(cell.p_holm):
        p = p_text(cell.p_holm)
        parts.append(f"$p{p if p.startswith('<') else '=' + p}$")
    return rf"\scriptsize {', '.join(parts)}".replace("%", r"\,\%").replace(r" \,", r"\,") if parts else ""


def _caption(summary: Summary) -> str:
    assert summary.reference is not None  # the caller of the caller looked
    sentences = [f"Differences to {escape_latex(summary.reference.label)} on the same pairs"]
    if summary.ratios:
        sentences[0] += r" ($\times$: ratio of geometric means, for losses)"
    sentences[0] += (
        " with 95\\,\\% intervals; contents and styles are both random (two-way random effects, Student's $t$)."
    )
    sentences.append(
        "$p$: the same $t$ statistic, after Holm's correction over methods and metrics. Bold: better, italic: worse "
        "($p\\leq0.05$). Wins: share of pairs on which the method is better."
    )
    return " ".join(sentences)
