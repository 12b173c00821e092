"""Performance profiles as inline SVG: for each method the share of pairs that are at least as good as each value."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from styleresearch.evaluation.statistics.resampling import Profile
from styleresearch.report.axes import Axis
from styleresearch.report.charts import LOG_RATIO
from styleresearch.report.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Panel
from styleresearch.report.depth import Depth
from styleresearch.report.records import Heading
from styleresearch.report.summary import Summary
from styleresearch.report.svg import drawing, element


def profile_panels(summary: Summary, depth: Depth, column: Heading) -> list[Panel]:
    """Draw one panel per method that has a profile in a column; all share both axes."""
    found = [(m, p) for m in summary.methods if (p := depth.profiles.get((m.name, column.name))) is not None]
    if not found:
        return []
    values = np.concatenate([profile.values for _, profile in found])
    lo, hi = float(values.min()), float(values.max())
    logarithmic = lo > 0 and hi / lo > LOG_RATIO
    x_axis = (Axis.log if logarithmic else Axis.linear)(lo, hi, LEFT, WIDTH - RIGHT)
    y_axis = Axis.linear(0.0, 1.0, HEIGHT - BOTTOM, TOP)
    panels = []
    for method, profile in found:
        body = []
        for y, text in y_axis.ticks():
            body.append(element("line", class_="rule", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
            body.append(element("text", text, class_="y", x=LEFT - 7, y=y))
        for x, text in x_axis.ticks():
            body.append(element("text", text, class_="x", x=x, y=HEIGHT - BOTTOM + 15))
        body.append(element("text", column.label, class_="x", x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4))
        there, back = (_points(x_axis, y_axis, profile, ends) for ends in (profile.hi, profile.lo))
        body.append(element("path", class_="band", d=f"M{'L'.join([*there, *reversed(back)])}Z"))
        line = _points(x_axis, y_axis, profile, profile.shares)
        body.append(element("path", class_="bold", d="M" + "L".join(line) + ("" if len(line) > 1 else "h.1")))
        half = float(profile.values[int(np.argmin(np.abs(profile.shares - 0.5)))])
        said = f"{method.label}: share of pairs at least as good as each {column.label}; about half at {half:.3g}"
        panels.append(Panel(method.label, drawing("chart", WIDTH, HEIGHT, said, *body), f"about half at {half:.3g}"))
    return panels


def _points(x_axis: Axis, y_axis: Axis, profile: Profile, shares: Float[np.ndarray, " points"]) -> list[str]:
    return [
        f"{x_axis.place(float(x)):.1f} {y_axis.place(float(y)):.1f}"
        for x, y in zip(profile.values, shares, strict=True)
        if math.isfinite(y)
    ]
