"""From records to the numbers of the tables: means with intervals, differences to a reference, best methods."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.difference import Better, Difference, paired_difference
from styleresearch.evaluation.statistics.holm import holm
from styleresearch.evaluation.statistics.interval import CONSTANT, LEVEL, Estimate, mean_interval
from styleresearch.evaluation.statistics.resampling import RESAMPLES
from styleresearch.registry import nearest
from styleresearch.report.best import Best, Rival, best_of, unclear, upheld
from styleresearch.report.cells import by_ratio, cells_of
from styleresearch.report.comparable import Standing, shared, standing
from styleresearch.report.numbers import Scale, column_scale
from styleresearch.report.records import Heading, RunRecords
from styleresearch.store.record import MethodName

FEW = 5
"""Below this many contents or styles the report says what its intervals cannot know."""


@dataclass(frozen=True)
class Cell:
    """One method and one column.

    Attributes:
        estimate: mean and interval over the images.
        apart: why the mean may not be set beside the others of its column (``comparable``); empty when it may.
        best: whether the mean is the best of all comparable methods that are not floor baselines.
        tied: whether no difference to the best could be shown: the p-value of their difference, after Holm's correction
            over all such comparisons of the table, is above 0.05.
        in_sample: whether the method optimised this metric itself.
        difference: the method minus the reference, over the pairs on which the two are comparable; ``None`` where there
            are none, for the reference, for costs, and without a reference.
        no_difference: why the difference to the reference is ``None``; empty where none is to be had.
        p_holm: p-value of that difference after Holm's correction over the methods and metrics of the table; NaN when
            there is none and for floor baselines.
    """

    estimate: Estimate
    apart: str
    best: bool = False
    tied: bool = False
    in_sample: bool = False
    difference: Difference | None = None
    no_difference: str = ""
    p_holm: float = math.nan

    @property
    def comparable(self) -> bool:
        """Whether there is a mean that may be ranked, and drawn beside others."""
        return bool(self.estimate.n) and not self.apart

    def verdict(self, better: Better) -> str:
        """Say whether the method is "better" or "worse" than the reference, or that this is "unclear".

        The corrected p-value decides, for a floor baseline the p-value, which is the interval's. Where the interval
        alone would have decided it is "unclear after correction". Empty without a direction or a test.
        """
        if self.difference is None or better is None or not math.isfinite(self.difference.estimate.p):
            return ""
        alone = self.difference.estimate.p
        if (self.p_holm if math.isfinite(self.p_holm) else alone) <= 1 - LEVEL:
            return self.difference.favours(better)
        return "unclear after correction" if alone <= 1 - LEVEL else "unclear"


@dataclass(frozen=True)
class Summary:
    """The comparison in numbers.

    Attributes:
        columns: metrics, then costs.
        methods: rows, floor baselines last.
        cells: by (method name, column name).
        standings: which means of each column may be ranked.
        best: who is best in each column.
        ratios: the columns in which methods are compared by their ratio.
        scales: how the numbers of each column are written.
        reference: the method that differences are taken to, ``None`` when there is one method only.
        plane: the columns that the methods are drawn over, across and up; ``None`` draws none.
        contents: number of distinct contents.
        styles: number of distinct styles.
        seeds: number of distinct seeds.
        pairs: number of (content, style, seed) rows.
        images: number of (content, style) cells, over which means are taken.
        resamples: how often contents and styles are drawn anew, for ranks and profiles.
        seed: seed of these draws.
    """

    columns: tuple[Heading, ...]
    methods: tuple[MethodName, ...]
    cells: Mapping[tuple[str, str], Cell]
    standings: Mapping[str, Standing]
    best: Mapping[str, Best]
    ratios: frozenset[str]
    scales: Mapping[str, Scale]
    reference: MethodName | None
    plane: tuple[Heading, Heading] | None
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
    def complete(self) -> bool:
        """Whether the values of each column are there for all pairs and measured alike."""
        return all(not found.apart and found.pairs in (0, self.pairs) for found in self.standings.values())

    @property
    def unranked(self) -> list[str]:
        """Say which means are not ranked, and why: "lazy: 6 of 8 images", "Time: measured on different devices"."""
        return self.unranked_in(self.columns, self.methods)

    def unranked_in(self, columns: Sequence[Heading], methods: Sequence[MethodName]) -> list[str]:
        """Say so of some of the columns and methods."""
        sentences = []
        for method in methods:
            there = [c for c in columns if self.cells[method.name, c.name].estimate.n]
            reasons: dict[str, list[str]] = {}
            for column in there:
                if why := self.standings[column.name].apart.get(method.name):
                    reasons.setdefault(why, []).append(column.label)
            for why, labels in reasons.items():
                where = "" if len(labels) == len(there) else f" in {', '.join(labels)}"
                sentences.append(f"{method.label}{where}: {why}")
        whole: dict[str, list[str]] = {}
        for column in columns:
            if why := self.unranked_column(column):
                whole.setdefault(why, []).append(column.label)
        return [*sentences, *(f"{', '.join(labels)}: {why}" for why, labels in whole.items())]

    def unranked_column(self, column: Heading) -> str:
        """Return why no mean of a column is ranked; empty when some are, or when there is one alone."""
        return self.standings[column.name].column if sum(self._there(column)) > 1 else ""

    @property
    def remarks(self) -> list[str]:
        """Say what else a reader of the means must know about their columns, as sentences."""
        sentences = [
            f"{column.label}: means are over {self.standings[column.name].pairs} of {self.pairs} images."
            for column in self.columns
            if any(self._there(column)) and self.standings[column.name].pairs < self.pairs
        ]
        return [*sentences, *unclear(self.columns, self.best)]

    def _there(self, column: Heading) -> list[bool]:
        return [self.cells[method.name, column.name].estimate.n > 0 for method in self.methods]

    @property
    def caveat(self) -> str:
        """Say what limits the intervals; empty when there is nothing to say."""
        reasons = {cell.estimate.reason for cell in self.cells.values() if cell.estimate.n} - {"", CONSTANT}
        sentences = [f"{reason[0].upper()}{reason[1:]}." for reason in sorted(reasons)]
        if not reasons and min(self.contents, self.styles) < FEW:
            sentences.append(
                f"{self.contents} contents and {self.styles} styles say little about how skewed effects are: where "
                "they are strongly skewed a nominal 95 % interval covers about 90 %."
            )
        return " ".join(sentences)


def summarise(run: RunRecords, reference: str | None = None, resamples: int = RESAMPLES, seed: int = 0) -> Summary:
    """Compute means, intervals and paired differences for every method and column.

    Args:
        run: what ``read_run`` returned.
        reference: name of the method that differences are taken to; by default that of the config, or else the first
            that is no floor baseline.
        resamples: how often contents and styles are drawn anew, for ranks and profiles.
        seed: seed of these draws; all methods share them.

    Raises:
        InputError: if ``reference`` is not a method of the run.
    """
    names = [method.name for method in run.methods]
    said = run.config.get("reference")
    reference = said if reference is None and isinstance(said, str) and said in names else reference
    if reference is not None and reference not in names:
        raise InputError(f"no method {reference!r} to compare with.{nearest(reference, names)} There are: {names}")
    chosen = next((m for m in run.methods if m.name == (reference or names[0])), None) if len(names) > 1 else None
    standings = {column.name: standing(run, column) for column in run.metrics}
    claimed = [method.name for method in run.methods if not method.baseline or method == chosen]
    ratios = frozenset(column.name for column in run.metrics if by_ratio(run, column, claimed))
    cells: dict[tuple[str, str], Cell] = {}
    best: dict[str, Best] = {}
    for column in run.metrics:
        tables = {method.name: cells_of(run, method.name, column) for method in run.methods}
        for method in run.methods:
            cell = Cell(
                mean_interval(tables[method.name]),
                standings[column.name].why(method.name),
                in_sample=any(column.name in record.in_sample for record in run.of_method(method.name).values()),
            )
            if chosen is not None and method != chosen and not column.cost:
                pairs, why = shared(run, column, method.name, chosen.name)
                mine, other = (cells_of(run, each.name, column, pairs) for each in (method, chosen))
                found = paired_difference(mine, other, column.better, column.name in ratios) if pairs else None
                cell = dataclasses.replace(cell, difference=found, no_difference=why)
            cells[method.name, column.name] = cell
        ranked = [m.name for m in run.methods if not m.baseline and cells[m.name, column.name].comparable]
        rivals = {name: Rival(tables[name], cells[name, column.name].in_sample) for name in ranked}
        best[column.name] = best_of(column, rivals, column.name in ratios)
    for column in run.metrics:
        if column.twin_of in best:
            optimised = [name for name in names if cells[name, column.twin_of].in_sample]
            best[column.twin_of] = upheld(best[column.twin_of], best[column.name], optimised)
    for column in run.metrics:
        for name in best[column.name].methods:
            cells[name, column.name] = dataclasses.replace(cells[name, column.name], best=True)
    behind = {(name, c.name): p for c in run.metrics for name, p in best[c.name].against.items()}
    for key, p in zip(behind, holm(list(behind.values())), strict=True):
        cells[key] = dataclasses.replace(cells[key], tied=p > 1 - LEVEL)
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
        standings=standings,
        best=best,
        ratios=ratios,
        scales={c.name: column_scale(cells[name, c.name].estimate.mean for name in names) for c in run.metrics},
        reference=chosen,
        plane=run.plane,
        contents=len({pair.content for pair in run.pairs}),
        styles=len({pair.style for pair in run.pairs}),
        seeds=len({pair.seed for pair in run.pairs}),
        pairs=len(run.pairs),
        images=len({(pair.content, pair.style) for pair in run.pairs}),
        resamples=resamples,
        seed=seed,
    )


def _p(cell: Cell) -> float:
    return math.nan if cell.difference is None else cell.difference.estimate.p
