"""Loss curves of the iterative methods: reading them and drawing them as inline SVG, small multiples per method."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from jaxtyping import Float

from styleresearch.report.axes import Axis
from styleresearch.report.files import within
from styleresearch.report.records import RunRecords
from styleresearch.report.svg import drawing, element
from styleresearch.store import jsonfile
from styleresearch.store.record import value_of

POINTS = 120
"""Points kept of one curve: more than a panel has pixels to show."""
READ = 300
"""Curves of one method that are read: of more, as many spread evenly over its pairs."""
LINES = 24
"""Curves drawn in one panel."""
WIDTH, HEIGHT = 360.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 10.0, 34.0


@dataclass(frozen=True)
class Curve:
    """Loss terms of one stylisation against the number of evaluations."""

    method: str
    pair: str
    evaluations: Float[np.ndarray, " points"]
    terms: dict[str, Float[np.ndarray, " points"]]


@dataclass(frozen=True)
class Panel:
    """A drawn panel: one method, one term."""

    label: str
    svg: str
    note: str


def read_curves(run: RunRecords) -> tuple[list[Curve], list[str]]:
    """Read the curves that the records name; return them and a sentence for each file that cannot be used."""
    curves, notices = [], []
    count, seen = _named(run), Counter[str]()
    for (method, pair), record in run.records.items():
        relative = record.files.get("curve")
        if not relative:
            continue
        seen[method] += 1
        if (seen[method] - 1) % math.ceil(count[method] / READ):
            continue
        try:
            if (path := within(run.directory, relative)) is None:
                raise ValueError("no file of this run")
            curves.append(_read(path, method, pair.name))
        except (OSError, ValueError):
            notices.append(f"The loss curve {relative} is missing or not readable and was left out.")
    return curves, notices


def _named(run: RunRecords) -> Counter[str]:
    """Return method -> how many curves its records name."""
    return Counter(method for (method, _), record in run.records.items() if record.files.get("curve"))


def _read(path: Path, method: str, pair: str) -> Curve:
    fields = jsonfile.read(path)
    if not jsonfile.conforms(fields, {"evaluations": list}) or not all(isinstance(y, list) for y in fields.values()):
        raise ValueError("not lists of numbers by name")
    x = _numbers(fields.pop("evaluations"))
    terms = {str(name): _numbers(values) for name, values in fields.items()}
    if not len(x) or not np.all(np.isfinite(x)) or x[0] < 0 or np.any(np.diff(x) < 0):
        raise ValueError("evaluations do not count up")
    if any(y.shape != x.shape for y in terms.values()):
        raise ValueError("a term has another number of values than there are evaluations")
    return Curve(method, pair, x, terms)


def _numbers(values: Sequence[object]) -> Float[np.ndarray, " points"]:
    numbers = [value_of(value) for value in values]
    return np.asarray([math.nan if number is None else number for number in numbers], float)


def term_names(curves: Sequence[Curve]) -> list[str]:
    """Return the terms that have a positive value to draw, ``total`` first."""
    names = dict.fromkeys(name for curve in curves for name in curve.terms)
    drawn = [name for name in names if any(np.any(_positive(curve.terms.get(name))) for curve in curves)]
    return sorted(drawn, key=lambda name: name != "total")


def _positive(values: Float[np.ndarray, " points"] | None) -> np.ndarray:
    return np.zeros(0, bool) if values is None else np.isfinite(values) & (values > 0)


def panels(run: RunRecords, curves: Sequence[Curve], term: str) -> list[Panel]:
    """Draw one panel per method that has the term: a thin line per pair, a bold one for their geometric mean.

    All panels of a term share both axes; the loss is on a logarithmic scale, so values that are not positive are
    not drawn.
    """
    drawn = []
    for curve in curves:
        if term in curve.terms:
            keep = _positive(curve.terms[term])
            if keep.any():
                drawn.append((curve, curve.evaluations[keep], curve.terms[term][keep]))
    if not drawn:
        return []
    x_axis = Axis.linear(0.0, max(float(x.max()) for _, x, _ in drawn), LEFT, WIDTH - RIGHT)
    lowest, highest = min(float(y.min()) for *_, y in drawn), max(float(y.max()) for *_, y in drawn)
    y_axis = Axis.log(lowest, highest, HEIGHT - BOTTOM, TOP)
    found, named = [], _named(run)
    most = max(Counter(curve.method for curve, *_ in drawn).values())
    for method in run.methods:
        mine = [(curve, x, y) for curve, x, y in drawn if curve.method == method.name]
        if not mine:
            continue
        step = max(1, math.ceil(len(mine) / LINES))
        body = _frame(x_axis, y_axis)
        for curve, x, y in mine[::step]:
            body.append(element("path", element("title", curve.pair), class_="thin", d=_path(x_axis, y_axis, x, y)))
        mean_x, mean_y = geometric_mean([(x, y) for _, x, y in mine])
        body.append(element("path", class_="bold", d=_path(x_axis, y_axis, mean_x, mean_y)))
        ends = (
            f"{term} over evaluations, from {mean_y[0]:.3g} to {mean_y[-1]:.3g} (geometric mean of {len(mine)} pairs)"
        )
        svg = drawing("chart", WIDTH, HEIGHT, f"{method.label}: {ends}", *body)
        drop = mean_y[-1] / mean_y[0]
        note = f"ends at {100 * drop:.2g} % of its first value" if drop < 1 else "does not fall"
        if step > 1:
            note += f"; {len(mine[::step])} of {len(mine)} pairs drawn"
        if named[method.name] > READ:
            note += f"; {len(mine)} of {named[method.name]} pairs read"
        elif len(mine) < most:
            note += f"; {len(mine)} pairs only, others have {most}"
        found.append(Panel(method.label, svg, note))
    return found


def _frame(x_axis: Axis, y_axis: Axis) -> list[Element]:
    parts = []
    for y, text in y_axis.ticks():
        parts.append(element("line", class_="rule", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        parts.append(element("text", text, class_="y", x=LEFT - 7, y=y))
    for x, text in x_axis.ticks():
        parts.append(element("text", text, class_="x", x=x, y=HEIGHT - BOTTOM + 15))
    parts.append(element("text", "evaluations", class_="x", x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4))
    return parts


def _path(x_axis: Axis, y_axis: Axis, x: np.ndarray, y: np.ndarray) -> str:
    """Return an SVG path through at most ``POINTS`` of the points, first and last among them."""
    keep = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(int))
    points = [f"{x_axis.place(float(x[i])):.1f} {y_axis.place(float(y[i])):.1f}" for i in keep]
    return "M" + "L".join(points) if len(points) > 1 else f"M{points[0]}h.1"


def geometric_mean(lines: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Average the logarithms of several curves over the evaluations that all of them reach."""
    lo, hi = max(float(x.min()) for x, _ in lines), min(float(x.max()) for x, _ in lines)
    grid = np.linspace(lo, max(lo, hi), POINTS)
    return grid, np.exp(np.mean([np.interp(grid, x, np.log(y)) for x, y in lines], axis=0))
