"""The comparison as ``table.csv``: tidy, in full precision."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable

from styleresearch.report.depth import Depth
from styleresearch.report.planning import Reach
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Cell, Summary
from styleresearch.report.variants import axes_of
from styleresearch.store.record import MethodName

CSV_COLUMNS = (
    "method", "label", "baseline", "metric", "unit", "better",
    "mean", "lo", "hi", "n", "comparable", "best", "tied", "in_sample", "iqm", "iqm_lo", "iqm_hi", "p_best",
    "between_floors", "reference", "delta_to_reference", "delta_lo", "delta_hi", "ratio_to_reference", "ratio_lo",
    "ratio_hi", "delta_n", "win_rate", "win_lo", "win_hi", "p", "p_holm", "smallest_difference", "note",
)  # fmt: skip

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=['\t\r\n]|\s*[=+\-@＝＋－＠])")
"""Where a spreadsheet that splits at commas, semicolons, tabs or ends of lines would begin to read a formula."""


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
