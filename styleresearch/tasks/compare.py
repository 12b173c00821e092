"""Comparisons: every method stylises the same pairs, every output is measured alike, everything is kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styleresearch.config.sweep import Part
from styleresearch.data.images import save_image
from styleresearch.evaluation.cost import Cost
from styleresearch.executors.base import Executor, Here
from styleresearch.executors.shard import Shard
from styleresearch.methods.base import Progress
from styleresearch.store import failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import Record
from styleresearch.store.rundir import Ledgers, RunDirectory
from styleresearch.tasks.cells import Cell, Making, Recipe, Workbench
from styleresearch.tasks.comparison import Comparison, Stylisation
from styleresearch.tasks.sets import measure_sets


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


Listener = Callable[[Event], None]


def compare(
    comparison: Comparison | Mapping[str, Any],
    workdir: str | Path,
    listener: Listener = lambda event: None,
    executor: Executor | None = None,
    imports: Sequence[str] = (),
) -> list[Failure]:
    """Run what is missing of a comparison in ``workdir`` and leave its records there; return what failed.

    Finished stylisations are not repeated, unless their method, pictures, encoder, seed, precision or this package's
    version changed; outputs are measured again if a metric changed. A stylisation in which a method or a metric raises
    an error fails alone, whatever the error; the next call tries it again.

    Args:
        comparison: what to compare, or the config that describes it.
        workdir: the run directory, created if need be.
        listener: called with everything worth showing.
        executor: where stylisations are worked off; None for this process.
        imports: modules or files that other processes must import too, see ``modules.bring``.

    Raises:
        InputError: for anything wrong with the config; if the directory cannot be written, cannot hold files of these
            names, or another process writes it.
    """
    built = comparison if isinstance(comparison, Comparison) else Comparison.of(comparison)
    run = RunDirectory.create(Path(workdir))
    with run.alone(), executor or Here() as place:
        failures.clear(run.path)
        study = Study(run, built.config, [Part(built.config)], [built], imports)
        study.work_off(place, listener)
        return study.finish(listener)


class Study:
    """Comparisons in one run directory: their cells, what is done of them, and what comes of it.

    Args:
        run: the run directory.
        config: what it says that it was made under.
        parts: what describes the comparisons, for other processes.
        comparisons: the same, built.
        imports: modules or files that other processes must import too.
        beside: whether other processes write the directory too.
    """

    def __init__(
        self,
        run: RunDirectory,
        config: Mapping[str, Any],
        parts: Sequence[Part],
        comparisons: Sequence[Comparison],
        imports: Sequence[str] = (),
        beside: bool = False,
    ) -> None:
        self.run, self.comparisons, self.failed = run, comparisons, list[Failure]()
        self._recipe = Recipe.of(parts, config, run, imports)
        plans = [comparison.stylisations() for comparison in comparisons]
        self.works = {work.output: work for plan in plans for work in plan}
        self.cells = [Cell(part, work.output, work.key) for part, plan in enumerate(plans) for work in plan]
        run.check_places(
            file for work in self.works.values() for file in (work.output, work.curve, *work.inputs.values())
        )
        contracts = {name: each for c in reversed(comparisons) for name, each in c.suite.contracts().items()}
        run.describe(config, {name: contracts[name] for name in contracts})
        for comparison in comparisons:
            _show_inputs(run, comparison)
        own = run.shard() if beside else Ledgers(run.outputs, run.records)
        self._benches = {part: Workbench(each, run, own) for part, each in enumerate(comparisons)}
        self.records: dict[str, Record] = {}
        self.look()

    def look(self) -> None:
        """Find out what is done, by whomever."""
        for part, bench in self._benches.items():
            self.records |= bench.done(cell.output for cell in self.cells if cell.part == part)

    @property
    def left(self) -> list[Cell]:
        """The cells that are not done."""
        return [cell for cell in self.cells if cell.output not in self.records]

    def work_off(self, executor: Executor, listener: Listener, shard: Shard | None = None) -> None:
        """Have what is left made and measured; of a shard, its share."""
        mine = None if shard is None else shard.share([cell.output for cell in self.cells])
        left = [cell for cell in self.left if mine is None or cell.output in mine]
        total = len(self.cells) if mine is None else len(mine)
        done = total - len(left)

        def advanced(cell: Cell, progress: Progress | None) -> None:
            listener(Event(self.works[cell.output], done, total, progress))

        benches = None if executor.apart else self._benches
        for outcome in executor.map(Making(self._recipe, benches, advanced), left):
            done += 1
            work = self.works[outcome.cell.output]
            if outcome.record is not None:
                self.records[outcome.cell.output] = outcome.record
            if outcome.failure is not None:
                self.failed.append(outcome.failure)
            error = None if outcome.failure is None else outcome.failure.reason
            listener(Event(work, done, total, cost=outcome.cost, error=error))

    def finish(self, listener: Listener) -> list[Failure]:
        """Measure what is of whole sets, leave the records of these comparisons and no others; return what failed."""
        records, sets, failed, count = [], [], [], len(self.cells)
        for part, bench in self._benches.items():
            of_part = [self.records[c.output] for c in self.cells if c.part == part and c.output in self.records]
            found, unmeasured = measure_sets(
                self.run,
                bench.comparison.suite,
                of_part,
                bench.facts,
                bench.measured,
                lambda note: listener(Event(None, count, count, note=note)),
            )
            records, sets, failed = [*records, *of_part], [*sets, *found], [*failed, *unmeasured]
        # The ledger may hold stylisations of an earlier config, or the same one twice: the report reads this config's.
        self.run.records.replace([*records, *sets])
        self.run.merge()
        return [*self.failed, *failed]


def _show_inputs(run: RunDirectory, comparison: Comparison) -> None:
    """Write the pictures that outputs are made from, as the report shows them."""
    seen: dict[str, Any] = {}
    for work in comparison.stylisations():
        seen |= {work.inputs["content"]: comparison.contents[work.content]}
        seen |= {work.inputs["style"]: comparison.styles[work.style]}
    for file, image in seen.items():
        save_image(run.place(file), image)
