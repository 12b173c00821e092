"""Charts of the summary as inline SVG: an interval in a table cell, and the plane of two metrics."""

from __future__ import annotations

import math
from typing import TypeAlias
from xml.etree.ElementTree import Element

from styleresearch.report.axes import Axis
from styleresearch.report.records import Heading
from styleresearch.report.summary import Cell, Summary
from styleresearch.report.svg import drawing, element
from styleresearch.report.variants import axes_of, groups
from styleresearch.store.record import MethodName

LABEL = 24
"""Characters of a method's label that the plane has room for."""
LOG_RATIO = 15
"""Values that differ by more than this factor are drawn on a logarithmic axis."""


def column_axis(summary: Summary, column: Heading, start: float, stop: float) -> Axis | None:
    """Return the axis of the column's comparable means and intervals; ``None`` when they are all the same, or none.

    Zeros (the identity's content loss), and the ends of intervals that reach below 0 or far below all means, do not fit
    a logarithmic axis: they are drawn at its lower end.
    """
    cells = [summary.cells[method.name, column.name] for method in summary.methods]
    estimates = [cell.estimate for cell in cells if cell.comparable]
    ends = [end for e in estimates for end in (e.mean, e.lo, e.hi) if math.isfinite(end)]
    if not ends or min(ends) == max(ends):
        return None
    means = [estimate.mean for estimate in estimates if estimate.mean > 0]
    if means and min(e.mean for e in estimates) >= 0 and max(means) / min(means) > LOG_RATIO:
        lowest = min(end for end in ends if end > min(means) / LOG_RATIO)
        return Axis.log(lowest, max(ends), start, stop)
    room = 0.06 * (max(ends) - min(ends))
    return Axis.linear(min(ends) - room, max(ends) + room, start, stop)


def interval_mark(cell: Cell, axis: Axis | None) -> str:
    """Draw a mean (dot) and its interval (line) for a table cell, 96 x 8 px; nothing for what is not comparable."""
    if axis is None or not cell.comparable:
        return ""
    estimate = cell.estimate
    parts = [element("line", class_="rule", x1=0.0, x2=96.0, y1=4.0, y2=4.0)]
    if math.isfinite(estimate.lo):
        parts.append(element("line", x1=axis.place(estimate.lo), x2=axis.place(estimate.hi), y1=4.0, y2=4.0))
    parts.append(element("circle", cx=axis.place(estimate.mean), cy=4.0, r=2.6))
    return drawing("mark", 96.0, 8.0, "", *parts)


def in_plane(summary: Summary) -> list[MethodName]:
    """Return the methods whose points may stand in one plane: comparable in both columns."""
    if summary.plane is None:
        return []
    return [m for m in summary.methods if all(summary.cells[m.name, c.name].comparable for c in summary.plane)]


def better_corner(summary: Summary) -> str:
    """Say where in the plane both metrics are better, "lower left"; empty where one has no direction."""
    if summary.plane is None or any(column.better is None for column in summary.plane):
        return ""
    across, up = summary.plane
    return f"{'lower' if up.better == 'lower' else 'upper'} {'left' if across.better == 'lower' else 'right'}"


