"""What lies under the means, as the template takes it: a part that folds for each metric."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.report.depth import Depth
from styleresearch.report.numbers import MISSING
from styleresearch.report.profiles import profile_panels
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary


def depth_parts(summary: Summary, depth: Depth) -> list[dict[str, Any]]:
    """Return a part per metric with its rows, its split of the variance, what is found, and its profiles."""
    return [
        {
            "column": column,
            "rows": _rows(summary, depth, column),
            "variances": variance_text(depth, column),
            "reach": reach_text(depth, column),
            "panels": profile_panels(summary, depth, column),
        }
        for column in summary.columns
        if not column.cost
    ]


def _rows(summary: Summary, depth: Depth, column: Heading) -> list[dict[str, Any]]:
    rows = []
    for method in summary.methods:
        key = method.name, column.name
        middle = depth.middle[key]
        mean, lo, hi = summary.scales[column.name].interval(middle.mean, middle.lo, middle.hi)
        floor = depth.floors[key]
        rows.append(
            {
                "method": method,
                "middle": mean,
                "interval": f"{lo} to {hi}" if math.isfinite(middle.lo) else "",
                "floor": f"{floor:.2f}".replace("-", "−") if math.isfinite(floor) else MISSING,
                "ranks": [f"{100 * p:.0f} %" for p in depth.ranks.get(key, ()) if math.isfinite(p)],
            }
        )
    return rows


def variance_text(depth: Depth, column: Heading) -> str:
    """Write the split of the variance: "style 61 %, content 20 %, ..."; empty where it is not known."""
    parts = depth.variances[column.name] or {}
    whole = sum(parts.values())
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {100 * part / whole:.0f} %" for name, part in ordered) if whole > 0 else ""


def reach_text(depth: Depth, column: Heading) -> str:
    """Say which difference this design finds, or why that is not known."""
    reach = depth.reaches[column.name]
    if not math.isfinite(reach.smallest):
        return f"Which difference this design finds is not known: {reach.reason}."
    return f"Smallest difference that this design finds in 80 % of experiments: {reach.text(reach.smallest)}."
