"""The best and the worst picture of each method by a metric, as places in the grid: no picture is stored twice."""

from __future__ import annotations

from dataclasses import dataclass

from styleresearch.report.numbers import plain
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary
from styleresearch.store.record import MethodName, Pair


@dataclass(frozen=True)
class Case:
    """One picture of a method.

    Attributes:
        pair: what it was made from.
        row: number of the pair in the grid.
        value: of the metric, as a text.
    """

    pair: Pair
    row: int
    value: str


@dataclass(frozen=True)
class MethodCases:
    """Both ends of a method.

    Attributes:
        method: whose.
        number: of the method in the grid.
        best: its best picture.
        worst: its worst one.
    """

    method: MethodName
    number: int
    best: Case
    worst: Case


def extreme_cases(run: RunRecords, summary: Summary) -> list[tuple[Heading, list[MethodCases]]]:
    """Return both ends of each method, for each metric that has a direction; floor baselines are no cases."""
    found = []
    for column in summary.columns:
        if column.cost or column.better is None:
            continue
        cases = []
        for number, method in enumerate(run.methods):
            values = [
                (value, row, pair)
                for row, pair in enumerate(run.pairs)
                if (record := run.records.get((method.name, pair))) and (value := column.value(record)) is not None
            ]
            if not method.baseline and len(values) > 1:
                values.sort(key=lambda each: each[0], reverse=column.better == "higher")
                best, worst = (Case(pair, row, plain(value)) for value, row, pair in (values[0], values[-1]))
                cases.append(MethodCases(method, number, best, worst))
        if cases:
            found.append((column, cases))
    return found
