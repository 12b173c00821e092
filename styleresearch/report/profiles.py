"""Performance profiles as small multiples: which share of pairs is at least so good, one panel per method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from styleresearch.evaluation.statistics.resampling import Profile
from styleresearch.report.axes import Axis
from styleresearch.report.charts import LOG_RATIO
from styleresearch.report.depth import Depth
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary
from styleresearch.report.svg import drawing, element

WIDTH, HEIGHT = 320.0, 190.0


@dataclass(frozen=True)
class Panel:
    """The profile of one method among the others'.

    Attributes:
        label: of the method.
        svg: the drawing.
    """

    label: str
    svg: str


def profile_panels(summary: Summary, depth: Depth) -> list[tuple[Heading, list[Panel]]]:
    """Return the panels of each metric that has profiles, over axes that the metric's panels share."""
    found = []
    for column in summary.columns:
        drawn = {
            m.label: depth.profiles[m.name, column.name]
            for m in summary.methods
            if (m.name, column.name) in depth.profiles
        }
        if drawn and (axis := profile_axis(list(drawn.values()), 38.0, WIDTH - 8.0)) is not None:
            found.append((column, [Panel(label, _panel(column, label, drawn, axis)) for label in drawn]))
    return found


def profile_axis(profiles: list[Profile], start: float, stop: float) -> Axis | None:
    """Return an axis for the values of profiles; ``None`` when they are all the same."""
    lo, hi = (float(end(end(profile.values) for profile in profiles)) for end in (min, max))
    if lo == hi:
        return None
    return Axis.log(lo, hi, start, stop) if lo > 0 and hi / lo > LOG_RATIO else Axis.linear(lo, hi, start, stop)


def steps(profile: Profile, shares: np.ndarray, rising: bool, lo: float, hi: float) -> list[tuple[float, float]]:
    """Return the corners of a profile as (value, share), from one end of an axis to the other.

    At a value the share of ``profile`` holds, and until the next one; where higher is better, from the one before.
    """
    values = [float(value) for value in profile.values]
    heights = [float(share) for share in shares]
    if rising:
        before, after = [0.0, *heights[:-1]], heights
        ends = (lo, 0.0), (hi, heights[-1])
    else:
        before, after = heights, [*heights[1:], 0.0]
        ends = (lo, heights[0]), (hi, 0.0)
    corners = [corner for v, b, a in zip(values, before, after, strict=True) for corner in ((v, b), (v, a))]
    return [ends[0], *corners, ends[1]]


def _panel(column: Heading, label: str, drawn: dict[str, Profile], axis: Axis) -> str:
    top, bottom = 8.0, HEIGHT - 34.0
    height = Axis.linear(0.0, 1.0, bottom, top)
    rising = column.better == "lower"
    parts: list[Element] = []
    for share, text in ((0.0, "0"), (0.5, "50 %"), (1.0, "100 %")):
        y = height.place(share)
        parts.append(element("line", class_="rule", x1=axis.start, x2=axis.stop, y1=y, y2=y))
        parts.append(element("text", text, class_="y", x=axis.start - 5, y=y))
    ticks = axis.ticks()
    for x, text in ticks[:: math.ceil(len(ticks) / 5)]:
        parts.append(element("text", text, class_="x", x=x, y=bottom + 15))
    sign = "≤" if rising else "≥"
    parts.append(
        element("text", f"{column.label} {sign}", class_="x name", x=(axis.start + axis.stop) / 2, y=HEIGHT - 4)
    )

    def path(corners: list[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{axis.place(x):.1f} {height.place(y):.1f}" for x, y in corners)

    mine = drawn[label]
    lower, upper = (steps(mine, each, rising, axis.lo, axis.hi) for each in (mine.lo, mine.hi))
    parts.append(element("path", class_="band", d=path([*lower, *upper[::-1]]) + "Z"))
    for name, profile in drawn.items():
        if name != label:
            line = path(steps(profile, profile.shares, rising, axis.lo, axis.hi))
            parts.append(element("path", element("title", name), class_="thin", d=line))
    parts.append(element("path", class_="bold", d=path(steps(mine, mine.shares, rising, axis.lo, axis.hi))))
    said = f"{label}: share of pairs whose {column.label} is {'at most' if rising else 'at least'} a value."
    return drawing("chart profile", WIDTH, HEIGHT, said, *parts)
