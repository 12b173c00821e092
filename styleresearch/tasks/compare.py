"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.config.build import Column
from styleresearch.data.images import load_image, save_image
from styleresearch.data.triple import Triple
from styleresearch.evaluation.cost import Cost
from styleresearch.methods.base import Progress
from styleresearch.store import atomic, digests, failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import RunDirectory, input_file
from styleresearch.tasks.comparison import Cell, Comparison
from styleresearch.tasks.provenance import of_config, provenance
from styleresearch.tasks.sets import measure_sets
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style


@dataclass(frozen=True)
class Event:
    """What ``compare`` tells while it works: a cell begins, advances (``progress``), ends, or fails (``error``).

    Attributes:
        cell: the stylisation; None while all outputs of a method are measured together (``note``).
        done: finished cells, this one included once it has ended.
        total: cells in all.
        progress: where the cell's optimisation stands.
        cost: what it cost, once ended now (None when it was there already).
        error: why it failed.
        note: what is measured.
    """

    cell: Cell | None
    done: int
    total: int
    progress: Progress | None = None
    cost: Cost | None = None
    error: str | None = None
    note: str = ""


def compare(what: Comparison, workdir: Path, tell: Callable[[Event], None]) -> list[Failure]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A cell in which a method or a metric raises an
    error fails alone, whatever the error; the next call tries it again.

    Args:
        what: the comparison.
        workdir: the run directory.
        tell: called with everything worth showing.

    Raises:
        InputError: if the directory cannot be written, cannot hold files of these names, or another process writes it.
    """
    run = RunDirectory.create(workdir)
    with run.alone():
        return _compare(what, run, tell)


def _compare(what: Comparison, run: RunDirectory, tell: Callable[[Event], None]) -> list[Failure]:
    cells = what.cells()
    run.check_places(file for cell in cells for file in (cell.output, cell.curve, *_inputs(cell).values()))
    run.describe(what.config, what.suite.contracts())
    contracts = what.suite.contracts(what.suite.per_picture)
    for content, image in what.contents.items():
        save_image(run.place(input_file("content", content)), image)
    for style, image in what.styles.items():
        save_image(run.place(input_file("style", style)), image)
    failures.clear(run.path)
    finished = run.finished()
    measured_before = run.measured()
    facts = provenance(what.config, what.suite.encoder, what.precision, what.modules)
    origin = {name: facts[name] for name in ("device", "packages")}
    records, failed = [], []

    def fail(cell: Cell, done: int, error: Exception) -> None:
        failed.append(failures.note(run.path, cell.column.name, cell.pair, error))
        tell(Event(cell, done, len(cells), error=failed[-1].reason))

    for done, cell in enumerate(cells, 1):
        tell(Event(cell, done - 1, len(cells)))
        cost = None
        if (cell.key, cell.output) not in finished:
            try:
                made = _stylize_cell(what, cell, lambda step, c=cell, d=done: tell(Event(c, d - 1, len(cells), step)))
            except Exception as error:
                fail(cell, done, error)
                continue
            finished[cell.key, cell.output], cost = _keep(run, cell, made, origin), made.cost
        entry = finished[cell.key, cell.output]
        # Packages too: values of one table must not differ by the versions that they were computed with.
        identity = digests.of_json(
            {"output": entry["sha256"], "key": cell.key, "contracts": contracts, "packages": facts["packages"]}
        )
        before = measured_before.get(identity)
        row = _row(what, cell, entry)
        if before is not None:
            record = replace(before, **row)
        else:
            try:
                output = load_image(run.path / entry["file"])
                seen = Triple(output, what.contents[cell.content], what.styles[cell.style])
                values = what.suite(seen.output, seen.content, seen.style)
            except Exception as error:
                fail(cell, done, error)
                continue
            how = {**facts, **_of_method(cell.column), "measured": identity, "key": cell.key}
            record = Record(**row, **seen.record(contracts), metrics=values, provenance=how)
        how = {**record.provenance, **of_config(facts), "made": entry.get("made")}
        record = replace(record, provenance=how)
        if record != before:
            run.records.append(record)
        records.append(record)
        tell(Event(cell, done, len(cells), cost=cost))
    count = len(cells)
    of_sets, unmeasured = measure_sets(
        run, what.suite, records, facts, measured_before, lambda note: tell(Event(None, count, count, note=note))
    )
    # The ledger may hold cells of an earlier config, or the same cell twice: the report reads this config's only.
    run.records.replace([*records, *of_sets])
    return [*failed, *unmeasured]


def _inputs(cell: Cell) -> dict[str, str]:
    """Return the files of a cell's pictures, relative to the run directory."""
    return {"content": input_file("content", cell.content), "style": input_file("style", cell.style)}


def _of_method(column: Column) -> dict[str, str]:
    """Return what a record's provenance says of its method alone."""
    return {"depends_on": column.depends_on} if column.depends_on else {}


def _row(what: Comparison, cell: Cell, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that follow from the config, whenever its output was made and measured."""
    learned = cell.column.trained
    trained_under = None if learned is None else learned.facts["encoder"]["digest"]
    return {
        "method": MethodName(cell.column.name, cell.column.label, cell.column.method.baseline),
        "pair": Pair(cell.pair, cell.content, cell.style, cell.seed),
        "files": {"output": entry["file"], **_inputs(cell), "curve": entry["curve"]},
        "in_sample": tuple(what.suite.in_sample(getattr(cell.column.method, "objective", None), trained_under)),
        "cost": entry["cost"],
    }


@dataclass(frozen=True)
class _Made:
    """What a stylisation gave: the picture, the loss curve, the evaluations that it took, and its cost."""

    image: np.ndarray
    curve: Mapping[str, list[Any]]
    evaluations: int | None
    cost: Cost


def _stylize_cell(what: Comparison, cell: Cell, tell: Callable[[Progress], None]) -> _Made:
    """Make one output; raise whatever the method raises."""
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
        [] if cell.column.method.takes.styles == "none" else [Style(what.styles[cell.style][None])],
        seed=cell.seed,
        precision=what.precision,
        progress=note,
    )
    return _Made(image, curve, evaluations, cost)


def _keep(run: RunDirectory, cell: Cell, made: _Made, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Write one output; return its entry of the run's outputs, which says on what and with what it was made."""
    output = run.place(cell.output)
    save_image(output, made.image, {"key": cell.key, "method": json.dumps(cell.column.spec, default=str)})
    if made.curve:
        atomic.write(run.place(cell.curve), json.dumps(made.curve))
    entry = {
        "key": cell.key,
        "method": cell.column.name,
        "pair": cell.pair,
        "file": cell.output,
        "curve": cell.curve if made.curve else None,
        "sha256": digests.of_file(output),
        "cost": {**vars(made.cost), "evaluations": made.evaluations},
        "made": dict(origin),
    }
    run.outputs.append(entry)
    return entry
