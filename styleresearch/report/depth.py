"""What lies under the means: typical pairs, ranks, where the variation comes from, and how far the floors are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from styleresearch.evaluation.statistics.components import variance_split
from styleresearch.evaluation.statistics.interval import Estimate
from styleresearch.evaluation.statistics.resampling import Profile, performance_profile, rank_probabilities
from styleresearch.evaluation.statistics.robust import interquartile_mean
from styleresearch.report.cells import cells_of
from styleresearch.report.planning import Reach, reach_of
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary
from styleresearch.store.record import MethodName

BANDS = 500
"""Draws for the band of a profile, at most."""


@dataclass(frozen=True)
class Depth:
    """What is known of each metric beyond means and differences; costs have none of it.

    Attributes:
        middle: the interquartile mean, by (method name, column name).
        ranks: how often the mean has each rank among the comparable methods, best first, by (method name, column name);
            methods that do not compete are not in it.
        floors: where the mean lies between the worst (0) and the best (1) mean of the floor baselines, likewise;
            NaN without two different ones.
        profiles: share of pairs at least as good as each value, likewise.
        variances: what the variation between values comes from, by column name; ``None`` where that is not known.
        reaches: which differences are found, by column name.
    """

    middle: Mapping[tuple[str, str], Estimate]
    ranks: Mapping[tuple[str, str], tuple[float, ...]]
    floors: Mapping[tuple[str, str], float]
    profiles: Mapping[tuple[str, str], Profile]
    variances: Mapping[str, Mapping[str, float] | None]
    reaches: Mapping[str, Reach]


def depth_of(run: RunRecords, summary: Summary) -> Depth:
    """Compute it for all metrics of a run."""
    middle: dict[tuple[str, str], Estimate] = {}
    ranks: dict[tuple[str, str], tuple[float, ...]] = {}
    floors: dict[tuple[str, str], float] = {}
    profiles: dict[tuple[str, str], Profile] = {}
    variances: dict[str, Mapping[str, float] | None] = {}
    columns = [column for column in summary.columns if not column.cost]
    for column in columns:
        tables = {method.name: cells_of(run, method.name, column) for method in summary.methods}
        for name, table in tables.items():
            middle[name, column.name] = interquartile_mean(table)
            floors[name, column.name] = _between_floors(summary, column, name)
        rivals = [m for m in summary.methods if not m.baseline and summary.cells[m.name, column.name].comparable]
        variances[column.name] = _variances(run, summary, column, rivals)
        if column.better is None:
            continue
        if len(rivals) > 1:
            stacked = np.stack([tables[method.name] for method in rivals])
            found = rank_probabilities(stacked, column.better, summary.resamples, summary.seed)
            ranks |= {(m.name, column.name): tuple(map(float, row)) for m, row in zip(rivals, found, strict=True)}
        for method in rivals:
            profile = performance_profile(
                tables[method.name], column.better, resamples=min(summary.resamples, BANDS), seed=summary.seed
            )
            if profile is not None:
                profiles[method.name, column.name] = profile
    return Depth(middle, ranks, floors, profiles, variances, {c.name: reach_of(summary, c) for c in columns})


def _between_floors(summary: Summary, column: Heading, name: str) -> float:
    """Return where a mean lies between the worst and the best floor baseline's; NaN where that has no meaning."""
    cell = summary.cells[name, column.name]
    floors = [summary.cells[m.name, column.name] for m in summary.methods if m.baseline]
    means = [floor.estimate.mean for floor in floors if floor.comparable]
    if column.better is None or not cell.comparable or len(means) < 2 or min(means) == max(means):
        return math.nan
    worst, best = (max(means), min(means)) if column.better == "lower" else (min(means), max(means))
    return (cell.estimate.mean - worst) / (best - worst)


def _variances(
    run: RunRecords, summary: Summary, column: Heading, methods: Sequence[MethodName]
) -> Mapping[str, float] | None:
    """Split the variance of a column's values, or of their logarithms, over the methods that compete."""
    found = [
        (value, index, pair.content, pair.style)
        for index, method in enumerate(methods)
        for pair, record in run.of_method(method.name).items()
        if (value := column.value(record)) is not None and (value > 0 or column.name not in summary.ratios)
    ]
    if len(found) < 2:
        return None
    values, *levels = map(np.array, zip(*found, strict=True))
    values = np.log(values) if column.name in summary.ratios else values.astype(float)
    codes = [np.unique(each, return_inverse=True)[1] for each in levels]
    return variance_split(values, dict(zip(("method", "content", "style"), codes, strict=True)))
