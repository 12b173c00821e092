"""How many contents and styles a difference needs, from a pilot run, as a table of texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.power import MOST
from styleresearch.registry import nearest
from styleresearch.report.planning import Reach, design_text, needs_of, reach_of
from styleresearch.report.reading import read_run
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary, summarise

SHARES = (1.0, 0.5, 0.25)
"""Parts of the smallest difference that are planned for where none is named."""


@dataclass(frozen=True)
class Plan:
    """What the command says.

    Attributes:
        intro: what the numbers are from.
        headings: of the table.
        rows: of the table; empty where nothing can be planned.
        notes: what is not known, and why.
    """

    intro: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def plan(run_dir: Path, metric: str | None = None, difference: float | None = None) -> Plan:
    """Say which designs find a difference.

    Args:
        run_dir: a run directory with records.
        metric: the name of one; by default all.
        difference: of that metric, a ratio where its methods are compared by ratio; by default what this run finds
            and parts of it.

    Raises:
        InputError: if there are no records, no such metric, or the difference is none.
    """
    run = read_run(run_dir)
    summary = summarise(run)
    columns = _columns(summary, metric)
    if difference is not None and metric is None:
        raise InputError(
            f"a difference is one of a metric: name it with --metric; there are: {[column.name for column in columns]}"
        )
    headings = (
        "Metric",
        "Difference",
        "Contents × styles",
        f"with {_count(summary.contents, 'content')}",
        f"with {_count(summary.styles, 'style')}",
    )
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for column in columns:
        reach = reach_of(summary, column)
        if reach.variances is None:
            notes.append(f"{column.label}: no plan ({reach.reason})")
            continue
        sizes = [share * reach.smallest for share in SHARES] if difference is None else [_size(reach, difference)]
        rows += [_row(column, reach, size, summary) for size in sizes]
    if rows:
        notes.append(
            f"× is a ratio of geometric means, or its reciprocal. – stands where {MOST} contents or styles are too few."
        )
    reference = f", differences to {summary.reference.label}" if summary.reference else ""
    return Plan(f"{run_dir}: {summary.design}{reference}", headings, tuple(rows), tuple(notes))


def _columns(summary: Summary, metric: str | None) -> Sequence[Heading]:
    columns = [column for column in summary.columns if not column.cost]
    names = [column.name for column in columns]
    if metric is not None and metric not in names:
        raise InputError(f"no metric {metric!r} in this run.{nearest(metric, names)} There are: {names}")
    return [column for column in columns if metric in (None, column.name)]


def _size(reach: Reach, difference: float) -> float:
    """Return a difference as ``Reach`` has it."""
    if reach.ratio:
        if not (math.isfinite(difference) and difference > 0 and difference != 1):
            raise InputError(
                f"--difference={difference:g}: methods are compared by their ratio in {reach.column.name}; give one "
                "above 0 that is not 1, such as 0.9 for a tenth less"
            )
        return abs(math.log(difference))
    if not (math.isfinite(difference) and difference):
        raise InputError(f"--difference={difference:g}: give a difference other than 0, such as 0.02")
    return abs(difference)


def _row(column: Heading, reach: Reach, size: float, summary: Summary) -> tuple[str, ...]:
    found = needs_of(reach, size, summary.contents, summary.styles)
    styles = "–" if found.more_styles is None else _count(found.more_styles[1], "style")
    contents = "–" if found.more_contents is None else _count(found.more_contents[0], "content")
    power = f" (×10^{reach.scale.exponent})" if reach.scale.exponent and not reach.ratio else ""
    return column.label, f"{reach.text(size)}{power}", design_text(found.fewest), styles, contents


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
