"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.config.modulefiles import is_package
from styleresearch.config.modules import sources_of
from styleresearch.data.images import load_image, save_image
from styleresearch.data.triple import Triple
from styleresearch.evaluation.cost import Cost
from styleresearch.methods.base import Progress
from styleresearch.store import atomic, digests, failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import RunDirectory, input_file, module_file
from styleresearch.tasks.comparison import Comparison, Stylisation
from styleresearch.tasks.entry import Entry
from styleresearch.tasks.provenance import of_config, provenance
from styleresearch.tasks.sets import measure_sets
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style


@dataclass(frozen=True)
class Event:
    """What ``compare`` tells while it works: a stylisation begins, advances (``progress``), ends, or fails (``error``).

    Attributes:
        work: the stylisation; None while all outputs of a method are measured together (``note``).
        done: finished stylisations, this one included once it has ended.
        total: stylisations in all.
        progress: where its optimisation stands.
        cost: what it cost, once ended now (None when it was there already).
        error: why it failed.
        note: what is measured.
    """

    work: Stylisation | None
    done: int
    total: int
    progress: Progress | None = None
    cost: Cost | None = None
    error: str | None = None
    note: str = ""


def compare(
    comparison: Comparison | Mapping[str, Any],
    workdir: str | Path,
    listener: Callable[[Event], None] = lambda event: None,
) -> list[Failure]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A stylisation in which a method or a metric raises
    an error fails alone, whatever the error; the next call tries it again.

    Args:
        comparison: what to compare, or the config that describes it.
        workdir: the run directory, created if need be.
        listener: called with everything worth showing.

    Raises:
        InputError: for anything wrong with the config; if the directory cannot be written, cannot hold files of these
            names, or another process writes it.
    """
    built = comparison if isinstance(comparison, Comparison) else Comparison.of(comparison)
    run = RunDirectory.create(Path(workdir))
    with run.alone():
        return _compare(built, run, listener)


def _compare(comparison: Comparison, run: RunDirectory, listener: Callable[[Event], None]) -> list[Failure]:
    plan = comparison.stylisations()
    run.check_places(file for work in plan for file in (work.output, work.curve, *_inputs(work).values()))
    run.describe(comparison.config, comparison.suite.contracts())
    for name, source in sources_of(comparison.modules).items():
        atomic.write(run.place(module_file(name, is_package(source))), source.read_bytes())
    contracts = comparison.suite.contracts(comparison.suite.per_picture)
    for content, image in comparison.contents.items():
        save_image(run.place(input_file("content", content)), image)
    for style, image in comparison.styles.items():
        save_image(run.place(input_file("style", style)), image)
    failures.clear(run.path)
    finished = run.finished()
    measured_before = run.measured()
    facts = provenance(comparison.config, comparison.suite.encoder, comparison.precision, comparison.modules)
    origin = {name: facts[name] for name in ("device", "packages")}
    # Packages too: values of one table must not differ by the versions that they were computed with.
    identity_of = digests.of_json_with({"contracts": contracts, "packages": facts["packages"]})
    records, failed = [], []

    def fail(work: Stylisation, done: int, error: Exception) -> None:
        failed.append(failures.note(run.path, work.entry.name, work.pair, error))
        listener(Event(work, done, len(plan), error=failed[-1].reason))

    for done, work in enumerate(plan, 1):
        listener(Event(work, done - 1, len(plan)))
        cost = None
        if (work.key, work.output) not in finished:
            try:
                made = _stylised(
                    comparison, work, lambda step, w=work, d=done: listener(Event(w, d - 1, len(plan), step))
                )
            except Exception as error:
                fail(work, done, error)
                continue
            finished[work.key, work.output], cost = _keep(run, work, made, origin), made.cost
        entry = finished[work.key, work.output]
        identity = identity_of({"output": entry["sha256"], "key": work.key})
        before = measured_before.get(identity)
        row = _row(comparison, work, entry)
        if before is not None:
            record = replace(before, **row)
        else:
            try:
                output = load_image(run.path / entry["file"])
                seen = Triple(output, comparison.contents[work.content], comparison.styles[work.style])
                values = comparison.suite(seen.output, seen.content, seen.style)
            except Exception as error:
                fail(work, done, error)
                continue
            how = {**facts, **_of_method(work.entry), "measured": identity, "key": work.key}
            record = Record(**row, **seen.record(contracts), metrics=values, provenance=how)
        how = {**record.provenance, **of_config(facts), "made": entry.get("made")}
        record = replace(record, provenance=how)
        if before is not None and record == before:
            record = before  # one object: of very many, half of the memory
        else:
            run.records.append(record)
        records.append(record)
        listener(Event(work, done, len(plan), cost=cost))
    count = len(plan)
    of_sets, unmeasured = measure_sets(
        run,
        comparison.suite,
        records,
        facts,
        measured_before,
        lambda note: listener(Event(None, count, count, note=note)),
    )
    # The ledger may hold stylisations of an earlier config, or the same one twice: the report reads this config's only.
    run.records.replace([*records, *of_sets])
    return [*failed, *unmeasured]


def _inputs(work: Stylisation) -> dict[str, str]:
    """Return the files of its pictures, relative to the run directory."""
    return {"content": input_file("content", work.content), "style": input_file("style", work.style)}


def _of_method(entry: Entry) -> dict[str, str]:
    """Return what a record's provenance says of its method alone."""
    known = {"depends_on": entry.depends_on, "params": "" if entry.trained is None else entry.trained.digest}
    return {name: text for name, text in known.items() if text}


