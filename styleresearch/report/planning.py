"""What a comparison of this size can find, and which size a smaller difference needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.power import MOST, Variances, smallest_difference
from styleresearch.registry import nearest
from styleresearch.report.numbers import MISSING, Scale
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary


@dataclass(frozen=True)
class Reach:
    """Which differences to the reference are found in one column, by the spread of those that were measured.

    Attributes:
        column: of the differences.
        ratio: whether they are logarithms of ratios.
        smallest: the difference that this design finds; NaN where it is not known.
        variances: what is known of contents and styles; ``None`` where only one of them varied.
        reason: what is not known, and why; empty where all is.
        scale: how the numbers of the column are written.
    """

    column: Heading
    ratio: bool
    smallest: float
    variances: Variances | None
    reason: str
    scale: Scale

    def text(self, difference: float) -> str:
        """Write a difference: as a factor above 1 where methods are compared by their ratio."""
        if not math.isfinite(difference):
            return MISSING
        return f"× {Scale().text(math.exp(min(difference, 700.0)))}" if self.ratio else self.scale.text(difference)


@dataclass(frozen=True)
class Needs:
    """The designs that find a difference, as (contents, styles); ``None`` where none of up to 200 each does.

    Attributes:
        difference: in the units of ``Reach.smallest``.
        fewest: the design with the fewest pictures.
        more_contents: as many styles as there are now.
        more_styles: as many contents as there are now.
    """

    difference: float
    fewest: tuple[int, int] | None
    more_contents: tuple[int, int] | None
    more_styles: tuple[int, int] | None


def reach_of(summary: Summary, column: Heading) -> Reach:
    """Say what this design finds in a column, averaged over the methods that are compared with the reference."""
    ratio, scale = column.name in summary.ratios, summary.scales[column.name]
    own = [method for method in summary.methods if not method.baseline and method != summary.reference]
    differences = [summary.cells[method.name, column.name].difference for method in own]
    estimates = [found.estimate for found in differences if found is not None]
    spreads = [estimate.spread for estimate in estimates if estimate.spread is not None]
    if not spreads:
        why = next((each.reason for each in estimates if each.reason), "there are no two methods to compare")
        return Reach(column, ratio, math.nan, None, why, scale)
    smallest = float(np.mean([smallest_difference(spread) for spread in spreads]))
    variances = Variances.of(spreads)
    crossed = "" if variances else next(each.reason for each in estimates if each.spread is not None)
    return Reach(column, ratio, smallest, variances, crossed, scale)


def needs_of(reach: Reach, difference: float, contents: int, styles: int) -> Needs:
    """Say which designs find a difference, where this one has so many contents and styles."""
    if reach.variances is None:
        return Needs(difference, None, None, None)
    return Needs(
        difference,
        reach.variances.needed(difference),
        reach.variances.needed(difference, styles=styles),
        reach.variances.needed(difference, contents=contents),
    )


def plan_lines(summary: Summary, metric: str | None = None, difference: float | None = None) -> list[str]:
    """Say in lines for people what the design of a run finds, and what a difference needs.

    Args:
        summary: of the pilot.
        metric: of this metric alone; ``None`` for all.
        difference: to be found, as a factor where methods are compared by ratio; ``None``: half of the smallest one.

    Raises:
        InputError: if there is no such metric, or the difference is none.
    """
    metrics = {column.name: column for column in summary.columns if not column.cost}
    if metric is not None and metric not in metrics:
        raise InputError(f"no metric {metric!r}.{nearest(metric, list(metrics))} There are: {list(metrics)}")
    lines = [f"pilot: {summary.design}"]
    for column in metrics.values() if metric is None else [metrics[metric]]:
        reach = reach_of(summary, column)
        lines.append(f"{column.label} ({column.name})")
        if not math.isfinite(reach.smallest):
            lines.append(f"  not known: {reach.reason}")
            continue
        lines.append(f"  this design finds {reach.text(reach.smallest)} in 80 % of experiments")
        if reach.variances is None:
            lines.append(f"  what another design finds is not known: {reach.reason}")
            continue
        needs = needs_of(reach, _wanted(reach, difference), summary.contents, summary.styles)
        wanted = reach.text(needs.difference)
        lines.append(f"  {wanted}, fewest pictures: {_size(needs.fewest)}")
        lines.append(f"  {wanted}, as many styles as now: {_size(needs.more_contents)}")
        lines.append(f"  {wanted}, as many contents as now: {_size(needs.more_styles)}")
    return lines


def _wanted(reach: Reach, difference: float | None) -> float:
    if difference is None:
        return reach.smallest / 2
    if not math.isfinite(difference) or difference <= 0 or (reach.ratio and difference == 1):
        what = "a factor other than 1, such as 1.2 or 0.8" if reach.ratio else "a number above 0"
        raise InputError(f"{difference:g} is no difference in {reach.column.label}; give {what}")
    return abs(math.log(difference)) if reach.ratio else difference


def _size(design: tuple[int, int] | None) -> str:
    if design is None:
        return f"none of up to {MOST} contents and {MOST} styles"
    return f"{design[0]} contents × {design[1]} styles"
