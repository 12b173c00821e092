"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.build import Column
from styleresearch.comparison import Cell, Comparison
from styleresearch.data.images import load_image
from styleresearch.data.triple import Triple
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.evaluation.cost import Cost, measured
from styleresearch.methods.base import Progress
from styleresearch.methods.color import PreserveColor
from styleresearch.ops import programs
from styleresearch.rundir import RunDirectory, provenance
from styleresearch.store import atomic, digests
from styleresearch.types import Style


def stylize(
    column: Column,
    encoder: Encoder | None,
    content: np.ndarray,
    styles: Sequence[Style],
    *,
    seed: int,
    precision: str = "float32",
    progress: Callable[[Progress], None] | None = None,
) -> tuple[np.ndarray, Cost]:
    """Stylise one picture.

    Args:
        column: the method, what it learned and how it keeps colours.
        encoder: the shared encoder, for a method without one of its own; None where
            there is none such.
        content: (h, w, 3) in [0, 1].
        styles: one style, or several for a method that is ``guided``; images (1, h, w, 3). None for a method that
            takes no style.
        seed: of the method's randomness.
        precision: of matrix products and convolutions.
        progress: see ``Method.stylize``.

    Returns:
        The picture (h, w, 3) in [0, 1], and what it cost.

    Raises:
        InputError: for several or masked styles under a method that takes one.
        ArithmeticError: if the loss or the picture became NaN or infinite.
    """
    plain = not styles or (len(styles) == 1 and styles[0].where is None and styles[0].mask is None)
    if not plain and not column.method.guided:
        raise InputError(
            f"method {column.name!r} takes one style and no masks; gatys and adain take several styles and masks"
        )
    keep = column.preserve_color
    programs.drop_if_many()
    with jax.default_matmul_precision(None if precision == "default" else precision), measured() as cost:
        image = jnp.asarray(np.asarray(content, np.float32)[None])
        shown = image if keep is None else keep.content(image)
        used = [_recoloured(style, image, keep) for style in styles]
        output = column.method.stylize(
            None if column.trained is None else column.trained.params,
            column.encoder or encoder,  # pyright: ignore[reportArgumentType] - None where the method never calls it
            shown,
            (used[0].image if used else None) if plain else used,
            key=jax.random.key(seed),
            progress=progress,
        )
        result = np.asarray(output if keep is None else keep.output(output, image))[0]
    if not np.isfinite(result).all():
        raise ArithmeticError(f"the picture that method {column.name!r} made holds NaN or infinite values")
    return result, cost


def _recoloured(style: Style, content: Any, keep: PreserveColor | None) -> Style:
    image = jnp.asarray(style.image, jnp.float32)
    return Style(image if keep is None else keep.style(image, content), style.weight, style.where, style.mask)


@dataclass(frozen=True)
class Event:
    """What ``compare`` tells while it works: a cell begins, advances (``progress``), ends, or fails (``error``).

    Attributes:
        cell: the stylisation.
        done: finished cells, this one included once it has ended.
        total: cells in all.
        progress: where the cell's optimisation stands.
        cost: what it cost, once ended now (None when it was there already).
        error: why it failed.
    """

    cell: Cell
    done: int
    total: int
    progress: Progress | None = None
    cost: Cost | None = None
    error: str | None = None


