"""What a comparison of this size can find, and which size a smaller difference needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from styleresearch.evaluation.statistics.power import MOST, Variances, smallest_difference
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
    """The designs that find a difference, as (contents, styles); ``None`` where none of up to ``MOST`` each does.

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


def design_text(design: tuple[int, int] | None) -> str:
    """Write a number of contents and styles, and of pictures: "6 × 8 = 48"."""
    return f"more than {MOST} of each" if design is None else f"{design[0]} × {design[1]} = {design[0] * design[1]}"


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
    variances = Variances.of(spreads)
    if variances is None:
        smallest = float(np.mean([smallest_difference(spread) for spread in spreads]))
    else:
        design = np.array([float(summary.contents)]), np.array([float(summary.styles)])
        smallest = float(variances.smallest_difference(*design)[0])
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
