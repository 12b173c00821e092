"""Which method is best in a column, and which others cannot be told from it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from styleresearch.evaluation.statistics.difference import paired_difference
from styleresearch.report.records import Heading

OPTIMISED = "nobody is best, for the best mean is of a method that optimised this metric itself (†), and others did not"
HELD_OUT = (
    "nobody is best, for the best mean is of a method that optimised this metric itself (†) and is not best under the "
    "held-out encoder"
)
SKEWED = "nobody is best, for the best mean and the best geometric mean are of different methods"


@dataclass(frozen=True)
class Rival:
    """A method whose mean may be ranked: its cells, and whether it optimised the metric itself."""

    table: Float[np.ndarray, "contents styles"]
    in_sample: bool


@dataclass(frozen=True)
class Best:
    """Who is best in a column.

    Attributes:
        methods: their names; empty where nobody is.
        why: why nobody is although there is a choice; empty otherwise.
        against: the p-value of every other rival's difference to the best; NaN where there is none.
    """

    methods: tuple[str, ...] = ()
    why: str = ""
    against: Mapping[str, float] = field(default_factory=dict)


def best_of(column: Heading, rivals: Mapping[str, Rival], ratio: bool) -> Best:
    """Say who is best in a column.

    Two rivals at least compete, and no floor baseline is one (the identity wins every content loss). Nobody is best in
    a cost, which depends on the machine and on what else ran on it. A win of a method
    that optimised the metric itself over one that did not means nothing. Where methods are compared by their ratios the
    geometric means must agree, so that the mark and the test never point at different methods.

    Args:
        column: what is measured.
        rivals: name -> who competes, over the same cells.
        ratio: whether methods are compared by ratio in this column.
    """
    if column.better is None or column.cost or len(rivals) < 2:
        return Best()
    means = {name: float(np.nanmean(rival.table)) for name, rival in rivals.items()}
    winners = _least(means) if column.better == "lower" else _least({name: -mean for name, mean in means.items()})
    level = all(rival.in_sample for rival in rivals.values())
    if not level and all(rivals[name].in_sample for name in winners):
        return Best(why=OPTIMISED)
    if ratio and not set(winners) & set(_least({n: float(np.nanmean(np.log(r.table))) for n, r in rivals.items()})):
        return Best(why=SKEWED)
    first = rivals[winners[0]].table
    against = {
        name: paired_difference(rival.table, first, column.better, ratio).estimate.p
        for name, rival in rivals.items()
        if name not in winners
    }
    return Best(winners, "", against)


def upheld(best: Best, twin: Best, optimised: Container[str]) -> Best:
    """Say who is best in a column in view of its held-out twin.

    Who optimised the column's metric is best only if best under the encoder too that nobody optimised: a statistic that
    is lower under one encoder alone says that this encoder was fitted.

    Args:
        best: who is best in the column, by itself.
        twin: who is in its twin.
        optimised: the methods that optimised the column's metric.
    """
    kept = tuple(name for name in best.methods if name not in optimised or name in twin.methods)
    if kept == best.methods:
        return best
    return Best(kept, "", best.against) if kept else Best(why=HELD_OUT)


def _least(values: Mapping[str, float]) -> tuple[str, ...]:
    least = min(values.values())
    return tuple(name for name, value in values.items() if value == least)


def unclear(columns: Iterable[Heading], found: Mapping[str, Best]) -> list[str]:
    """Say in which columns nobody is best although there is a choice, as sentences."""
    labels: dict[str, list[str]] = {}
    for column in columns:
        if found[column.name].why:
            labels.setdefault(found[column.name].why, []).append(column.label)
    return [f"{', '.join(names)}: {why}." for why, names in labels.items()]
