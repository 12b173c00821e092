"""Performance profiles as a figure for a paper: a panel for each metric, a curve with its band for each method."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.report.depth import Depth
from styleresearch.report.profiles import profile_axis, steps
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary

COLUMNS = 3
INCHES = (2.3, 1.9)
"""Width and height of a panel."""


def profiled(summary: Summary, depth: Depth) -> list[Heading]:
    """Return the metrics that have a profile to draw."""
    return [column for column in summary.columns if any(name == column.name for _, name in depth.profiles)]


def draw_profiles(figure: Any, summary: Summary, depth: Depth) -> None:
    """Draw the profiles of all metrics; the figure takes the size that they need."""
    columns = profiled(summary, depth)
    across = min(COLUMNS, len(columns))
    down = math.ceil(len(columns) / across)
    figure.set_size_inches(INCHES[0] * across, INCHES[1] * down + 0.3)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for axis, column in zip(axes, columns, strict=False):
        _draw(axis, summary, depth, column)
    for axis in axes[len(columns) :]:
        axis.set_visible(False)
    handles = {line.get_label(): line for axis in axes for line in axis.get_lines()}
    legend = figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4, frameon=False)
    for text in legend.get_texts():  # what a user wrote is no formula
        text.set_parse_math(False)


def _draw(axis: Any, summary: Summary, depth: Depth, column: Heading) -> None:
    rising = column.better == "lower"
    drawn = {
        index: (method.label, depth.profiles[method.name, column.name])
        for index, method in enumerate(summary.methods)
        if (method.name, column.name) in depth.profiles
    }
    scale = profile_axis([profile for _, profile in drawn.values()], 0.0, 1.0)
    lo, hi = (scale.lo, scale.hi) if scale else axis.get_xlim()
    for index, (label, profile) in drawn.items():
        line, lower, upper = (
            list(zip(*steps(profile, shares, rising, lo, hi), strict=True))
            for shares in (profile.shares, profile.lo, profile.hi)
        )
        colour = f"C{index % 10}"
        axis.plot(*line, color=colour, linewidth=1.2, label=label)
        axis.fill_between(lower[0], lower[1], upper[1], color=colour, alpha=0.12, linewidth=0)
    axis.set_xscale("log" if scale and scale.logarithmic else "linear")
    axis.set_xlim(lo, hi)
    axis.set_ylim(0, 1.02)
    axis.locator_params(axis="y", nbins=4)
    if not (scale and scale.logarithmic):
        axis.locator_params(axis="x", nbins=4)
    axis.set_xlabel(f"{column.label} {'≤' if rising else '≥'}", parse_math=False)
    axis.spines[["top", "right"]].set_visible(False)