def compare(what: Comparison, workdir: Path, tell: Callable[[Event], None]) -> list[str]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A cell whose loss stops being finite fails alone.

    Args:
        what: the comparison.
        workdir: the run directory.
        tell: called with everything worth showing.

    Raises:
        InputError: if the directory cannot be written or another process writes it, or a picture is too small for a
            method.
    """
    run = RunDirectory(workdir)
    with run.alone():
        return _compare(what, run, tell)


def _compare(what: Comparison, run: RunDirectory, tell: Callable[[Event], None]) -> list[str]:
    contracts = what.suite.contracts()
    run.describe(what.config, contracts)
    run.save_inputs(what.contents, what.styles)
    finished = run.finished()
    measured_before = run.measured()
    facts = provenance(what.config, what.suite.encoder, what.precision, what.modules)
    cells = what.cells()
    records, failures = [], []
    for done, cell in enumerate(cells, 1):
        tell(Event(cell, done - 1, len(cells)))
        cost = None
        if (cell.key, cell.output) not in finished:
            try:
                finished[cell.key, cell.output], cost = _stylize_cell(
                    what, run, cell, lambda step, c=cell, d=done: tell(Event(c, d - 1, len(cells), progress=step))
                )
            except ArithmeticError as error:
                failures.append(f"{cell.column.name}, {cell.pair}: {error}")
                tell(Event(cell, done, len(cells), error=str(error)))
                continue
        entry = finished[cell.key, cell.output]
        identity = digests.of_json({"output": entry["sha256"], "key": cell.key, "contracts": contracts})
        record = measured_before.get(identity)
        if record is None:
            seen = Triple(load_image(run.path / entry["file"]), what.contents[cell.content], what.styles[cell.style])
            values = what.suite(seen.output, seen.content, seen.style)
            record = {
                "schema": 1,
                **seen.record(contracts),
                "metrics": values,
                "provenance": {**facts, "measured": identity, "key": cell.key},
            }
        record = {**record, **_row(what, cell, entry)}
        record["provenance"] = {**record["provenance"], "config_hash": facts["config_hash"]}
        run.records.append(record)
        records.append(record)
        tell(Event(cell, done, len(cells), cost=cost))
    # The ledger may hold cells of an earlier config, or the same cell twice: the report reads this config's only.
    run.records.replace(records)
    return failures


def _row(what: Comparison, cell: Cell, entry: Mapping[str, Any]) -> dict[str, Any]:
    learned = cell.column.trained
    trained_under = None if learned is None else learned.facts["encoder"]["digest"]
    return {
        "method": cell.column.name,
        "label": cell.column.label,
        "baseline": cell.column.method.baseline,
        "pair": cell.pair,
        "content": cell.content,
        "style": cell.style,
        "seed": cell.seed,
        "files": {
            "output": entry["file"],
            "content": f"inputs/content/{cell.content}.png",
            "style": f"inputs/style/{cell.style}.png",
            "curve": entry["curve"],
        },
        "in_sample": what.suite.in_sample(getattr(cell.column.method, "objective", None), trained_under),
        "cost": entry["cost"],
    }


def _stylize_cell(
    what: Comparison, run: RunDirectory, cell: Cell, tell: Callable[[Progress], None]
) -> tuple[dict[str, Any], Cost]:
    """Make one output; return its entry of ``outputs.jsonl`` and its cost."""
    curve: dict[str, list[float]] = {}
    evaluations: int | None = None

    def note(progress: Progress) -> None:
        nonlocal evaluations
        evaluations = progress.evaluations
        for name, values in progress.history.items():
            curve.setdefault(name, []).extend(values)
        tell(progress)

    image, cost = stylize(
        cell.column,
        what.suite.encoder,
        what.contents[cell.content],
        [Style(what.styles[cell.style][None])],
        seed=cell.seed,
        precision=what.precision,
        progress=note,
    )
    run.save(cell.output, image, key=cell.key, method=json.dumps(cell.column.spec, default=str))
    if curve:
        (run.path / cell.curve).parent.mkdir(parents=True, exist_ok=True)
        atomic.write(run.path / cell.curve, json.dumps(curve))
    entry = {
        "key": cell.key,
        "method": cell.column.name,
        "pair": cell.pair,
        "file": cell.output,
        "curve": cell.curve if curve else None,
        "sha256": digests.of_file(run.path / cell.output),
        "cost": {**vars(cost), "evaluations": evaluations},
    }
    run.outputs.append(entry)
    return entry, cost
