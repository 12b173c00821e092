"""The means as a table for a paper (booktabs)."""

from __future__ import annotations

import math

from styleresearch.report.choice import EVERYTHING, Choice, slug
from styleresearch.report.latex import escape_latex
from styleresearch.report.numbers import MISSING, Scale
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.sheet import Entry, Row, Sheet
from styleresearch.report.summary import Summary
from styleresearch.report.tables import describe_run
from styleresearch.report.variants import axes_of, places, row_label
from styleresearch.store.record import MethodName


def latex_text(summary: Summary, run: RunRecords, choice: Choice = EVERYTHING) -> str:
    """Return methods by columns, floor baselines below a rule.

    Raises:
        InputError: if the choice names a column that there is not.
    """
    columns, methods = choice.headings(summary), choice.methods(summary)
    axes = axes_of(summary.methods)
    rows = []
    for index, method in enumerate(methods):
        rule = bool(method.baseline and index and not methods[index - 1].baseline)
        apart = any(summary.standings[column.name].apart.get(method.name) for column in columns)
        words = marked(row_label(method), r"$^{\ddagger}$" if apart else "")
        where = [Entry("--" if place == MISSING else escape_latex(place)) for place in places(method, axes)]
        rows.append(Row(words, [*where, *(_cell(summary, column, method, choice) for column in columns)], rule))
    headings = [*map(words_of, axes), *(heading(summary, column) for column in columns)]
    label = f"tab:{slug(run.title)}"
    return Sheet(
        "Method", headings, [("", rows)], _caption(summary, run, choice), label, choice.width, len(axes)
    ).latex()


def words_of(text: str) -> list[str]:
    """Return a text as words of LaTeX, between which a line may end."""
    return [escape_latex(word) for word in text.split()] or [""]


def marked(text: str, mark: str) -> list[str]:
    """Return a text as words of LaTeX, with a mark at the last."""
    words = words_of(text)
    return [*words[:-1], words[-1] + mark]


def heading(summary: Summary, column: Heading, scaled: bool = True) -> list[str]:
    """Return the heading of a column: label, power of ten, unit, and which way is better."""
    arrow = {"lower": [r"$\downarrow$"], "higher": [r"$\uparrow$"], None: []}[column.better]
    exponent = summary.scales[column.name].exponent if scaled else 0
    power = rf"$10^{{{exponent}}}$" if exponent else ""
    unit = r"\,".join(part for part in (power, escape_latex(column.unit)) if part)
    mark = r"$^{\ddagger}$" if summary.unranked_column(column) else ""
    return [*marked(column.label, mark), *([f"[{unit}]"] if unit else []), *arrow]


def math_text(number: str) -> str:
    """Return a number of ``Scale`` in math mode's spelling."""
    mantissa, _, exponent = number.replace("−", "-").partition("e")
    if mantissa == MISSING:
        return r"\mbox{--}"
    return rf"{mantissa}{{\times}}10^{{{exponent}}}" if exponent else mantissa


def interval_text(scale: Scale, mean: float, lo: float, hi: float) -> tuple[str, str]:
    """Return a mean in math mode's spelling, and its interval as it stands beneath; empty where there is none."""
    texts = [math_text(text) for text in scale.interval(mean, lo, hi)]
    # As in the report, a constant has no interval to show.
    return texts[0], f"$[{texts[1]},\\,{texts[2]}]$" if math.isfinite(lo) and lo < hi else ""


def _cell(summary: Summary, column: Heading, method: MethodName, choice: Choice) -> Entry:
    cell = summary.cells[method.name, column.name]
    estimate, scale = cell.estimate, summary.scales[column.name]
    if not estimate.n:
        return Entry("--")
    mean, interval = interval_text(scale, estimate.mean, estimate.lo, estimate.hi)
    marks = (
        r"\approx" * cell.tied
        + r"\dagger" * cell.in_sample
        + r"\ddagger" * (method.name in summary.standings[column.name].apart)
    )
    text = (rf"\mathbf{{{mean}}}" if cell.best else mean) + (f"^{{{marks}}}" if marks else "")
    if choice.interval == "pm" and interval:
        half = (estimate.hi - estimate.lo) / 2
        return Entry(rf"${text}{{\pm}}{math_text(scale.interval(half, -half, half)[0])}$")
    return Entry(f"${text}$", interval if choice.interval == "beneath" else "")


def _caption(summary: Summary, run: RunRecords, choice: Choice) -> str:
    cells = [summary.cells[m.name, c.name] for m in choice.methods(summary) for c in choice.headings(summary)]
    facts = {name: escape_latex(text) for name, text in describe_run(run).items()}
    how = (
        " with 95\\,\\% intervals (two-way random effects of contents and styles, Student's $t$ with Satterthwaite's "
        "degrees of freedom)"
    )
    sentences = [f"Mean over {escape_latex(summary.design)}{'' if choice.interval == 'none' else how}."]
    if facts["encoder"]:
        sentences.append(
            f"Encoder {facts['encoder']}"
            + (f", {facts['convention']} convention" if facts["convention"] else "")
            + (f" (\\texttt{{{facts['digest']}}})" if facts["digest"] else "")
            + (f"; {facts['size']}" if facts["size"] else "")
            + "."
        )
    elif facts["size"]:
        sentences.append(f"Images: {facts['size']}.")
    if facts["config"]:
        sentences.append(rf"Config \texttt{{{facts['config']}}}.")
    if any(cell.best for cell in cells):
        aside = [
            *(["floor baselines"] if choice.methods(summary)[-1].baseline else []),
            *([r"$\ddagger$"] if any(cell.apart for cell in cells) else []),
        ]
        sentences.append("Bold: best method" + (f", {' and '.join(aside)} aside." if aside else "."))
    if any(cell.tied for cell in cells):
        sentences.append(
            r"$\approx$: no difference to the best could be shown (paired $t$ test, $p>0.05$ after Holm's correction)."
        )
    if any(cell.in_sample for cell in cells):
        sentences.append(r"$\dagger$: the method optimised this metric itself.")
    if unranked := summary.unranked_in(choice.headings(summary), choice.methods(summary)):
        sentences.append(rf"$\ddagger$ Not comparable, hence not ranked: {escape_latex('; '.join(unranked))}.")
    sentences += [escape_latex(remark) for remark in summary.remarks]
    if summary.caveat:
        sentences.append(escape_latex(summary.caveat))
    return " ".join(sentences)
