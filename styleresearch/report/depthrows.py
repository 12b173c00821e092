"""Rows of the tables that fold out under the means, as the template takes them."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.evaluation.statistics.components import REPEAT, REST
from styleresearch.report.depth import Depth
from styleresearch.report.numbers import MISSING
from styleresearch.report.planning import Reach, design_text, needs_of
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary

SOURCES = {
    "style": "style",
    "content": "content",
    "method": "method",
    REST: "particular combinations",
    REPEAT: "seed",
}
"""What variation comes from -> its name for people, in the order in which it is told."""


def middle_rows(summary: Summary, depth: Depth, metrics: list[Heading]) -> list[dict[str, Any]]:
    """Return a row per method: its interquartile means and its places between the floors."""
    rows = []
    for method in summary.methods:
        cells = []
        for column in metrics:
            found, place = depth.middle[method.name, column.name], depth.floors[method.name, column.name]
            mean, lo, hi = summary.scales[column.name].interval(found.mean, found.lo, found.hi)
            between = f"{place:.2f}".replace("-", "−") if math.isfinite(place) else ""
            ends = f"{lo} to {hi}" if math.isfinite(found.lo) else ""
            cells.append({"mean": mean, "interval": ends, "floors": between})
        rows.append({"method": method, "cells": cells})
    return rows


def rank_rows(summary: Summary, depth: Depth, metrics: list[Heading]) -> list[dict[str, Any]]:
    """Return a row per method that competes in some metric: how often it is best, and all its ranks as a text."""
    rows = []
    for method in summary.methods:
        cells = []
        for column in metrics:
            ranks = depth.ranks.get((method.name, column.name), ())
            told = ", ".join(f"rank {rank}: {_percent(share)}" for rank, share in enumerate(ranks, 1))
            known = bool(ranks) and math.isfinite(ranks[0])
            cells.append({"best": _percent(ranks[0]) if known else MISSING, "all": told if known else ""})
        if any(cell["all"] for cell in cells):
            rows.append({"method": method, "cells": cells})
    return rows


def rank_bars(summary: Summary, depth: Depth, metrics: list[Heading]) -> list[tuple[Heading, list[dict[str, Any]]]]:
    """Return for each metric the bars of the methods that compete: how often each has each rank, paler from best on."""
    found = []
    for column in metrics:
        bars = []
        for method in summary.methods:
            shares = depth.ranks.get((method.name, column.name), ())
            if shares and math.isfinite(shares[0]):
                parts = [
                    {
                        "rank": rank,
                        "share": share,
                        "text": _percent(share),
                        "shade": 100 * (1 - (rank - 1) / len(shares)),
                    }
                    for rank, share in enumerate(shares, 1)
                    if share
                ]
                told = ", ".join(f"rank {part['rank']}: {part['text']}" for part in parts)
                bars.append({"method": method, "parts": parts, "told": told})
        if bars:
            found.append((column, bars))
    return found


def variance_rows(depth: Depth, metrics: list[Heading]) -> list[dict[str, Any]]:
    """Return a row per metric whose variation is known: the share of each source, in percent."""
    rows = []
    for column in metrics:
        split = depth.variances[column.name]
        if split and (total := sum(split.values())) > 0:
            shares = [
                (source, name, 100 * split[source] / total) for source, name in SOURCES.items() if source in split
            ]
            rows.append({"column": column, "shares": shares})
    return rows


def reach_rows(summary: Summary, depth: Depth, metrics: list[Heading]) -> list[dict[str, Any]]:
    """Return a row per metric: the smallest difference that is found, and what half of it needs."""
    rows = []
    for column in metrics:
        reach = depth.reaches[column.name]
        if math.isfinite(reach.smallest):
            rows.append({"column": column, "smallest": reach.text(reach.smallest), **_half(reach, summary)})
    return rows


def _half(reach: Reach, summary: Summary) -> dict[str, str]:
    found = needs_of(reach, reach.smallest / 2, summary.contents, summary.styles)
    needs = design_text(found.fewest) if reach.variances else reach.reason
    return {"half": reach.text(found.difference), "needs": needs}


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if not 0 < share < 0.005 else "<1 %"
