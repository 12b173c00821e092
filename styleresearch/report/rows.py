"""Rows of the report's tables, as the template takes them."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.evaluation.statistics.interval import CONSTANT, Estimate
from styleresearch.report.charts import column_axis, interval_mark
from styleresearch.report.numbers import Scale, p_text
from styleresearch.report.records import Heading
from styleresearch.report.sets import SetSummary
from styleresearch.report.summary import Summary
from styleresearch.report.variants import axes_of, places, row_label


def method_rows(summary: Summary) -> list[dict[str, Any]]:
    """Return a row per method: its means, intervals and what stands beside them."""
    marks = {column.name: column_axis(summary, column, 3.0, 93.0) for column in summary.columns}
    axes = axes_of(summary.methods)
    rows = []
    for method in summary.methods:
        cells = []
        for column in summary.columns:
            cell = summary.cells[method.name, column.name]
            estimate = cell.estimate
            mean, lo, hi = summary.scales[column.name].interval(estimate.mean, estimate.lo, estimate.hi)
            cells.append(
                {
                    "mean": mean,
                    # The interval of a constant (evaluations, the identity's content loss) says nothing that the mean
                    # does not.
                    "interval": f"{lo} to {hi}" if math.isfinite(estimate.lo) and estimate.lo < estimate.hi else "",
                    "reason": estimate.reason,
                    "apart": summary.standings[column.name].apart.get(method.name, ""),
                    "best": cell.best,
                    "tied": cell.tied,
                    "in_sample": cell.in_sample,
                    "missing": not estimate.n,
                    "mark": interval_mark(cell, marks[column.name]),
                }
            )
        rows.append({"method": method, "label": row_label(method), "places": places(method, axes), "cells": cells})
    return rows


def set_rows(sets: SetSummary) -> list[dict[str, Any]]:
    """Return a row per method: its values over all its images."""
    rows = []
    for method in sets.methods:
        cells = []
        for column in sets.columns:
            cell = sets.cells[method.name, column.name]
            mean, lo, hi = sets.scales[column.name].interval(cell.mean, cell.lo, cell.hi)
            several = cell.seeds > 1 and cell.lo < cell.hi
            half = sets.scales[column.name].text(cell.half) if math.isfinite(cell.half) else ""
            cells.append({"cell": cell, "mean": mean, "interval": f"{lo} to {hi}" if several else "", "half": half})
        rows.append({"method": method, "pictures": sets.pictures[method.name], "cells": cells})
    return rows


def difference_rows(summary: Summary, metrics: list[Heading]) -> list[dict[str, Any]]:
    """Return a row per method other than the reference; empty without a reference."""
    rows = []
    for method in summary.methods:
        if summary.reference is None or method == summary.reference:
            continue
        cells = []
        for column in metrics:
            cell = summary.cells[method.name, column.name]
            found = cell.difference
            if found is None:
                cells.append({"missing": cell.no_difference})
                continue
            estimate = found.estimate
            scale = Scale() if found.ratio else summary.scales[column.name]
            mean, lo, hi = scale.interval(*found.shown)
            sign = "× " if found.ratio and estimate.n else "+" if estimate.n and found.shown[0] > 0 else ""
            cells.append(
                {
                    "mean": f"{sign}{mean}",
                    "interval": f"{lo} to {hi}" if math.isfinite(estimate.lo) else "",
                    "verdict": cell.verdict(column.better),
                    "wins": share_text(found.wins),
                    "p": p_text(estimate.p) if math.isfinite(estimate.p) and not method.baseline else "",
                    "p_holm": p_text(cell.p_holm),
                    "note": _note(estimate, summary.images, found.ratio),
                    "one_sided": cell.in_sample != summary.cells[summary.reference.name, column.name].in_sample,
                }
            )
        rows.append({"method": method, "cells": cells})
    return rows


def share_text(wins: Estimate | None) -> str:
    """Write how often a method wins: "67 % (31 to 91)"; empty where that is not known."""
    if wins is None:
        return ""
    ends = f" ({100 * wins.lo:.0f} to {100 * wins.hi:.0f})" if math.isfinite(wins.lo) else ""
    return f"{100 * wins.mean:.0f} %{ends}"


def _note(estimate: Estimate, images: int, ratio: bool) -> str:
    """Say over which pairs a difference is where that is not all, and why it has no interval."""
    if not estimate.n:
        return "a value of 0 has no ratio" if ratio else ""
    notes = [] if estimate.n == images else [f"on {estimate.n} of {images} images"]
    if estimate.reason == CONSTANT:
        notes.append("the same on every pair, so no interval")
    return ", ".join(notes)
