"""Sweeps: train what is to be trained, find what is to be matched, work off every cell, and compare."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch.config.problems import begin
from styleresearch.config.sweep import KEYS, Part, Sweep
from styleresearch.errors import InputError
from styleresearch.executors.base import Executor, Here
from styleresearch.executors.shard import Shard
from styleresearch.store import failures, jsonfile
from styleresearch.store.failures import Failure
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks import match as matching
from styleresearch.tasks.comparison import OPTIONAL, REQUIRED, Comparison
from styleresearch.tasks.trainings import train_all, trainings_of, without
from styleresearch.tasks.worklist import Event, Listener, Worklist


@dataclass(frozen=True)
class Swept:
    """How a sweep ended.

    Attributes:
        failures: what failed in this call.
        left: cells that other shards have yet to do; there are no records to report as long as there are any.
        waiting: methods that other shards have yet to train, whose cells are not counted.
    """

    failures: list[Failure]
    left: int = 0
    waiting: tuple[str, ...] = ()


def sweep_of(config: Mapping[str, Any]) -> Sweep:
    """Return the sweep that a config describes.

    Raises:
        InputError: listing what is wrong with its axes and match; comparisons are checked when they are built.
    """
    begin(config, REQUIRED, (*OPTIONAL, *KEYS))
    found = Sweep.of(config)
    if found.match is not None:
        matching.check(found.match, found)
    return found


def sweep(
    config: Mapping[str, Any],
    workdir: str | Path,
    listener: Listener = lambda event: None,
    executor: Executor | None = None,
    shard: Shard | None = None,
    imports: Sequence[str] = (),
) -> Swept:
    """Run what is missing of a sweep in ``workdir`` and leave its records there.

    What is finished is not repeated, see ``compare``; training runs continue where they were interrupted.

    Args:
        config: of a comparison, with ``sweep`` and ``match``.
        workdir: the run directory, created if need be.
        listener: called with everything worth showing.
        executor: where cells are worked off; None for this process.
        shard: the share of the cells that this call does, while others do the rest; the last one leaves the records.
        imports: modules or files that other processes must import too, see ``modules.bring``.

    Raises:
        InputError: as ``compare``; for a shard of a sweep that matches, whose rounds need all cells of the one before.
    """
    plan = sweep_of(config)
    if shard is not None and plan.match is not None:
        raise InputError("match tries numbers in rounds, each of which needs all cells of the one before: no --shard")
    run = RunDirectory.create(Path(workdir))
    with contextlib.ExitStack() as stack:
        if shard is None:
            stack.enter_context(run.alone())
            failures.clear(run.path)
        place = stack.enter_context(executor or Here())
        rounds = _Rounds(plan, run, listener, place, shard, imports)
        parts, failed, waiting = rounds.trained(plan.parts())
        if plan.match is not None:
            parts, found = matching.matched(plan.match, plan, parts, rounds.means, rounds.grows())
            jsonfile.write(run.match, found)
        else:
            run.match.unlink(missing_ok=True)
        worklist = rounds.of(parts)
        worklist.work_off(place, listener, shard)
        if shard is not None and (waiting or worklist.others_left()):
            return Swept([*failed, *worklist.failed], len(worklist.others_left()), waiting)
        if shard is not None:
            stack.enter_context(run.alone(patient=True))
            worklist.look()
        return Swept([*failed, *worklist.finish(listener)])


@dataclass
class _Rounds:
    """Builds and works off the comparisons of a sweep, round by round."""

    plan: Sweep
    run: RunDirectory
    listener: Listener
    place: Executor
    shard: Shard | None
    imports: Sequence[str]

    def trained(self, parts: list[Part]) -> tuple[list[Part], list[Failure], tuple[str, ...]]:
        """Train, and return what can be compared, what failed, and the methods that others train."""
        every = trainings_of(parts)
        mine = None if self.shard is None else self.shard.share([each.name for each in every])
        left = [each for each in every if not each.done(self.run.trainings)]
        failed = train_all(
            [each for each in left if mine is None or each.name in mine],
            self.run,
            self.place,
            lambda note: self.listener(Event(None, 0, len(left), note=note)),
            self.imports,
        )
        missing = [each for each in every if not each.done(self.run.trainings)]
        names = {failure.method for failure in failed}
        waiting = tuple(method for each in missing for method in each.methods if method not in names)
        return without(parts, missing), failed, waiting

    def of(self, parts: Sequence[Part]) -> Worklist:
        """Return the worklist of comparisons, with what it compares written down."""
        worklist = worklist_of(self.plan, parts, self.run, self.imports, beside=self.shard is not None)
        worklist.prepare()
        return worklist

    def means(self, parts: Sequence[Part]) -> dict[tuple[int, str], float]:
        """Work off comparisons; see ``matching.Means``."""
        assert self.plan.match is not None  # nobody asks otherwise
        worklist, metric = self.of(parts), self.plan.match.metric
        worklist.work_off(self.place, self.listener)
        values: dict[tuple[int, str], list[float | int | None]] = {}
        for cell in worklist.cells:
            record = worklist.records.get(cell.output)
            value = None if record is None else record.metrics.get(metric)
            values.setdefault((cell.part, worklist.works[cell.output].entry.name), []).append(value)
        return {row: matching.mean_of(found) for row, found in values.items()}

    def grows(self) -> bool:
        """Return whether the matched metric grows with a style's weight, as a distance from the content does."""
        assert self.plan.match is not None
        from styleresearch.evaluation.metrics import METRICS

        name = self.plan.config["metrics"][self.plan.match.metric].get("name")
        return getattr(METRICS.get(name), "better", "lower") != "higher" if name in METRICS else True


def worklist_of(
    plan: Sweep, parts: Sequence[Part], run: RunDirectory, imports: Sequence[str] = (), beside: bool = False
) -> Worklist:
    """Return the worklist of a sweep's comparisons; nothing is written."""
    parts = [part for part in parts if part.config["methods"]]
    if not parts:
        raise InputError("no method of the sweep is left to compare: all of them failed to train, or wait for others")
    comparisons = [Comparison.of_part(part, plan.config, run.trainings) for part in parts]
    return Worklist(run, plan.config, parts, comparisons, imports, beside)
