"""From records to the numbers of the tables: means with intervals, differences to a reference, best methods."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics import (
    RESAMPLES,
    Difference,
    Estimate,
    cell_table,
    holm,
    mean_interval,
    paired_difference,
)
from styleresearch.registry import nearest
from styleresearch.report.numbers import Scale, column_scale
from styleresearch.report.records import MethodName, Metric, RunRecords

FEW = 5
"""Below this many contents or styles the report says that its intervals are somewhat short."""


@dataclass(frozen=True)
class Cell:
    """One method and one column.

    Attributes:
        estimate: mean and interval over the images.
        best: whether the mean is the best of all methods that are not floor baselines.
        in_sample: whether the method optimised this metric itself.
        difference: the method minus the reference; ``None`` for the reference, for costs, and without a reference.
        p_holm: p-value of that difference after Holm's correction over the methods and metrics of the table; NaN when
            there is none and for floor baselines.
    """

    estimate: Estimate
    best: bool
    in_sample: bool
    difference: Difference | None
    p_holm: float


@dataclass(frozen=True)
class Summary:
    """The comparison in numbers.

    Attributes:
        columns: metrics, then costs.
        methods: rows, floor baselines last.
        cells: by (method name, column name).
        scales: how the numbers of each column are written.
        reference: the method that differences are taken to, ``None`` when there is one method only.
        contents: number of distinct contents.
        styles: number of distinct styles.
        seeds: number of distinct seeds.
        pairs: number of (content, style, seed) rows.
        images: number of (content, style) cells, over which means are taken.
        resamples: bootstrap resamples.
        seed: seed of the bootstrap.
    """

    columns: tuple[Metric, ...]
    methods: tuple[MethodName, ...]
    cells: Mapping[tuple[str, str], Cell]
    scales: Mapping[str, Scale]
    reference: MethodName | None
    contents: int
    styles: int
    seeds: int
    pairs: int
    images: int
    resamples: int
    seed: int

    @property
    def design(self) -> str:
        """Say what was compared: "3 contents × 4 styles"."""
        counts = [(self.contents, "content"), (self.styles, "style")]
        if self.seeds > 1:
            counts.append((self.seeds, "seed"))
        text = " × ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)
        full = self.contents * self.styles * self.seeds
        return text if full == self.pairs else f"{text}, {self.pairs} pairs of {full}"

    @property
    def caveat(self) -> str:
        """Say what limits the intervals; empty when there is nothing to say."""
        reasons = {cell.estimate.reason for cell in self.cells.values() if cell.estimate.n} - {""}
        sentences = [f"{reason[0].upper()}{reason[1:]}." for reason in sorted(reasons)]
        if not reasons and min(self.contents, self.styles) < FEW:
            sentences.append(
                f"With {self.contents} contents and {self.styles} styles a nominal 95 % interval is too "
                "short (in simulations it covers 77 % at 2 × 2, 82 to 88 % at 3 × 4, 87 to 90 % at 4 × 4)."
            )
        return " ".join(sentences)


def summarise(run: RunRecords, reference: str | None = None, resamples: int = RESAMPLES, seed: int = 0) -> Summary:
    """Compute means, intervals and paired differences for every method and column.

    Args:
        run: what ``read_run`` returned.
        reference: name of the method that differences are taken to; by default the first that is no floor baseline.
        resamples: bootstrap resamples.
        seed: seed of the bootstrap; all cells share it, so that they resample the same contents and styles.

    Raises:
        InputError: if ``reference`` is not a method of the run.
    """
    names = [method.name for method in run.methods]
    if reference is not None and reference not in names:
        raise InputError(f"no method {reference!r} to compare with.{nearest(reference, names)} There are: {names}")
    chosen = next((m for m in run.methods if m.name == (reference or names[0])), None) if len(names) > 1 else None
    tables = {(m.name, column.name): _table(run, m, column) for m in run.methods for column in run.metrics}
    cells: dict[tuple[str, str], Cell] = {}
    for column in run.metrics:
        for method in run.methods:
            table = tables[method.name, column.name]
            difference = None
            if chosen is not None and method != chosen and not column.cost:
                other = tables[chosen.name, column.name]
                difference = paired_difference(table, other, column.better, resamples, seed)
            in_sample = any(column.name in record.in_sample for record in run.of_method(method.name))
            estimate = mean_interval(table, resamples=resamples, seed=seed)
            cells[method.name, column.name] = Cell(estimate, False, in_sample, difference, math.nan)
        for name in _best(run, column, cells):
            cells[name, column.name] = dataclasses.replace(cells[name, column.name], best=True)
    # Floor baselines bound the scale of a metric; nobody claims anything about them, so they cost no correction.
    floor = {method.name for method in run.methods if method.baseline}
    tested = [key for key, cell in cells.items() if cell.difference is not None and key[0] not in floor]
    adjusted = holm([_p(cells[key]) for key in tested])
    for key, p in zip(tested, adjusted, strict=True):
        cells[key] = dataclasses.replace(cells[key], p_holm=p)
    return Summary(
        columns=run.metrics,
        methods=run.methods,
        cells=cells,
        scales={c.name: column_scale(cells[name, c.name].estimate.mean for name in names) for c in run.metrics},
        reference=chosen,
        contents=len({pair.content for pair in run.pairs}),
        styles=len({pair.style for pair in run.pairs}),
        seeds=len({pair.seed for pair in run.pairs}),
        pairs=len(run.pairs),
        images=len({(pair.content, pair.style) for pair in run.pairs}),
        resamples=resamples,
        seed=seed,
    )


def _p(cell: Cell) -> float:
    return math.nan if cell.difference is None else cell.difference.p


def _table(run: RunRecords, method: MethodName, column: Metric) -> Float[np.ndarray, "contents styles"]:
    """Return the cell table over the pairs of the whole run, so that tables of different methods line up."""
    values: list[float | None] = []
    for pair in run.pairs:
        record = run.records.get((method.name, pair.name))
        values.append(None if record is None else record.value(column))
    return cell_table(values, [pair.content for pair in run.pairs], [pair.style for pair in run.pairs])


def _best(run: RunRecords, column: Metric, cells: Mapping[tuple[str, str], Cell]) -> list[str]:
    """Return the methods with the best mean; floor baselines do not compete (the identity wins every content loss)."""
    if column.better is None:
        return []
    means = {m.name: cells[m.name, column.name].estimate.mean for m in run.methods if not m.baseline}
    known = {name: mean for name, mean in means.items() if math.isfinite(mean)}
    if len(known) < 2:
        return []
    target = min(known.values()) if column.better == "lower" else max(known.values())
    return [name for name, mean in known.items() if mean == target]
