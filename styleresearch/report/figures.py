"""Figures for a paper: the grid of images, the plane of two metrics and the profiles, as PDF and SVG."""

from __future__ import annotations

import dataclasses
import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.interval import Estimate
from styleresearch.extras import require
from styleresearch.report.charts import LOG_RATIO, Box, column_axis, in_plane, label_place
from styleresearch.report.curve_figure import draw_curves
from styleresearch.report.curves import read_curves, term_names
from styleresearch.report.depth import Depth, depth_of
from styleresearch.report.files import within
from styleresearch.report.profile_figure import draw_profiles, profiled
from styleresearch.report.rank_figure import draw_ranks, ranked
from styleresearch.report.records import Heading, RunRecords
from styleresearch.report.summary import Summary, summarise
from styleresearch.store import atomic
from styleresearch.store.record import MethodName, Pair
from styleresearch.store.rundir import RunDirectory

ROWS = 8
"""Pairs in the grid: as many as fit a page; they are spread evenly over the run's pairs."""
PAGE = 4.75
"""Width of a page's text in inches: of LaTeX's article."""
CELL_INCHES = 1.25
DPI = 150


def write_figures(run: RunRecords, summary: Summary | None = None) -> list[Path]:
    """Write the grid of images and, where there are any to draw, the plane and the profiles, as PDF and SVG.

    Returns their paths.

    Args:
        run: what ``read_run`` returned.
        summary: what ``summarise`` returned for it; computed when not given.

    Raises:
        InputError: if the run directory cannot be written, or matplotlib is not installed.
    """
    files = RunDirectory(run.directory)
    places = {"grid": files.figures, "plane": files.tradeoffs, "profiles": files.profiles}
    summary = summarise(run) if summary is None else summary
    with drawing():
        found = _shared(run, summary, depth_of(run, summary), chosen_pairs(run), list(run.methods))
        return [path for name, figure in found.items() for path in _save(figure, places[name])]


def write_paper_figures(
    run: RunRecords, summary: Summary, depth: Depth, folder: Path, pairs: Sequence[Pair], methods: Sequence[MethodName]
) -> list[str]:
    """Write what of grid, plane, profiles, ranks and curves there is to draw into a folder, as PDF; return the names.

    Args:
        run: what ``read_run`` returned.
        summary: of it.
        depth: of it.
        folder: where to.
        pairs: of the grid, a row each.
        methods: of the grid, a column each.

    Raises:
        InputError: if the folder cannot be written, or matplotlib is not installed.
    """
    with drawing():
        from matplotlib.figure import Figure

        found = _shared(run, summary, depth, pairs, methods, PAGE)
        if ranked(summary, depth):
            found["ranks"] = Figure(layout="constrained")
            draw_ranks(found["ranks"], summary, depth)
        curves, _ = read_curves(run)
        if term_names(curves):
            found["curves"] = Figure(layout="constrained")
            draw_curves(found["curves"], run, curves)
        for name, figure in found.items():
            _save(figure, {"pdf": folder / f"{name}.pdf"})
    return list(found)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw as figures for papers are drawn.

    Raises:
        InputError: if matplotlib is not installed.
    """
    check_figures()
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        **{"font.family": "serif", "font.size": 8, "pdf.fonttype": 42},
        "svg.hashsalt": "",  # or equal figures would be unequal files
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; that is no reason to have no figure.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _shared(
    run: RunRecords,
    summary: Summary,
    depth: Depth,
    pairs: Sequence[Pair],
    methods: Sequence[MethodName],
    width: float | None = None,
) -> dict[str, Any]:
    """Return name -> figure of what a run's own figures and a paper's share."""
    from matplotlib.figure import Figure

    found = {"grid": Figure()}
    _draw_grid(found["grid"], run, pairs, methods, width)
    if summary.plane is not None:
        found["plane"] = Figure(figsize=(3.4, 2.6), layout="constrained")
        _draw_tradeoff(found["plane"], summary, summary.plane)
    if profiled(summary, depth):
        found["profiles"] = Figure(layout="constrained")
        draw_profiles(found["profiles"], summary, depth)
    return found


def check_figures() -> None:
    """Raise InputError if figures cannot be drawn here, for a command that has yet to compute what they show."""
    # It takes most of a second to import, and the page does without it.
    require("matplotlib", "figures", "drawing figures")


def _save(figure: Any, files: Mapping[str, Path]) -> list[Path]:
    for kind, path in files.items():
        undated = {"CreationDate": None} if kind == "pdf" else {"Date": None}
        try:
            with atomic.replacing(path) as partial:
                figure.savefig(partial, format=kind, dpi=DPI, facecolor="white", metadata=undated)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    return list(files.values())


def chosen_pairs(run: RunRecords, rows: int = ROWS) -> list[Pair]:
    """Return at most ``rows`` pairs, spread evenly over the run's pairs."""
    keep = np.unique(np.linspace(0, len(run.pairs) - 1, min(rows, len(run.pairs))).round().astype(int))
    return [run.pairs[i] for i in keep]


