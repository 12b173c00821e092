"""The comparison as ``table.csv`` (tidy, full precision) and ``table.tex`` (booktabs, ready for a paper)."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

from styleresearch.report.depth import Depth
from styleresearch.report.latex import escape_latex, preamble
from styleresearch.report.numbers import MISSING
from styleresearch.report.planning import Reach
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Cell, Summary
from styleresearch.report.variants import axes_of, places
from styleresearch.report.variants import row_label as shared_label
from styleresearch.store.record import MethodName

CSV_COLUMNS = (
    "method", "label", "baseline", "metric", "unit", "better",
    "mean", "lo", "hi", "n", "comparable", "best", "tied", "in_sample", "iqm", "iqm_lo", "iqm_hi", "p_best",
    "between_floors", "reference", "delta_to_reference", "delta_lo", "delta_hi", "ratio_to_reference", "ratio_lo",
    "ratio_hi", "delta_n", "win_rate", "win_lo", "win_hi", "p", "p_holm", "smallest_difference", "note",
)  # fmt: skip

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=['\t\r\n]|\s*[=+\-@＝＋－＠])")
"""Where a spreadsheet that splits at commas, semicolons, tabs or ends of lines would begin to read a formula."""


_NEEDS = (
    "% Made by styleresearch. Needs, in the preamble:",
    r"% \usepackage{booktabs}",
    r"% \usepackage[T1]{fontenc}  (for letters outside ASCII; UTF-8 is LaTeX's default)",
    r"% \usepackage{graphicx}  (if a wide table is to be put into \resizebox)",
)


def row_texts(method: MethodName, column: Heading, notes: Iterable[str]) -> dict[str, str]:
    """Return the texts of a line of any table for programs: whose value it is, of what, and what to know of it."""
    return {
        "method": method.name,
        "label": method.label,
        "metric": column.name,
        "unit": column.unit,
        "better": column.better or "",
        "note": "; ".join(note for note in notes if note),
    }


def csv_text(summary: Summary, depth: Depth) -> str:
    """Return one line per method and column: mean, interval, and the paired difference to the reference.

    Where methods are compared by ratio, that has the interval and ``delta_to_reference`` has none, and
    ``smallest_difference``, the one that this design finds, is a factor too.

    Missing numbers are empty fields. ``comparable`` is 1 for a mean that may be set beside the others of its metric;
    ``note`` says why one may not, why there is no difference, and why an interval is missing or weaker. Texts are
    ``spreadsheet_text``.
    """
    out = io.StringIO()
    axes = axes_of(summary.methods)
    columns = (*CSV_COLUMNS, *(["variant_of"] if axes else []), *(f"sweep.{axis}" for axis in axes))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for method in summary.methods:
        for column in summary.columns:
            cell = summary.cells[method.name, column.name]
            notes = [cell.estimate.reason]
            if cell.estimate.n and cell.apart:
                notes.append(f"not ranked: {cell.apart}")
            if cell.no_difference and summary.reference is not None:
                notes.append(f"no difference to {summary.reference.name}: {cell.no_difference}")
            texts = row_texts(method, column, notes)
            row: dict[str, object] = {
                "baseline": int(method.baseline),
                "n": cell.estimate.n,
                "comparable": int(cell.comparable),
                "best": int(cell.best),
                "tied": int(cell.tied),
                "in_sample": int(cell.in_sample),
            }
            numbers = {"mean": cell.estimate.mean, "lo": cell.estimate.lo, "hi": cell.estimate.hi}
            if (middle := depth.middle.get((method.name, column.name))) is not None:
                numbers |= {"iqm": middle.mean, "iqm_lo": middle.lo, "iqm_hi": middle.hi}
                numbers["between_floors"] = depth.floors[method.name, column.name]
            if ranks := depth.ranks.get((method.name, column.name)):
                numbers["p_best"] = ranks[0]
            if cell.difference is not None and summary.reference is not None:
                texts["reference"] = summary.reference.name
                row["delta_n"] = cell.difference.estimate.n if not cell.difference.wins else cell.difference.wins.n
                numbers |= _difference_numbers(cell, depth.reaches[column.name])
            if method.variant is not None:
                texts["variant_of"] = method.variant.method
                texts |= {f"sweep.{axis}": str(value) for axis, value in method.variant.values}
            row |= {name: spreadsheet_text(text) for name, text in texts.items()}
            row |= {name: repr(number) for name, number in numbers.items() if math.isfinite(number)}
            writer.writerow({name: row.get(name, "") for name in columns})
    return out.getvalue()


def _difference_numbers(cell: Cell, reach: Reach) -> dict[str, float]:
    """Return the numbers of a difference to the reference by the names of their columns."""
    found = cell.difference
    assert found is not None  # the caller looked
    middle, lo, hi = found.shown
    numbers = {"delta_to_reference": found.plain, "p": found.estimate.p, "p_holm": cell.p_holm}
    numbers |= (
        {"ratio_to_reference": middle, "ratio_lo": lo, "ratio_hi": hi}
        if found.ratio
        else {"delta_lo": lo, "delta_hi": hi}
    )
    if found.wins is not None:
        numbers |= {"win_rate": found.wins.mean, "win_lo": found.wins.lo, "win_hi": found.wins.hi}
    numbers["smallest_difference"] = math.exp(min(reach.smallest, 700.0)) if found.ratio else reach.smallest
    return numbers


def spreadsheet_text(text: str) -> str:
    """Return a text with ``'`` wherever a spreadsheet would take what follows for a formula and run it.

    Spreadsheets do so behind ``=``, ``+``, ``-``, ``@``, tabs and ends of lines. A text that begins with ``'`` gets
    another, so that a program that reads the table takes one away and has the text.

    Source: OWASP, "CSV injection".
    """
    return _FORMULA.sub("'", text.replace("\0", ""))


def describe_run(run: RunRecords) -> dict[str, str]:
    """Return the facts that a table must state, as texts: encoder, convention, digest, size, config (may be empty)."""
    encoders = [encoder for encoder in run.provenance("encoder") if isinstance(encoder, dict)]

    def joined(key: str, length: int) -> str:
        values = dict.fromkeys(str(encoder[key]) for encoder in encoders if encoder.get(key))
        return ", ".join(value[:length] for value in values)

    sides = [min(record.size) for record in run.records.values() if record.size]
    span = "" if not sides else str(min(sides)) if min(sides) == max(sides) else f"{min(sides)}–{max(sides)}"
    return {
        "encoder": joined("weights", 60) or joined("name", 60),
        "convention": joined("convention", 60),
        "digest": joined("digest", 12),
        "size": f"{span} px short side" if span else "",
        "config": ", ".join(str(value)[:12] for value in run.provenance("config_hash")),
    }


def latex_text(summary: Summary, run: RunRecords) -> str:
    """Return a ``table`` environment for the booktabs package: methods by columns, floor baselines below a rule."""
    axes = axes_of(summary.methods)
    headings = [r"Method", *map(escape_latex, axes), *(_heading(summary, column) for column in summary.columns)]
    body: list[str] = []
    for index, method in enumerate(summary.methods):
        if method.baseline and index and not summary.methods[index - 1].baseline:
            body.append(r"    \midrule")
        cells = [_cell(summary, column, method) for column in summary.columns]
        where = ["--" if place == MISSING else escape_latex(place) for place in places(method, axes)]
        body.append("    " + " & ".join([_row_label(summary, method), *where, *cells]) + r" \\")
    return document(headings, body, _caption(summary, run), "tab:style-transfer-comparison")


def document(headings: Sequence[str], body: Sequence[str], caption: str, label: str) -> str:
    """Return a table environment, with what it needs in its first lines."""
    lines = [
        r"\begin{table}[t]",
        r"  \centering\small",
        rf"  \caption{{{caption}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{l{'r' * (len(headings) - 1)}}}",
        r"    \toprule",
        rf"    {' & '.join(headings)} \\",
        r"    \midrule",
        *body,
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    text = "\n".join(lines) + "\n"
    return "\n".join([*_NEEDS, *preamble(text), text])


def row_label(text: str) -> str:
    """Return a label for the beginning of a row."""
    label = escape_latex(text)
    # The end of the row before, and a rule, would take a bracket or a star for an argument of theirs.
    return f"{{}}{label}" if label.startswith(("[", "*")) else label


def _row_label(summary: Summary, method: MethodName) -> str:
    """Return a method's label, marked if one of its means is not ranked."""
    apart = any(standing.apart.get(method.name) for standing in summary.standings.values())
    return row_label(shared_label(method)) + (r"$^{\ddagger}$" if apart else "")


