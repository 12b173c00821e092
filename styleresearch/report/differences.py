"""The differences to the reference as a table for a paper (booktabs)."""

from __future__ import annotations

import math

from styleresearch.evaluation.statistics.interval import LEVEL, Estimate
from styleresearch.report.choice import EVERYTHING, Choice, slug
from styleresearch.report.latex import escape_latex
from styleresearch.report.meantable import heading, interval_text, words_of
from styleresearch.report.numbers import MISSING, Scale, p_text
from styleresearch.report.records import Heading
from styleresearch.report.sheet import Entry, Row, Sheet
from styleresearch.report.summary import Cell, Summary

_VERDICTS = {"better": r"\mathbf{%s}", "worse": r"\mathit{%s}"}


def latex_text(summary: Summary, title: str, choice: Choice = EVERYTHING) -> str:
    """Return a block for each metric, the methods but the reference its rows.

    In a row are the difference, or the ratio, with its interval beneath, its p-value, that after correction, and the
    win rate with its interval.

    Raises:
        InputError: if the choice names a column that there is not.
    """
    assert summary.reference is not None  # the caller looked
    columns = [column for column in choice.headings(summary) if not column.cost]
    others = [method for method in choice.methods(summary) if method != summary.reference]
    groups = []
    for column in columns:
        rows = []
        for index, method in enumerate(others):
            cell = summary.cells[method.name, column.name]
            entries = [_difference(summary, cell, column), *_tests(cell), _wins(cell)]
            rule = bool(method.baseline and index and not others[index - 1].baseline)
            rows.append(Row(words_of(method.label), entries, rule))
        groups.append((" ".join(heading(summary, column, column.name not in summary.ratios)), rows))
    headings = [["Difference"], ["$p$"], [r"$p_{\mathrm{Holm}}$"], ["Wins"]]
    label = f"tab:{slug(title)}-differences"
    return Sheet("Method", headings, groups, _caption(summary, columns), label, choice.width).latex()


def _difference(summary: Summary, cell: Cell, column: Heading) -> Entry:
    found = cell.difference
    if found is None or not found.estimate.n:
        return Entry("--")
    scale = Scale() if found.ratio else summary.scales[column.name]
    mean, interval = interval_text(scale, *found.shown)
    sign = r"{\times}" if found.ratio else "+" if found.shown[0] > 0 else ""
    return Entry(f"${_VERDICTS.get(cell.verdict(column.better), '%s') % f'{sign}{mean}'}$", interval)


def _tests(cell: Cell) -> list[Entry]:
    p = math.nan if cell.difference is None else cell.difference.estimate.p
    return [Entry("--" if text == MISSING else f"${text}$") for text in map(p_text, (p, cell.p_holm))]


def _wins(cell: Cell) -> Entry:
    wins = None if cell.difference is None else cell.difference.wins
    if wins is None:
        return Entry("--")
    return Entry(rf"${100 * wins.mean:.0f}\,\%$", _ends(wins))


def _ends(wins: Estimate) -> str:
    return f"$[{100 * wins.lo:.0f},\\,{100 * wins.hi:.0f}]$" if math.isfinite(wins.lo) else ""


def _caption(summary: Summary, columns: list[Heading]) -> str:
    assert summary.reference is not None  # the caller of the caller looked
    ratios = any(column.name in summary.ratios for column in columns)
    sentences = [
        f"Differences to {escape_latex(summary.reference.label)} on the same pairs"
        + (r" ($\times$: ratio of geometric means, for losses)" if ratios else "")
        + f", with {100 * LEVEL:.0f}\\,\\% intervals; contents and styles are both random (two-way random effects, "
        "Student's $t$).",
        r"$p$: of the same $t$ statistic; $p_{\mathrm{Holm}}$: after Holm's correction over the methods and metrics of "
        "the whole comparison, floor baselines aside.",
        r"Bold: better, italic: worse (corrected $p\leq0.05$). Wins: share of pairs on which the method is better.",
    ]
    return " ".join(sentences)
