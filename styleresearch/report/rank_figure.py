"""Ranks as a figure for a paper: how often each method's mean is first, second ... when pictures are drawn anew."""

from __future__ import annotations

import math
from typing import Any

from styleresearch.report.depth import Depth
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary

COLUMNS = 3
WIDTH = 4.75
"""Of the figure in inches: the text of LaTeX's article."""


def ranked(summary: Summary, depth: Depth) -> list[Heading]:
    """Return the metrics in which ranks are known."""
    known = {name for (_, name), ranks in depth.ranks.items() if ranks and math.isfinite(ranks[0])}
    return [column for column in summary.columns if column.name in known]


def draw_ranks(figure: Any, summary: Summary, depth: Depth) -> None:
    """Draw a panel for each metric, a bar for each method, dark for its best rank; the figure takes its size."""
    columns = ranked(summary, depth)
    rows = [m for m in summary.methods if any((m.name, column.name) in depth.ranks for column in columns)]
    across = min(COLUMNS, len(columns))
    down = math.ceil(len(columns) / across)
    figure.set_size_inches(WIDTH, (0.16 * len(rows) + 0.55) * down)
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axis, column in zip(axes, columns, strict=False):
        for at, method in enumerate(rows):
            left, ranks = 0.0, depth.ranks.get((method.name, column.name), ())
            for rank, share in enumerate(ranks):
                grey = str(0.2 + 0.75 * rank / max(len(ranks) - 1, 1))
                axis.barh(at, share, left=left, height=0.75, color=grey, edgecolor="white", linewidth=0.3)
                left += share
        axis.set_yticks(range(len(rows)))
        for label in axis.set_yticklabels([method.label for method in rows], fontsize=6):
            label.set_parse_math(False)
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=6)
        axis.set_title(column.label, fontsize=7, parse_math=False, wrap=True)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[len(columns) :]:
        axis.set_visible(False)
