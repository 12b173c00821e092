"""Where each method fails: its values style by style, beside those of the methods that compete with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from styleresearch.report.cells import cells_of
from styleresearch.report.numbers import MISSING, Scale
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary
from styleresearch.store.record import MethodName


@dataclass(frozen=True)
class Heat:
    """One method on one style.

    Attributes:
        text: how it differs from the middle of the methods there: a factor where they are compared by ratio.
        shade: from -1 (much better) by way of 0 to 1 (much worse), in units of the map's largest difference.
        value: the method's own mean there, and over how many contents.
    """

    text: str
    shade: float
    value: str


@dataclass(frozen=True)
class HeatMap:
    """All methods that compete in a metric, on all styles.

    Attributes:
        column: the metric.
        methods: the columns of the map.
        rows: a style and a cell for each method; the style on which a method falls behind most comes first.
    """

    column: Heading
    methods: tuple[MethodName, ...]
    rows: tuple[tuple[str, tuple[Heat, ...]], ...]


def heat_maps(run: RunRecords, summary: Summary) -> list[HeatMap]:
    """Return the map of each metric that has a direction, two competing methods and two styles."""
    found = []
    styles = list(dict.fromkeys(pair.style for pair in run.pairs))
    for column in summary.columns:
        rivals = [m for m in summary.methods if not m.baseline and summary.cells[m.name, column.name].comparable]
        if not column.cost and column.better is not None and len(rivals) > 1 and len(styles) > 1:
            found.append(_map(run, summary, column, rivals, styles))
    return found


def _map(run: RunRecords, summary: Summary, column: Heading, rivals: list[MethodName], styles: list[str]) -> HeatMap:
    ratio = column.name in summary.ratios
    tables = np.stack([cells_of(run, method.name, column) for method in rivals])
    # Only pairs that all have, or an easy content that one lacks would look like a failure.
    common = np.isfinite(tables).all(axis=0)
    tables = np.where(common, np.log(tables) if ratio else tables, np.nan)
    means = np.stack([_over_contents(table) for table in tables])
    behind = (means - np.median(means, axis=0)) * (1 if column.better == "lower" else -1)
    known = behind[np.isfinite(behind)]
    largest = float(np.abs(known).max()) if known.size else 0.0
    counts, scale = common.sum(axis=0), summary.scales[column.name]
    rows = []
    for at in np.argsort(-np.nan_to_num(behind.max(axis=0), nan=-math.inf), kind="stable"):
        cells = tuple(
            _cell(float(means[i, at]), float(behind[i, at]), largest, int(counts[at]), column, ratio, scale)
            for i in range(len(rivals))
        )
        rows.append((styles[at], cells))
    return HeatMap(column, tuple(rivals), tuple(rows))


def _over_contents(table: Float[np.ndarray, "contents styles"]) -> Float[np.ndarray, " styles"]:
    there = np.isfinite(table)
    return np.where(there.any(axis=0), np.where(there, table, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1), np.nan)


def _cell(
    mean: float, behind: float, largest: float, contents: int, column: Heading, ratio: bool, scale: Scale
) -> Heat:
    if not math.isfinite(mean):
        return Heat(MISSING, 0.0, "no pair that all methods have")
    gap = behind if column.better == "lower" else -behind
    middle = scale.text(math.exp(mean) if ratio else mean)
    power = f" ×10^{scale.exponent}" if scale.exponent else ""
    value = f"{middle}{power}{f' {column.unit}' if column.unit else ''}, mean over {contents} content"
    plus = "+" if gap > 0 else ""
    text = f"×{math.exp(gap):.2f}" if ratio else f"{plus}{scale.text(gap)}"
    return Heat(text, behind / largest if largest else 0.0, value + ("" if contents == 1 else "s"))
