"""Making a table again from its run directory: what is not as it was then, and which cells moved."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from styleresearch.config import build
from styleresearch.config.file import load_config
from styleresearch.config.named import ModuleWarning
from styleresearch.config.problems import begin
from styleresearch.data.images import load_image
from styleresearch.data.pictures import SOURCES
from styleresearch.errors import InputError
from styleresearch.report.moved import Move, moves
from styleresearch.report.reading import read_run
from styleresearch.report.records import RunRecords
from styleresearch.store import jsonfile
from styleresearch.store.failures import Failure
from styleresearch.store.rundir import RunDirectory, input_file
from styleresearch.tasks.compare import compare
from styleresearch.tasks.comparison import OPTIONAL, REQUIRED, Comparison
from styleresearch.tasks.differences import GROUPS, Difference, differences, versions_of
from styleresearch.tasks.provenance import device
from styleresearch.tasks.worklist import Listener


@dataclass(frozen=True)
class Again:
    """A run that is to be made again.

    Attributes:
        run: the run as it was.
        comparison: what is to be done.
        differences: what is not as it was then.
        notes: what else to say before it is done, as sentences.
    """

    run: RunRecords
    comparison: Comparison
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        failures: what failed.
        equal: pictures that are equal bit by bit.
        pictures: how many pictures there are in both runs.
        cells: every cell of both tables.
    """

    failures: Sequence[Failure]
    equal: int
    pictures: int
    cells: Sequence[Move]

    def count(self, verdict: str) -> int:
        """Return how many cells of metrics have a verdict; those of costs differ every time."""
        return sum(cell.verdict == verdict for cell in self.cells if not cell.column.cost)

    @property
    def held(self) -> bool:
        """Whether no cell moved beyond its interval, none is gone, and nothing failed."""
        return not (self.failures or self.count("beyond") or self.count("gone"))


def prepare(run_dir: Path, kept: bool = False) -> Again:
    """Read what a run was, build it again, and say what is not as it was then; nothing is made or written yet.

    Args:
        run_dir: the directory of a comparison.
        kept: use the pictures that the run kept, not those that its config names. They are used too where what the
            config names cannot be read.

    Raises:
        InputError: if it holds no comparison with records, or its config cannot be built here.
    """
    files = RunDirectory(run_dir)
    if files.facts.is_file():
        raise InputError(
            f"{run_dir} holds a training run; to train it again: styleresearch train --config={files.config} "
            "--workdir=DIR"
        )
    run = read_run(run_dir)
    _check_kind(files, run.config)
    versions = list(versions_of(run))  # also where nothing can be built, for that may be why
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ModuleWarning)  # a difference, which the list names
            config = load_config(str(files.config))
        begin(config, REQUIRED, OPTIONAL)
        sources, notes = _sources(run, config, kept)
        comparison = Comparison.of({**config, **sources})
    except InputError as error:
        raise InputError("\n  ".join([str(error), *map(str, versions)])) from error
    then = {str(each) for each in run.provenance("device")}
    if device() not in then:
        notes.append(f"made on {' and '.join(sorted(then)) or 'an unknown device'}, and this is {device()}")
    return Again(run, comparison, tuple(differences(run, config, comparison)), tuple(notes))


def check(again: Again, workdir: Path, anyway: bool) -> None:
    """Check that a run may be made again here, before there is work to wait for.

    Args:
        again: what ``prepare`` returned.
        workdir: the new run directory.
        anyway: whether to go on where something is not as it was then.

    Raises:
        InputError: listing all that is not; or if the directory is the run's own.
    """
    if workdir.resolve() == again.run.directory.resolve():
        raise InputError(f"{workdir} is the run itself; name another directory with --workdir")
    if again.differences and not anyway:
        lines = "\n".join(f"  {each}" for each in again.differences)
        raise InputError(
            f"{again.run.directory} cannot be made again as it was:\n{lines}\n"
            "Bring back what is named, or give --anyway to see what it moves"
        )


def reproduce(again: Again, workdir: Path, listener: Listener = lambda event: None) -> Outcome:
    """Make a run again in another directory, and write ``reproduction.json`` there: what moved.

    The same call continues one that was interrupted.

    Args:
        again: what ``prepare`` returned.
        workdir: the new run directory, created if need be.
        listener: called with everything worth showing.

    Raises:
        InputError: as ``compare``, or if nothing could be made.
    """
    failures = compare(again.comparison, workdir, listener)
    new = RunDirectory(workdir)
    if not any(record.pair is not None for record in new.records.read()):
        raise InputError(f"nothing could be made again; {new.failures} says why: {failures[0] if failures else ''}")
    pictures = [_pictures(again.run.directory), _pictures(workdir)]
    both = [file for file in pictures[0] if file in pictures[1]]
    equal = [
        file
        for file in both
        if pictures[0][file] == pictures[1][file] or _same_pixels(again.run.directory / file, workdir / file)
    ]
    outcome = Outcome(failures, len(equal), len(both), moves(again.run, read_run(workdir)))
    found = {
        "of": str(again.run.directory),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "held": outcome.held,
        "differences": [vars(each) for each in again.differences],
        "failures": [vars(each) for each in failures],
        "pictures": {
            "equal": len(equal),
            "of": len(both),
            "others": [file for file in both if file not in set(equal)],
        },
        "cells": [cell.to_json() for cell in outcome.cells],
    }
    jsonfile.write(new.reproduction, found)
    return outcome


def _check_kind(files: RunDirectory, config: Mapping[str, Any]) -> None:
    """Raise InputError, with what to do, for a directory of another kind than a comparison's."""
    if not isinstance(config.get("methods"), Mapping) or not files.outputs.path.exists():
        raise InputError(
            f"{files.path} holds an evaluation of pictures on disk, which styleresearch did not make; to measure them "
            f"again: styleresearch evaluate --outputs={files.images}/METHOD --content={files.inputs}/content "
            f"--style={files.inputs}/style --out=DIR --config={files.config}"
        )


def _sources(run: RunRecords, config: Mapping[str, Any], kept: bool) -> tuple[dict[str, Any], list[str]]:
    """Return the sources that stand for those of the config, and what to say of it."""
    found, notes = {}, []
    for group in GROUPS:
        try:
            source = build.resolve(SOURCES, config[group])
            for name in source.names() if not kept else ():
                source.picture(name)
            why = "as asked for"
        except InputError as error:
            kept_here, why = True, f"for what the config names cannot be read ({' '.join(str(error).split())[:160]})"
        else:
            kept_here = kept
        if kept_here:
            names = dict.fromkeys(getattr(pair, group[:-1]) for pair in run.pairs)
            files = (run.directory / input_file(group[:-1], name) for name in names)  # pyright: ignore[reportArgumentType]
            found[group] = {"name": "files", "paths": tuple(str(file.resolve()) for file in files)}
            notes.append(f"{group}: the pictures that the run kept, {why}")
    return found, notes


def _pictures(run_dir: Path) -> dict[str, str]:
    """Return file -> digest of the pictures that a run measured, as it wrote them."""
    files = RunDirectory(run_dir)
    made = {entry["file"]: entry["sha256"] for entry in files.outputs.read()}
    measured = (record.files.get("output") for record in files.records.read() if record.pair is not None)
    return {file: made[file] for file in measured if file is not None and file in made}


def _same_pixels(one: Path, other: Path) -> bool:
    """Return whether two files show the same: beside the picture a file holds what it was made with."""
    try:
        return bool(np.array_equal(load_image(one), load_image(other)))
    except InputError:  # one of them was taken away or damaged since
        return False