def _heading(summary: Summary, column: Heading) -> str:
    arrow = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", None: ""}[column.better]
    exponent = summary.scales[column.name].exponent
    power = rf"$10^{{{exponent}}}$" if exponent else ""
    unit = r"\,".join(part for part in (power, escape_latex(column.unit)) if part)
    mark = r"$^{\ddagger}$" if summary.unranked_column(column) else ""
    return f"{escape_latex(column.label)}{mark}{f' [{unit}]' if unit else ''}{arrow}"


def math_text(number: str) -> str:
    """Return a number of ``Scale`` in math mode's spelling."""
    mantissa, _, exponent = number.replace("−", "-").partition("e")
    if mantissa == MISSING:
        return r"\mbox{--}"
    return rf"{mantissa}{{\times}}10^{{{exponent}}}" if exponent else mantissa


def _cell(summary: Summary, column: Heading, method: MethodName) -> str:
    cell = summary.cells[method.name, column.name]
    estimate = cell.estimate
    if not estimate.n:
        return "--"
    mean, lo, hi = (math_text(n) for n in summary.scales[column.name].interval(estimate.mean, estimate.lo, estimate.hi))
    text = rf"\mathbf{{{mean}}}" if cell.best else mean
    marks = (
        r"\approx" * cell.tied
        + r"\dagger" * cell.in_sample
        + r"\ddagger" * (method.name in summary.standings[column.name].apart)
    )
    # As in the report, a constant has no interval to show.
    interval = f"_{{[{lo},\\,{hi}]}}" if math.isfinite(estimate.lo) and estimate.lo < estimate.hi else ""
    return f"${text}{f'^{{{marks}}}' if marks else ''}{interval}$"


