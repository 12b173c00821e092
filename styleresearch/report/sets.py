"""Metrics that have one value for all images of a method: the values, and which of them may be ranked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from styleresearch.report.comparable import DIFFER, of_run
from styleresearch.report.numbers import Scale, column_scale
from styleresearch.report.records import Heading, RunRecords
from styleresearch.store.record import MethodName, PictureSet, Record

_BESIDE: Mapping[str, str] = {"Frechet": "Kernel", "FID": "KID", "ArtFID": "KID"}
"""Class of a metric that few pictures bias -> that of one that they do not, which is registered in small letters."""


@dataclass(frozen=True)
class SetCell:
    """One method and one metric.

    Attributes:
        mean: over the seeds; NaN when there is no value.
        lo: the smallest value of a seed.
        hi: the largest value of a seed.
        seeds: how many seeds have a value.
        reason: why there is no value, or none of some seed.
        apart: why the mean may not be set beside the others of its column; empty when it may.
        best: whether it is the best of all that may, floor baselines aside.
        half: the mean over seeds of the value over half of the images; NaN where it was not measured.
    """

    mean: float
    lo: float
    hi: float
    seeds: int
    reason: str
    apart: str = ""
    best: bool = False
    half: float = math.nan


@dataclass(frozen=True)
class SetSummary:
    """The values over sets.

    Attributes:
        columns: the metrics.
        methods: rows, floor baselines last.
        cells: by (method name, column name).
        pictures: name of a method -> the images that its values are of.
        scales: how the numbers of each column are written.
    """

    columns: tuple[Heading, ...]
    methods: tuple[MethodName, ...]
    cells: Mapping[tuple[str, str], SetCell]
    pictures: Mapping[str, PictureSet]
    scales: Mapping[str, Scale]

    @property
    def seeds(self) -> int:
        """The most seeds that a value is a mean over."""
        return max((cell.seeds for cell in self.cells.values()), default=0)

    @property
    def halved(self) -> bool:
        """Whether any value was measured over half of the images too."""
        return any(math.isfinite(cell.half) for cell in self.cells.values())

    @property
    def unranked(self) -> list[str]:
        """Say which values are not ranked, and why."""
        return [
            f"{method.label}, {column.label}: {cell.apart}"
            for column in self.columns
            for method in self.methods
            if (cell := self.cells[method.name, column.name]).apart
        ]

    @property
    def lone(self) -> list[str]:
        """Say which Fréchet distances have no kernel distance beside them, which few pictures do not bias."""
        metrics = [(column, column.contract) for column in self.columns if isinstance(column.contract, Mapping)]
        there = [(contract.get("metric"), _through(contract)) for _, contract in metrics]
        wanted = [
            (column, _BESIDE.get(str(contract.get("metric"))), _through(contract)) for column, contract in metrics
        ]
        return [
            f"{column.label} has no kernel distance beside it. Few images make it too large, and "
            f'nobody can tell by how much; add dict(name="{kernel.lower()}") to the metrics'
            for column, kernel, through in wanted
            if kernel and (kernel, through) not in there
        ]

    @property
    def missing(self) -> list[str]:
        """Say which values there are not, and why, a sentence for each metric and reason."""
        found: dict[tuple[str, str], list[str]] = {}
        for (method, column), cell in self.cells.items():
            if cell.reason:
                found.setdefault((column, cell.reason), []).append(method)
        labels = {each.name: each.label for each in (*self.columns, *self.methods)}
        return [
            f"{labels[column]}: {reason}"
            + ("" if len(methods) == len(self.methods) else f" ({', '.join(labels[name] for name in methods)})")
            for (column, reason), methods in found.items()
        ]


def summarise_sets(run: RunRecords) -> SetSummary | None:
    """Return the values over sets of a run; ``None`` when it has no such metric."""
    if not run.set_metrics:
        return None
    of: dict[str, list[Record]] = {method.name: [] for method in run.methods}
    for (method, _), record in run.sets.items():
        of.setdefault(method, []).append(record)
    methods = tuple(method for method in run.methods if of[method.name])
    cells: dict[tuple[str, str], SetCell] = {}
    for column in run.set_metrics:
        apart = _apart(methods, of, column)
        found = {method.name: _cell(of[method.name], column, apart.get(method.name, "")) for method in methods}
        rivals = [m.name for m in methods if not m.baseline and found[m.name].seeds and not found[m.name].apart]
        best = math.nan
        if column.better is not None and len(rivals) > 1:
            best = (min if column.better == "lower" else max)(found[name].mean for name in rivals)
        for name, cell in found.items():
            won = name in rivals and cell.mean == best
            cells[name, column.name] = SetCell(**{**vars(cell), "best": won})
    return SetSummary(
        run.set_metrics,
        methods,
        cells,
        {method.name: pictures for method in methods if (pictures := of[method.name][0].pictures) is not None},
        {c.name: column_scale(cells[method.name, c.name].mean for method in methods) for c in run.set_metrics},
    )


def _through(contract: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the networks that a metric sees through, as its contract has them."""
    return contract.get("encoder"), contract.get("networks")


def _cell(records: list[Record], column: Heading, apart: str) -> SetCell:
    values = [value for record in records if (value := column.value(record)) is not None]
    reasons = {
        record.pictures.reasons.get(column.name, "no value")
        for record in records
        if record.pictures is not None and column.value(record) is None
    }
    reason = "; ".join(sorted(reasons))
    if not values:
        return SetCell(math.nan, math.nan, math.nan, 0, reason)
    found = [record.pictures.halves.get(column.name) for record in records if record.pictures is not None]
    halves = [half for half in found if half is not None]
    half = sum(halves) / len(halves) if len(halves) == len(values) else math.nan
    return SetCell(sum(values) / len(values), min(values), max(values), len(values), reason, apart, half=half)


def _apart(methods: tuple[MethodName, ...], of: Mapping[str, list[Record]], column: Heading) -> dict[str, str]:
    """Say which methods' values may not be set beside the others', and why.

    A value may be ranked only if it is over as many images as that of any method, of equally many seeds, and all was
    measured alike on the same contents and styles. Where there is no telling which to go by, none is ranked.
    """
    have = {m.name: found for m in methods if (found := [r for r in of[m.name] if column.value(r) is not None])}
    own = [m.name for m in methods if m.name in have and not m.baseline] or list(have)
    if not own:
        return {}
    images = {name: min(r.pictures.outputs for r in found if r.pictures) for name, found in have.items()}
    most, seeds = max(images[name] for name in own), max(len(have[name]) for name in own)
    apart = {}
    for name, found in have.items():
        if images[name] != most:
            apart[name] = f"{images[name]} of {most} images"
        elif len(found) != seeds:
            apart[name] = f"{len(found)} of {seeds} seeds"
    rest = [name for name in (*own, *have) if name not in apart]
    for name in rest:
        if why := _unlike([*have[rest[0]], *have[name]], column):
            # A floor baseline that differs is alone; methods that do are as many as they are.
            apart |= dict.fromkeys(rest if name in own else [name], why)
    return apart


def _unlike(records: list[Record], column: Heading) -> str:
    """Say why values cannot be compared; empty when they can."""
    if len({record.pictures.digest for record in records if record.pictures is not None}) > 1:
        return "over other images, or images of other sizes or framing"
    facts = [of_run(record, column) for record in records]
    return next((DIFFER[name] for name in facts[0] if len({each[name] for each in facts}) > 1), "")
