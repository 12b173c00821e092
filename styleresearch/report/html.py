"""The report of a run: one HTML file that needs nothing else, with ``table.csv`` and ``table.tex`` beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from styleresearch import __version__
from styleresearch.errors import InputError
from styleresearch.evaluation.statistics.resampling import RESAMPLES
from styleresearch.report import differences, meantable, settables
from styleresearch.report.cases import extreme_cases
from styleresearch.report.charts import better_corner, in_plane, tradeoff
from styleresearch.report.curves import panels, read_curves, term_names
from styleresearch.report.depth import Depth, depth_of
from styleresearch.report.depthrows import middle_rows, rank_bars, rank_rows, reach_rows, variance_rows
from styleresearch.report.files import within
from styleresearch.report.heat import heat_maps
from styleresearch.report.numbers import MISSING, plain
from styleresearch.report.pictures import Picture, on_page, picture, preview_side
from styleresearch.report.profiles import profile_panels
from styleresearch.report.reading import read_run
from styleresearch.report.records import RunRecords
from styleresearch.report.rows import difference_rows, method_rows, set_rows
from styleresearch.report.sets import summarise_sets
from styleresearch.report.summary import Summary, summarise
from styleresearch.report.sweep import fronts, matches
from styleresearch.report.sweep import panels as swept_panels
from styleresearch.report.tables import csv_text, describe_run
from styleresearch.report.variants import axes_of
from styleresearch.store import atomic
from styleresearch.store.record import MethodName, Pair
from styleresearch.store.rundir import RunDirectory

TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    run_dir: Path,
    *,
    reference: str | None = None,
    command: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Path:
    """Write ``report.html``, ``table.csv`` and ``table.tex`` of a run directory and return the report's path.

    Differences to the reference are in ``differences.tex`` where there is one, values over sets in tables of their
    own, ``sets.csv`` and ``sets.tex``, where there are any.

    Args:
        run_dir: a directory with ``records.jsonl``, ``contracts.json``, ``config.json`` and the images.
        reference: name of the method that differences are taken to; by default as ``summarise``.
        command: the command line that repeats the run, shown in the report.
        resamples: how often contents and styles are drawn anew, for ranks and profiles.
        seed: seed of these draws.

    Raises:
        InputError: if the records are missing or not usable, the reference is not a method of the run, or the
            directory cannot be written.
    """
    run, files = read_run(Path(run_dir)), RunDirectory(Path(run_dir))
    summary = summarise(run, reference, resamples, seed)
    depth = depth_of(run, summary)
    contents = {
        files.report: render(run, summary, depth, command),
        files.table_csv: csv_text(summary, depth),
        files.table_tex: meantable.latex_text(summary, run),
    }
    if summary.reference is not None:
        contents[files.differences_tex] = differences.latex_text(summary, run.title)
    if (sets := summarise_sets(run)) is not None:
        contents |= {files.sets_csv: settables.csv_text(sets), files.sets_tex: settables.latex_text(sets, run.title)}
    # All are on disk before the first takes its place: a disk that fills, or a kill, leaves the old ones.
    try:
        with contextlib.ExitStack() as renamed_together:
            for path, text in contents.items():
                partial = renamed_together.enter_context(atomic.replacing(path))
                # A command line may hold bytes that are no characters.
                partial.write_bytes(text.encode("utf-8", "backslashreplace"))
        for path in (files.sets_csv, files.sets_tex, files.differences_tex):
            if path not in contents:  # of an earlier config
                path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write the report into {run.directory}: {error.strerror or error}") from error
    return files.report


def render(run: RunRecords, summary: Summary, depth: Depth, command: str | None = None) -> str:
    """Return the page as text."""
    curves, problems = read_curves(run)
    pairs = on_page(run.pairs, len(run.methods) + 2)
    sets = summarise_sets(run)
    metrics = [column for column in summary.columns if not column.cost]
    return template("report.html.j2").render(
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
        version=__version__,
        title=run.title,
        run=run,
        summary=summary,
        metrics=metrics,
        notices=[*run.notices, *problems],
        facts=_facts(run, summary),
        describe=describe_run(run),
        results=method_rows(summary),
        sets=sets,
        set_rows=[] if sets is None else set_rows(sets),
        differences=difference_rows(summary, metrics),
        below_zero=any(cell.estimate.lo < 0 for (_, name), cell in summary.cells.items() if name in summary.ratios),
        profiles=profile_panels(summary, depth),
        heats=heat_maps(run, summary),
        cases=extreme_cases(run, summary),
        ranks=rank_rows(summary, depth, metrics),
        rankbars=rank_bars(summary, depth, metrics),
        middles=middle_rows(summary, depth, metrics),
        variances=variance_rows(depth, metrics),
        reaches=reach_rows(summary, depth, metrics),
        axes=axes_of(summary.methods),
        swept=swept_panels(summary),
        fronts=fronts(summary),
        matches=matches(run, summary),
        tradeoff=tradeoff(summary),
        corner=better_corner(summary),
        off_plane=[m.label for m in summary.methods if m not in in_plane(summary) and _has_place(summary, m)],
        grid=_grid(run, pairs),
        left_out=len(run.pairs) - len(pairs),
        beside=_side(run, pairs) is None,
        terms=[(term, panels(run, curves, term)) for term in term_names(curves)],
        without_curve=[m.label for m in run.methods if not m.baseline and m.name not in {c.method for c in curves}],
        data=_lightbox(run, summary, pairs),
        values=_values(run, summary, pairs),
        command=command,
        config=json.dumps(run.config, indent=2, ensure_ascii=False, default=str) if run.config else "",
        contracts={
            m.name: json.dumps(m.contract, indent=2, ensure_ascii=False)
            for m in (*metrics, *run.set_metrics)
            if m.contract
        },
        missing=MISSING,
    )


@cache
def template(name: str) -> jinja2.Template:
    """Return a page's template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template(name)