def tradeoff(summary: Summary, width: float = 640.0, height: float = 380.0) -> str:
    """Draw the means of each method of ``in_plane``, one metric against the other, with both intervals."""
    drawn = in_plane(summary)
    if summary.plane is None or not drawn:
        return ""
    across, up = summary.plane
    left, right, top, bottom = 62.0, width - 18.0, 14.0, height - 46.0
    x_axis = column_axis(summary, across, left + 10, right - 10)
    y_axis = column_axis(summary, up, bottom - 10, top + 10)
    if x_axis is None or y_axis is None:
        return ""
    parts = []
    for x, text in x_axis.ticks():
        parts.append(element("line", class_="rule", x1=x, x2=x, y1=top, y2=bottom))
        parts.append(element("text", text, class_="x", x=x, y=bottom + 17))
    for y, text in y_axis.ticks():
        parts.append(element("line", class_="rule", x1=left, x2=right, y1=y, y2=y))
        parts.append(element("text", text, class_="y", x=left - 8, y=y))
    parts.append(element("text", f"{across.label} →", class_="x name", x=(left + right) / 2, y=height - 6))
    turned = f"translate(13 {(top + bottom) / 2:.1f}) rotate(-90)"
    parts.append(element("text", f"{up.label} →", class_="x name", transform=turned))
    # Labels keep clear of all points and intervals, so these claim their places first.
    taken: list[Box] = []
    points = []
    for method in drawn:
        x, y = (summary.cells[method.name, column.name].estimate for column in summary.plane)
        cx, cy = x_axis.place(x.mean), y_axis.place(y.mean)
        group = [element("title", method.label)]
        taken.append((cx - 6, cy - 6, cx + 6, cy + 6))
        if math.isfinite(x.lo):
            low, high = x_axis.place(x.lo), x_axis.place(x.hi)
            group.append(element("line", x1=low, x2=high, y1=cy, y2=cy))
            taken.append((low, cy - 2, high, cy + 2))
        if math.isfinite(y.lo):
            low, high = y_axis.place(y.lo), y_axis.place(y.hi)
            group.append(element("line", x1=cx, x2=cx, y1=low, y2=high))
            taken.append((cx - 2, high, cx + 2, low))
        points.append((method, cx, cy, [*group, element("circle", cx=cx, cy=cy, r=5.0)]))
    # The variants of a method that lie on one axis of a sweep are one line.
    at = {method.name: f"{cx:.1f} {cy:.1f}" for method, cx, cy, _ in points}
    for axis in axes_of(drawn):
        for line in groups(drawn, axis):
            parts.append(element("path", class_="front", d="M" + "L".join(at[each.name] for each in line.members)))
    for method, cx, cy, group in points:
        label = _label(method.label, cx, cy, right, taken)
        parts.append(element("g", *group, label, class_="floor" if method.baseline else "ours"))
    better = f"; {corner} is better" if (corner := better_corner(summary)) else ""
    said = f"Mean {up.label} against mean {across.label} of each method{better}. The table has the numbers."
    return drawing("chart tradeoff", width, height, said, *parts)


Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _label(name: str, cx: float, cy: float, limit: float, taken: list[Box]) -> Element:
    """Return a point's label, shortened, where it is clear of what has its place already."""
    short = name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…"
    x, y, anchor = label_place(cx, cy, 6.6 * len(short), limit, taken)
    return element("text", short, class_="label", x=x, y=y, text_anchor=anchor)


def label_place(cx: float, cy: float, length: float, limit: float, taken: list[Box]) -> tuple[float, float, str]:
    """Choose the first position around a point that keeps clear of other labels and points, and claim it."""
    best: tuple[float, tuple[float, float, str], Box] | None = None
    for dx, dy, anchor in ((9, -8, "start"), (9, 16, "start"), (-9, -8, "end"), (-9, 16, "end"), (0, -26, "middle"),
                           (0, 32, "middle"), (9, -26, "start"), (9, 32, "start"), (-9, -26, "end")):  # fmt: skip
        x, y = cx + dx, cy + dy
        x0 = {"start": x, "middle": x - length / 2, "end": x - length}[anchor]
        box = (x0, y - 11, x0 + length, y + 3)
        cost = sum(
            max(0.0, min(box[2], b[2]) - max(box[0], b[0])) * max(0.0, min(box[3], b[3]) - max(box[1], b[1]))
            for b in taken
        ) + 1000.0 * (max(0.0, box[2] - limit) + max(0.0, 64 - box[0]) + max(0.0, 8 - box[1]))
        if best is None or cost < best[0] - 1e-9:
            best = (cost, (x, y, anchor), box)
    assert best is not None  # the positions above are never empty
    taken.append(best[2])
    return best[1]