def _row(comparison: Comparison, work: Stylisation, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that follow from the config, whenever its output was made and measured."""
    learned = work.entry.trained
    trained_under = None if learned is None else learned.facts["encoder"]["digest"]
    return {
        "method": MethodName(work.entry.name, work.entry.label, work.entry.method.baseline),
        "pair": Pair(work.pair, work.content, work.style, work.seed),
        "files": {"output": entry["file"], **_inputs(work), "curve": entry["curve"]},
        "in_sample": tuple(comparison.suite.in_sample(getattr(work.entry.method, "objective", None), trained_under)),
        "cost": entry["cost"],
    }


@dataclass(frozen=True)
class _Made:
    """What a stylisation gave: the picture, the loss curve, the evaluations that it took, and its cost."""

    image: np.ndarray
    curve: Mapping[str, list[Any]]
    evaluations: int | None
    cost: Cost


def _stylised(comparison: Comparison, work: Stylisation, listener: Callable[[Progress], None]) -> _Made:
    """Make one output; raise whatever the method raises."""
    curve: dict[str, list[float]] = {}
    evaluations: int | None = None

    def note(progress: Progress) -> None:
        nonlocal evaluations
        evaluations = progress.evaluations
        for name, values in progress.history.items():
            curve.setdefault(name, []).extend(values)
        listener(progress)

    image, cost = stylize(
        work.entry,
        comparison.suite.encoder,
        comparison.contents[work.content],
        [] if work.entry.method.takes.styles == "none" else [Style(comparison.styles[work.style][None])],
        seed=work.seed,
        precision=comparison.precision,
        progress=note,
    )
    return _Made(image, curve, evaluations, cost)


def _keep(run: RunDirectory, work: Stylisation, made: _Made, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Write one output; return its entry of the run's outputs, which says on what and with what it was made."""
    output = run.place(work.output)
    save_image(output, made.image, {"key": work.key, "method": json.dumps(work.entry.spec, default=str)})
    if made.curve:
        atomic.write(run.place(work.curve), json.dumps(made.curve))
    entry = {
        "key": work.key,
        "method": work.entry.name,
        "pair": work.pair,
        "file": work.output,
        "curve": work.curve if made.curve else None,
        "sha256": digests.of_file(output),
        "cost": {**vars(made.cost), "evaluations": made.evaluations},
        "made": dict(origin),
    }
    run.outputs.append(entry)
    return entry
