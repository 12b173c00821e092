"""Rows of the report's tables, as the template takes them."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.evaluation.statistics import Difference
from styleresearch.report.charts import column_axis, interval_mark
from styleresearch.report.numbers import MISSING, p_text
from styleresearch.report.records import Heading
from styleresearch.report.sets import SetSummary
from styleresearch.report.summary import Summary


def method_rows(summary: Summary) -> list[dict[str, Any]]:
    """Return a row per method: its means, intervals and what stands beside them."""
    axes = {column.name: column_axis(summary, column, 3.0, 93.0) for column in summary.columns}
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
                    "in_sample": cell.in_sample,
                    "missing": not estimate.n,
                    "mark": interval_mark(cell, axes[column.name]),
                }
            )
        rows.append({"method": method, "cells": cells})
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
            mean, lo, hi = summary.scales[column.name].interval(estimate.mean, estimate.lo, estimate.hi)
            cells.append(
                {
                    "mean": f"+{mean}" if estimate.mean > 0 else mean,
                    "interval": f"{lo} to {hi}" if math.isfinite(estimate.lo) else "",
                    "verdict": _verdict(found, column),
                    "wins": f"{100 * found.win_rate:.0f} %" if math.isfinite(found.win_rate) else MISSING,
                    "p": "" if method.baseline else p_text(found.p),
                    "p_holm": p_text(cell.p_holm),
                    "note": "" if estimate.n == summary.images else f"on {estimate.n} of {summary.images} images",
                    "one_sided": cell.in_sample != summary.cells[summary.reference.name, column.name].in_sample,
                }
            )
        rows.append({"method": method, "cells": cells})
    return rows


def _verdict(difference: Difference, column: Heading) -> str:
    """Say what the interval says: "better" or "worse" when it excludes 0, "unclear" when not, nothing without one."""
    estimate = difference.estimate
    if column.better is None or not math.isfinite(estimate.lo):
        return ""
    if estimate.lo <= 0 <= estimate.hi:
        return "unclear"
    return "better" if (estimate.mean < 0) == (column.better == "lower") else "worse"


def p_floor(summary: Summary) -> float:
    """Return the largest of the smallest p-values that the comparisons can reach; NaN when there is no test."""
    tested = [
        summary.cells[m.name, c.name].difference for m in summary.methods if not m.baseline for c in summary.columns
    ]
    floors = [difference.p_floor for difference in tested if difference is not None]
    return max((floor for floor in floors if math.isfinite(floor)), default=math.nan)
