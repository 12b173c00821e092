"""Charts of the summary as inline SVG: an interval in a table cell, and the plane of two metrics."""

from __future__ import annotations

import math

from markupsafe import Markup

from styleresearch.report.axes import Axis
from styleresearch.report.records import Metric
from styleresearch.report.summary import Cell, Summary
from styleresearch.store.record import MethodName

LABEL = 24
"""Characters of a method's label that the plane has room for."""
LOG_RATIO = 15
"""Values that differ by more than this factor are drawn on a logarithmic axis."""


def column_axis(summary: Summary, column: Metric, start: float, stop: float) -> Axis | None:
    """Return the axis of the column's comparable means and intervals; ``None`` when they are all the same, or none.

    Zeros (the identity's content loss) do not fit a logarithmic axis: they are drawn at its lower end.
    """
    cells = [summary.cells[method.name, column.name] for method in summary.methods]
    estimates = [cell.estimate for cell in cells if cell.comparable]
    ends = [end for e in estimates for end in (e.mean, e.lo, e.hi) if math.isfinite(end)]
    if not ends or min(ends) == max(ends):
        return None
    positive = [end for end in ends if end > 0]
    if positive and min(ends) >= 0 and max(positive) / min(positive) > LOG_RATIO:
        return Axis.log(min(positive), max(positive), start, stop)
    room = 0.06 * (max(ends) - min(ends))
    return Axis.linear(min(ends) - room, max(ends) + room, start, stop)


def interval_mark(cell: Cell, axis: Axis | None) -> Markup:
    """Draw a mean (dot) and its interval (line) for a table cell, 96 x 8 px; nothing for what is not comparable."""
    if axis is None or not cell.comparable:
        return Markup("")
    estimate = cell.estimate
    line = Markup("")
    if math.isfinite(estimate.lo):
        line = Markup('<line x1="{:.1f}" x2="{:.1f}" y1="4" y2="4"/>').format(
            axis.place(estimate.lo), axis.place(estimate.hi)
        )
    return Markup(
        '<svg class="mark" viewBox="0 0 96 8" aria-hidden="true"><line class="rule" x1="0" x2="96" y1="4" y2="4"/>'
        '{}<circle cx="{:.1f}" cy="4" r="2.6"/></svg>'
    ).format(line, axis.place(estimate.mean))


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


def tradeoff(summary: Summary, width: float = 640.0, height: float = 380.0) -> Markup:
    """Draw the means of each method of ``in_plane``, one metric against the other, with both intervals."""
    drawn = in_plane(summary)
    if summary.plane is None or not drawn:
        return Markup("")
    across, up = summary.plane
    left, right, top, bottom = 62.0, 18.0, 14.0, 46.0
    x_axis = column_axis(summary, across, left + 10, width - right - 10)
    y_axis = column_axis(summary, up, height - bottom - 10, top + 10)
    if x_axis is None or y_axis is None:
        return Markup("")
    parts = [
        Markup('<line class="rule" x1="{x}" x2="{x}" y1="{}" y2="{}"/><text class="x" x="{x}" y="{}">{}</text>').format(
            top, height - bottom, height - bottom + 17, text, x=f"{position:.1f}"
        )
        for position, text in x_axis.ticks()
    ]
    parts += [
        Markup('<line class="rule" x1="{}" x2="{}" y1="{y}" y2="{y}"/><text class="y" x="{}" y="{y}">{}</text>').format(
            left, width - right, left - 8, text, y=f"{position:.1f}"
        )
        for position, text in y_axis.ticks()
    ]
    parts.append(
        Markup('<text class="x name" x="{}" y="{}">{} →</text>').format(
            (left + width - right) / 2, height - 6, across.label
        )
    )
    parts.append(
        Markup('<text class="x name" transform="translate(13 {}) rotate(-90)">{} →</text>').format(
            (top + height - bottom) / 2, up.label
        )
    )
    taken: list[tuple[float, float, float, float]] = []
    points = []
    for method in drawn:
        x, y = (summary.cells[method.name, column.name].estimate for column in summary.plane)
        cx, cy = x_axis.place(x.mean), y_axis.place(y.mean)
        points.append((method, x, y, cx, cy))
        taken.append((cx - 6, cy - 6, cx + 6, cy + 6))
        if math.isfinite(x.lo):
            taken.append((x_axis.place(x.lo), cy - 2, x_axis.place(x.hi), cy + 2))
        if math.isfinite(y.lo):
            taken.append((cx - 2, y_axis.place(y.hi), cx + 2, y_axis.place(y.lo)))
    for method, x, y, cx, cy in points:
        group = [Markup("<title>{}</title>").format(method.label)]
        if math.isfinite(x.lo):
            ends = (x_axis.place(x.lo), x_axis.place(x.hi), cy)
            group.append(
                Markup('<line x1="{:.1f}" x2="{:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>').format(*ends[:2], y=ends[2])
            )
        if math.isfinite(y.lo):
            ends = (y_axis.place(y.lo), y_axis.place(y.hi), cx)
            group.append(
                Markup('<line x1="{x:.1f}" x2="{x:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(*ends[:2], x=ends[2])
            )
        group.append(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="5"/>').format(cx, cy))
        short = method.label if len(method.label) <= LABEL else f"{method.label[: LABEL - 1].rstrip()}…"
        label_x, label_y, anchor = _label_place(cx, cy, 6.6 * len(short), width - right, taken)
        group.append(
            Markup('<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
                label_x, label_y, anchor, short
            )
        )
        kind = "floor" if method.baseline else "ours"
        parts.append(Markup('<g class="{}">{}</g>').format(kind, Markup("").join(group)))
    better = f"; {corner} is better" if (corner := better_corner(summary)) else ""
    return Markup('<svg class="chart tradeoff" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width,
        height,
        f"Mean {up.label} against mean {across.label} of each method{better}. The table has the numbers.",
        Markup("").join(parts),
    )


def _label_place(
    cx: float, cy: float, length: float, limit: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float, str]:
    """Choose the first position around a point that keeps clear of other labels and points, and claim it."""
    best: tuple[float, tuple[float, float, str], tuple[float, float, float, float]] | None = None
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