def _caption(summary: Summary, run: RunRecords) -> str:
    facts = {name: escape_latex(text) for name, text in describe_run(run).items()}
    sentences = [
        f"Mean over {escape_latex(summary.design)} with 95\\,\\% intervals (two-way random effects of contents and "
        "styles, Student's $t$ with Satterthwaite's degrees of freedom)."
    ]
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
    if any(cell.best for cell in summary.cells.values()):
        aside = [
            *(["floor baselines"] if summary.methods[-1].baseline else []),
            *([r"$\ddagger$"] if summary.unranked else []),
        ]
        sentences.append("Bold: best method" + (f", {' and '.join(aside)} aside." if aside else "."))
    if any(cell.tied for cell in summary.cells.values()):
        sentences.append(
            r"$\approx$: no difference to the best could be shown (paired $t$ test, $p>0.05$ after Holm's correction)."
        )
    if any(cell.in_sample for cell in summary.cells.values()):
        sentences.append(r"$\dagger$: the method optimised this metric itself.")
    if summary.unranked:
        sentences.append(rf"$\ddagger$ Not comparable, hence not ranked: {escape_latex('; '.join(summary.unranked))}.")
    sentences += [escape_latex(remark) for remark in summary.remarks]
    if summary.caveat:
        sentences.append(escape_latex(summary.caveat))
    return " ".join(sentences)
