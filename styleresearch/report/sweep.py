"""A sweep in a report: its axes as columns of tables and axes of figures, fronts, and what was matched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from styleresearch.evaluation.statistics.hypervolume import front, hypervolume
from styleresearch.report.axes import Axis
from styleresearch.report.charts import LOG_RATIO, column_axis, in_plane
from styleresearch.report.numbers import MISSING, plain
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary
from styleresearch.report.svg import drawing, element
from styleresearch.report.variants import Group, axes_of, groups, place, row_label
from styleresearch.store import jsonfile
from styleresearch.store.record import MethodName
from styleresearch.store.rundir import RunDirectory

WIDTH, HEIGHT = 300.0, 180.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 12.0, 10.0, 40.0
_ROOM = 0.1
"""How far beyond the worst values of all points the worst point of a hypervolume lies, as a share of their range."""
_FOUND: Mapping[str, Any] = {
    "method": str,
    "label": str,
    "axis": str,
    "number": (int, float),
    "metric": str,
    "target": (int, float),
    "tolerance": (int, float),
    "within": bool,
    "tried": int,
    "budget": int,
}


@dataclass(frozen=True)
class Panel:
    """A figure: a metric over an axis."""

    title: str
    note: str
    svg: str


@dataclass(frozen=True)
class Front:
    """The variants of a method in the plane of two metrics.

    Attributes:
        label: of the method.
        points: how many of its variants lie in the plane.
        best: labels of those that no other of them is at least as good as in both metrics.
        share: the part of the plane that they dominate.
    """

    label: str
    points: int
    best: tuple[str, ...]
    share: str


def panels(summary: Summary) -> list[Panel]:
    """Draw every metric over every numeric axis: a panel for each group, those of a metric on shared axes."""
    found = []
    for axis in axes_of(summary.methods):
        mine = groups(summary.methods, axis)
        numbers = [place(method, axis) for group in mine for method in group.members]
        if not numbers or min(numbers) == max(numbers):
            continue
        logarithmic = min(numbers) > 0 and max(numbers) / min(numbers) > LOG_RATIO
        across = (Axis.log if logarithmic else Axis.linear)(min(numbers), max(numbers), _LEFT + 6, WIDTH - _RIGHT - 6)
        for column in (column for column in summary.columns if not column.cost):
            up = column_axis(summary, column, HEIGHT - _BOTTOM, _TOP)
            for group in mine if up is not None else ():
                found.append(_panel(summary, group, axis, column, across, up))
    return found


def _panel(summary: Summary, group: Group, axis: str, column: Heading, across: Axis, up: Axis | None) -> Panel:
    assert up is not None  # the caller looked
    parts: list[Element] = []
    for y, text in up.ticks():
        parts.append(element("line", class_="rule", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y))
        parts.append(element("text", text, class_="y", x=_LEFT - 7, y=y))
    for x, text in across.ticks():
        parts.append(element("text", text, class_="x", x=x, y=HEIGHT - _BOTTOM + 16))
    parts.append(element("text", axis, class_="x", x=(_LEFT + WIDTH - _RIGHT) / 2, y=HEIGHT - 5))
    points, said = [], []
    for method in group.members:
        estimate = summary.cells[method.name, column.name].estimate
        if not estimate.n:
            continue
        x, y = across.place(place(method, axis)), up.place(estimate.mean)
        points.append(f"{x:.1f} {y:.1f}")
        said.append(f"{place(method, axis):g}: {plain(estimate.mean)}")
        if math.isfinite(estimate.lo) and estimate.lo < estimate.hi:
            low, high = up.place(estimate.lo), up.place(estimate.hi)
            parts.append(element("line", class_="bar", x1=x, x2=x, y1=low, y2=high))
        parts.append(element("circle", element("title", said[-1]), cx=x, cy=y, r=3.0))
    if points:
        parts.append(element("path", class_="bold", d="M" + "L".join(points)))
    label = f"{column.label} over {axis}, {group.label}: {', '.join(said)}"
    return Panel(f"{column.label} over {axis}", group.label, drawing("chart swept", WIDTH, HEIGHT, label, *parts))


def fronts(summary: Summary) -> list[Front]:
    """Return the front of each method that a sweep varies, and how much of the plane it dominates.

    Of the rectangle from the best to the worst values of all variants in the plane, a tenth beyond the worst; on
    logarithmic scales where methods are compared by ratios.
    """
    drawn = [method for method in in_plane(summary) if method.variant is not None]
    if summary.plane is None or any(column.better is None for column in summary.plane):
        return []
    points = np.array([[_coordinate(summary, method, column) for column in summary.plane] for method in drawn])
    usable = [index for index, point in enumerate(points) if np.isfinite(point).all()]
    drawn, points = [drawn[index] for index in usable], points[usable] if usable else np.zeros((0, 2))
    if len(drawn) < 2 or (np.ptp(points, axis=0) == 0).any():
        return []
    scaled = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    found, worst = [], (1 + _ROOM, 1 + _ROOM)
    for label in dict.fromkeys(row_label(method) for method in drawn):
        mine = [index for index, method in enumerate(drawn) if row_label(method) == label]
        best = front(scaled[mine])
        share = hypervolume(scaled[mine], worst) / (1 + _ROOM) ** 2
        found.append(Front(label, len(mine), tuple(drawn[mine[i]].label for i in best), f"{100 * share:.1f} %"))
    return found


def matches(run: RunRecords, summary: Summary) -> list[dict[str, Any]]:
    """Return what ``match.json`` says was found, with the mean that the table has and its interval."""
    file = RunDirectory(run.directory).match
    if not file.is_file() or "match" not in run.config:
        return []
    try:
        lines = jsonfile.read(file)
    except (OSError, ValueError):
        return []
    rows = []
    for line in lines if isinstance(lines, list) else ():
        if not jsonfile.conforms(line, _FOUND):
            continue
        cell = summary.cells.get((line["method"], line["metric"]))
        column = next((column for column in summary.columns if column.name == line["metric"]), None)
        if cell is None or column is None or not cell.estimate.n:
            continue
        estimate, scale = cell.estimate, summary.scales[column.name]
        mean, lo, hi = scale.interval(estimate.mean, estimate.lo, estimate.hi)
        off = (estimate.mean - line["target"]) / abs(line["target"]) if line["target"] else math.nan
        rows.append(
            {
                **line,
                "column": column,
                "number": f"{line['number']:g}",
                "target": scale.text(line["target"]),
                "mean": mean,
                "interval": f"{lo} to {hi}" if math.isfinite(estimate.lo) and estimate.lo < estimate.hi else "",
                "off": f"{100 * off:+.1f} %".replace("-", "−") if math.isfinite(off) else MISSING,
            }
        )
    return rows


def _coordinate(summary: Summary, method: MethodName, column: Heading) -> float:
    mean = summary.cells[method.name, column.name].estimate.mean
    if column.name in summary.ratios:
        mean = math.log(mean) if mean > 0 else math.nan
    return mean if column.better == "lower" else -mean
