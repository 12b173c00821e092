"""Loss curves as a figure for a paper: a panel for each term, a line for each method."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from styleresearch.report.curves import Curve, geometric_mean, term_names
from styleresearch.report.records import RunRecords

COLUMNS = 3
WIDTH = 4.75
"""Of the figure in inches: the text of LaTeX's article."""


def draw_curves(figure: Any, run: RunRecords, curves: Sequence[Curve]) -> None:
    """Draw the geometric mean over the pairs of each term of each method; the figure takes its size.

    Args:
        figure: an empty one of matplotlib.
        run: the run.
        curves: its curves, of which some term has a value above 0.
    """
    terms = term_names(curves)
    across = min(COLUMNS, len(terms))
    down = math.ceil(len(terms) / across)
    figure.set_size_inches(WIDTH if across > 1 else WIDTH / 2, 1.7 * down + 0.3)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    handles = {}
    for axis, term in zip(axes, terms, strict=False):
        for index, method in enumerate(run.methods):
            drawn = []
            for curve in curves:
                values = curve.terms.get(term) if curve.method == method.name else None
                if values is not None and (keep := np.isfinite(values) & (values > 0)).any():
                    drawn.append((curve.evaluations[keep], values[keep]))
            if drawn:
                (handles[method.label],) = axis.plot(*geometric_mean(drawn), color=f"C{index % 10}", linewidth=1)
        axis.set_yscale("log")
        axis.set_title(term, fontsize=7, parse_math=False)
        axis.tick_params(labelsize=6)
        axis.set_xlabel("evaluations", fontsize=6)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[len(terms) :]:
        axis.set_visible(False)
    legend = figure.legend(
        handles.values(), handles.keys(), loc="outside upper center", ncols=3, frameon=False, fontsize=6
    )
    for text in legend.get_texts():  # what a user wrote is no formula
        text.set_parse_math(False)