def _draw_grid(
    figure: Any, run: RunRecords, pairs: Sequence[Pair], methods: Sequence[MethodName], width: float | None
) -> None:
    """Draw pairs as rows: content, style, then methods; a missing or unreadable image is an empty frame.

    Args:
        figure: an empty one.
        run: the run.
        pairs: the rows.
        methods: the columns behind content and style.
        width: of the whole in inches, so that its type is not scaled; ``None`` for what cells of a size make.
    """
    columns: list[MethodName | str] = ["content", "style", *methods]
    cell = CELL_INCHES if width is None else width / len(columns)
    labels = [column if isinstance(column, str) else column.label for column in columns]
    if width is not None:  # as many letters as a cell has room for, or turned
        labels = [textwrap.fill(label, max(4, int(cell * 72 / 3.2)), break_long_words=False) for label in labels]
    lines = [line for label in labels for line in label.split("\n")]
    turned = width is not None and max(map(len, lines)) * 3.2 > cell * 72
    head = 0.3 if width is None else 0.05 * max(map(len, lines)) + 0.1 if turned else 0.1 * max(
        label.count("\n") + 1 for label in labels
    ) + 0.08  # fmt: skip
    high = cell * len(pairs) + head
    figure.set_size_inches(cell * len(columns), high)
    axes = figure.subplots(len(pairs), len(columns), squeeze=False)
    figure.subplots_adjust(left=0.004, right=0.996, bottom=0.004, top=1 - head / high, wspace=0.03, hspace=0.03)
    for row, pair in enumerate(pairs):
        for index, column in enumerate(columns):
            axis = axes[row, index]
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(False)
            image = _read(run, pair, column)
            if image is None:
                axis.text(0.5, 0.5, "–", ha="center", va="center", transform=axis.transAxes)
            else:
                axis.imshow(image, interpolation="lanczos")
            if row == 0:
                title = axis.set_title(labels[index], fontsize=8 if width is None else 6, pad=4, parse_math=False)
                title.set_rotation(90 if turned else 0)


def _read(run: RunRecords, pair: Pair, column: MethodName | str) -> np.ndarray | None:
    """Return a picture at the size of a cell, or ``None`` when there is none to read."""
    if isinstance(column, str):
        records = [r for m in run.methods if (r := run.records.get((m.name, pair))) is not None]
        relative = next((r.files[column] for r in records if r.files.get(column)), None)
    else:
        record = run.records.get((column.name, pair))
        relative = None if record is None else record.files.get("output")
    if (path := within(run.directory, relative)) is None:
        return None
    side = round(CELL_INCHES * DPI)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return np.asarray(ImageOps.contain(image, (side, side), Image.Resampling.LANCZOS))


def _draw_tradeoff(figure: Any, summary: Summary, plane: tuple[Heading, Heading]) -> None:
    """Draw the means of one metric against the other with intervals; values of 0 have no place on a log axis."""
    axis = figure.add_subplot()
    # The page decides which axes are logarithmic.
    logarithmic = [(found := column_axis(summary, c, 0.0, 1.0)) is not None and found.logarithmic for c in plane]
    drawn: list[tuple[str, Estimate, Estimate]] = []
    for method in in_plane(summary):
        x, y = (summary.cells[method.name, column.name].estimate for column in plane)
        if any(log and estimate.mean <= 0 for log, estimate in zip(logarithmic, (x, y), strict=True)):
            continue
        x, y = (_above_zero(e) if log else e for e, log in zip((x, y), logarithmic, strict=True))
        errors = [[[e.mean - e.lo], [e.hi - e.mean]] if math.isfinite(e.lo) else None for e in (x, y)]
        face = "white" if method.baseline else "#a63d17"
        edge = "#6b665e" if method.baseline else "#a63d17"
        axis.errorbar(
            x.mean, y.mean, xerr=errors[0], yerr=errors[1], fmt="o", markersize=4, color=edge,
            markerfacecolor=face, elinewidth=0.8,
        )  # fmt: skip
        drawn.append((method.label, x, y))
    if axis.has_data():
        axis.set_xscale("log" if logarithmic[0] else "linear")
        axis.set_yscale("log" if logarithmic[1] else "linear")
    axis.margins(0.12)
    for name, log in zip("xy", logarithmic, strict=True):
        if not log:  # numbers of six digits touch one another where there are more
            axis.locator_params(axis=name, nbins=4)
    # What a user wrote is no formula, and what matplotlib writes beside an axis is one.
    axis.set_xlabel(plane[0].label, parse_math=False)
    axis.set_ylabel(plane[1].label, parse_math=False)
    axis.spines[["top", "right"]].set_visible(False)
    _label(figure, axis, drawn)


def _above_zero(estimate: Estimate) -> Estimate:
    """Return an estimate whose interval a logarithmic axis can show."""
    return dataclasses.replace(estimate, lo=max(estimate.lo, estimate.mean / LOG_RATIO))


def _label(figure: Any, axis: Any, drawn: Sequence[tuple[str, Estimate, Estimate]]) -> None:
    """Write the methods' names beside their points, where the page would: clear of points, intervals and each other."""
    figure.draw_without_rendering()  # or the axes have no place yet
    scale = 144 / figure.dpi  # the page's pixels: a label of 7 pt is as high as one there
    height = figure.bbox.height * scale

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = axis.transData.transform((x, y)) * scale
        return float(across), float(height - up)

    taken: list[Box] = []
    for _, x, y in drawn:
        cx, cy = place(x.mean, y.mean)
        taken.append((cx - 6, cy - 6, cx + 6, cy + 6))
        if math.isfinite(x.lo):
            taken.append((place(x.lo, y.mean)[0], cy - 2, place(x.hi, y.mean)[0], cy + 2))
        if math.isfinite(y.lo):
            taken.append((cx - 2, place(x.mean, y.hi)[1], cx + 2, place(x.mean, y.lo)[1]))
    for name, x, y in drawn:
        cx, cy = place(x.mean, y.mean)
        length = 6.6 * len(name)
        at_x, at_y, anchor = label_place(cx, cy, length, figure.bbox.width * scale, taken)
        axis.annotate(
            name, (x.mean, y.mean), xytext=((at_x - cx) / 2, (cy - at_y) / 2), textcoords="offset points",
            fontsize=7, ha={"start": "left", "middle": "center", "end": "right"}[anchor], parse_math=False,
        )  # fmt: skip
