"""The comparison as ``table.csv`` (tidy, full precision) and ``table.tex`` (booktabs, ready for a paper)."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from styleresearch.report.numbers import MISSING
from styleresearch.report.records import Metric, RunRecords
from styleresearch.report.summary import Cell, Summary

CSV_COLUMNS = (
    "method", "label", "baseline", "metric", "unit", "better", "mean", "lo", "hi", "n", "best", "in_sample",
    "reference", "delta_to_reference", "delta_lo", "delta_hi", "delta_n", "win_rate", "p", "p_holm", "p_floor", "note",
)  # fmt: skip

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "%": r"\%",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        "×": r"$\times$",
        "–": "--",
        "\n": " ",
    }
)


def csv_text(summary: Summary) -> str:
    """Return one line per method and column: mean, interval, and the paired difference to the reference.

    Missing numbers are empty fields; ``note`` says why an interval is missing or weaker.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for method in summary.methods:
        for column in summary.columns:
            cell = summary.cells[method.name, column.name]
            row: dict[str, object] = {
                "method": method.name,
                "label": method.label,
                "baseline": int(method.baseline),
                "metric": column.name,
                "unit": column.unit,
                "better": column.better or "",
                "n": cell.estimate.n,
                "best": int(cell.best),
                "in_sample": int(cell.in_sample),
                "note": cell.estimate.reason,
            }
            numbers = {"mean": cell.estimate.mean, "lo": cell.estimate.lo, "hi": cell.estimate.hi}
            if cell.difference is not None and summary.reference is not None:
                found = cell.difference
                row |= {"reference": summary.reference.name, "delta_n": found.estimate.n}
                numbers |= {
                    "delta_to_reference": found.estimate.mean,
                    "delta_lo": found.estimate.lo,
                    "delta_hi": found.estimate.hi,
                    "win_rate": found.win_rate,
                    "p": found.p,
                    "p_holm": cell.p_holm,
                    "p_floor": found.p_floor,
                }
            row |= {name: repr(number) for name, number in numbers.items() if math.isfinite(number)}
            writer.writerow({name: row.get(name, "") for name in CSV_COLUMNS})
    return out.getvalue()


def escape_latex(text: str) -> str:
    """Return ``text`` as LaTeX that prints it; letters outside ASCII stay (UTF-8 is LaTeX's default encoding)."""
    return "".join(character for character in text.translate(_ESCAPES) if character.isprintable())


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
    headings = " & ".join([r"Method", *(_heading(summary, column) for column in summary.columns)])
    body: list[str] = []
    for index, method in enumerate(summary.methods):
        if method.baseline and index and not summary.methods[index - 1].baseline:
            body.append(r"    \midrule")
        cells = [_cell(summary, column, summary.cells[method.name, column.name]) for column in summary.columns]
        body.append("    " + " & ".join([escape_latex(method.label), *cells]) + r" \\")
    lines = [
        r"% Made by styleresearch. Needs \usepackage{booktabs}; a wide table also \usepackage{graphicx} (\resizebox).",
        r"\begin{table}[t]",
        r"  \centering\small",
        rf"  \caption{{{_caption(summary, run)}}}",
        r"  \label{tab:style-transfer-comparison}",
        rf"  \begin{{tabular}}{{l{'r' * len(summary.columns)}}}",
        r"    \toprule",
        rf"    {headings} \\",
        r"    \midrule",
        *body,
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _heading(summary: Summary, column: Metric) -> str:
    arrow = {"lower": r" $\downarrow$", "higher": r" $\uparrow$", None: ""}[column.better]
    exponent = summary.scales[column.name].exponent
    power = rf"$10^{{{exponent}}}$" if exponent else ""
    unit = r"\,".join(part for part in (power, escape_latex(column.unit)) if part)
    return f"{escape_latex(column.label)}{f' [{unit}]' if unit else ''}{arrow}"


def _math(number: str) -> str:
    """Return a number of ``Scale`` in math mode's spelling."""
    mantissa, _, exponent = number.replace("−", "-").partition("e")
    if mantissa == MISSING:
        return r"\mbox{--}"
    return rf"{mantissa}{{\times}}10^{{{exponent}}}" if exponent else mantissa


def _cell(summary: Summary, column: Metric, cell: Cell) -> str:
    estimate = cell.estimate
    if not estimate.n:
        return "--"
    mean, lo, hi = (_math(n) for n in summary.scales[column.name].interval(estimate.mean, estimate.lo, estimate.hi))
    text = rf"\mathbf{{{mean}}}" if cell.best else mean
    dagger = r"^{\dagger}" if cell.in_sample else ""
    # As in the report, a constant has no interval to show.
    interval = f"_{{[{lo},\\,{hi}]}}" if math.isfinite(estimate.lo) and estimate.lo < estimate.hi else ""
    return f"${text}{dagger}{interval}$"


def _caption(summary: Summary, run: RunRecords) -> str:
    facts = {name: escape_latex(text) for name, text in describe_run(run).items()}
    sentences = [
        f"Mean over {escape_latex(summary.design)} with 95\\,\\% percentile bootstrap intervals that resample contents "
        f"and styles independently ({summary.resamples} resamples, seed {summary.seed})."
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
        sentences.append("Bold: best method" + (", floor baselines aside." if summary.methods[-1].baseline else "."))
    if any(cell.in_sample for cell in summary.cells.values()):
        sentences.append(r"$\dagger$: the method optimised this metric itself.")
    if any(cell.estimate.n not in (0, summary.images) for cell in summary.cells.values()):
        sentences.append("Some means are over fewer images; see the report.")
    if summary.caveat:
        sentences.append(escape_latex(summary.caveat))
    return " ".join(sentences)


def write_tables(summary: Summary, run: RunRecords, directory: Path) -> tuple[Path, Path]:
    """Write ``table.csv`` and ``table.tex`` into ``directory`` and return their paths."""
    csv_path, latex_path = directory / "table.csv", directory / "table.tex"
    csv_path.write_text(csv_text(summary), encoding="utf-8")
    latex_path.write_text(latex_text(summary, run), encoding="utf-8")
    return csv_path, latex_path