def _facts(run: RunRecords, summary: Summary) -> list[tuple[str, str]]:
    """Return what was compared and with what, as (name, text); facts that are not known are left out."""
    known = describe_run(run)
    encoder = ", ".join(part for part in (known["encoder"], known["convention"]) if part)
    times = sorted(str(time) for time in run.provenance("time"))
    packages: dict[str, dict[str, None]] = {}
    for versions in run.provenance("packages"):
        for name, version in versions.items() if isinstance(versions, Mapping) else ():
            packages.setdefault(str(name), {})[str(version)] = None
    span = [_clock(times[0]), _clock(times[-1])] if times else []
    facts = [
        ("Compared", summary.design),
        ("Encoder", f"{encoder} · sha256 {known['digest']}…" if encoder and known["digest"] else encoder),
        ("Size", known["size"]),
        ("Device", ", ".join(str(device) for device in run.provenance("device"))),
        ("Precision", ", ".join(str(precision) for precision in run.provenance("precision"))),
        ("Config", known["config"]),
        ("Time", " to ".join(dict.fromkeys(span))),
        ("Versions", ", ".join(f"{name} {' and '.join(found)}" for name, found in packages.items())),
    ]
    return [(name, text) for name, text in facts if text]


def _clock(time: str) -> str:
    """Return an ISO time without seconds, ``2026-11-23 02:30 UTC``; any other text as it is."""
    plain_form = len(time) == 20 and time[10] == "T" and time.endswith("Z")
    return f"{time[:10]} {time[11:16]} UTC" if plain_form else time


def _has_place(summary: Summary, method: MethodName) -> bool:
    """Return whether a method has means of both metrics of the plane."""
    return summary.plane is not None and all(summary.cells[method.name, c.name].estimate.n for c in summary.plane)


def _side(run: RunRecords, pairs: Sequence[Pair]) -> int | None:
    return preview_side(len(pairs) * (len(run.methods) + 2))


def _grid(run: RunRecords, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Return a row per pair: its inputs and every method's output, each with a preview or the reason for none."""
    side = _side(run, pairs)
    inputs: dict[str, Picture] = {}
    rows = []
    for pair in pairs:
        records = {m.name: run.records.get((m.name, pair)) for m in run.methods}
        row: dict[str, Any] = {"pair": pair, "inputs": {}, "outputs": []}
        for kind in ("content", "style"):
            paths = dict.fromkeys(r.files.get(kind) for r in records.values() if r is not None and r.files.get(kind))
            path = next((p for p in paths if within(run.directory, p)), next(iter(paths), None))
            if str(path) not in inputs:
                inputs[str(path)] = picture(run.directory, path, side)
            row["inputs"][kind] = inputs[str(path)]
        for method in run.methods:
            record = records[method.name]
            relative = None if record is None else record.files.get("output")
            row["outputs"].append((method, picture(run.directory, relative, side)))
        rows.append(row)
    return rows


def _lightbox(run: RunRecords, summary: Summary, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return what the page's script needs: names, and each image's values as texts."""
    return {
        "methods": [method.label for method in run.methods],
        "pairs": [{"content": p.content, "style": p.style, "name": _pair_label(p, summary)} for p in pairs],
        "metrics": [
            {"label": c.label, "unit": c.unit, "better": c.better or "", "cost": c.cost} for c in summary.columns
        ],
        "values": [
            [
                None
                if (record := run.records.get((method.name, pair))) is None
                else [plain(column.value(record)) for column in summary.columns]
                for method in run.methods
            ]
            for pair in pairs
        ],
    }


def _pair_label(pair: Pair, summary: Summary) -> str:
    seed = f", seed {pair.seed}" if summary.seeds > 1 and pair.seed is not None else ""
    return f"{pair.content} × {pair.style}{seed}"


def _values(run: RunRecords, summary: Summary, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    rows = []
    for pair in pairs:
        for method in run.methods:
            record = run.records.get((method.name, pair))
            values = [plain(column.value(record)) if record else MISSING for column in summary.columns]
            rows.append({"pair": _pair_label(pair, summary), "method": method, "values": values})
    return rows
