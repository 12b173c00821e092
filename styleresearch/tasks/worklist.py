"""Comparisons in one run directory: their cells, what is done of them, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from styleresearch.config.sweep import Part
from styleresearch.data.images import save_image
from styleresearch.evaluation.cost import Cost
from styleresearch.executors.base import Executor
from styleresearch.executors.shard import Shard
from styleresearch.methods.base import Progress
from styleresearch.store import failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import Record
from styleresearch.store.rundir import Ledgers, RunDirectory
from styleresearch.tasks.cells import Cell, Outcome, Workbench
from styleresearch.tasks.comparison import Comparison, Stylisation
from styleresearch.tasks.making import Making, Recipe
from styleresearch.tasks.sets import measure_sets


@dataclass
class Tally:
    """How far a method, with all its variants, is.

    Attributes:
        total: its cells.
        done: those that are made and measured.
        running: those that are being worked on.
        failed: those that failed in this call.
        spent: seconds, of each cell whose cost is known.
    """

    total: int = 0
    done: int = 0
    running: int = 0
    failed: int = 0
    spent: list[float] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Cells that are to be done in this call."""
        return self.total - self.done - self.failed

    @property
    def seconds(self) -> float | None:
        """Mean of a cell; None as long as none is known."""
        return sum(self.spent) / len(self.spent) if self.spent else None


@dataclass(frozen=True)
class Event:
    """What is told of the work: a stylisation begins, advances (``progress``), ends, or fails (``error``).

    Attributes:
        work: the stylisation; None while something else is done (``note``).
        done: finished stylisations, this one included once it has ended.
        total: stylisations in all.
        progress: where its optimisation stands.
        cost: what it cost, once ended now (None when it was there already).
        error: why it failed.
        note: what is measured of all outputs of a method, or trained.
        tallies: how far every method is, by its label.
    """

    work: Stylisation | None
    done: int
    total: int
    progress: Progress | None = None
    cost: Cost | None = None
    error: str | None = None
    note: str = ""
    tallies: Mapping[str, Tally] = field(default_factory=dict)


Listener = Callable[[Event], None]


class Worklist:
    """Comparisons in one run directory.

    Args:
        run: the run directory.
        config: what records say that they were made under.
        parts: what describes the comparisons, for other processes.
        comparisons: the same, built.
        imports: modules or files that other processes must import too, see ``modules.bring``.
        beside: whether other processes write the directory at the same time.
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
        self.run, self.comparisons, self.failed, self._config = run, comparisons, list[Failure](), config
        self._recipe = Recipe.of(parts, config, run, imports)
        own = run.shard() if beside else Ledgers(run.outputs, run.records)
        self._benches = {part: Workbench(each, run, own) for part, each in enumerate(comparisons)}
        self.works = {name: work for bench in self._benches.values() for name, work in bench.stylisations.items()}
        self.cells = [
            Cell(part, work.output, work.key)
            for part, bench in self._benches.items()
            for work in bench.stylisations.values()
        ]
        self.records: dict[str, Record] = {}
        self.tallies: dict[str, Tally] = {}
        self.look()

    def look(self) -> None:
        """Find out what is done, by whomever."""
        for part, bench in self._benches.items():
            bench.look_up()
            mine = (cell.output for cell in self.cells if cell.part == part and cell.output not in self.records)
            self.records |= bench.done(mine)
        self.tallies = {self.label(cell): Tally() for cell in self.cells}
        for cell in self.cells:
            tally, record = self.tallies[self.label(cell)], self.records.get(cell.output)
            tally.total += 1
            if record is not None:
                tally.done += 1
                tally.spent.append(float(record.cost.get("seconds") or 0.0))

    def label(self, cell: Cell) -> str:
        """Return the label that all variants of a cell's method share."""
        mine = self.works[cell.output].entry
        variant = self.comparisons[cell.part].variants.get(mine.name)
        return mine.label if variant is None else variant.label

    @property
    def left(self) -> list[Cell]:
        """The cells that are not done."""
        return [cell for cell in self.cells if cell.output not in self.records]

    def prepare(self) -> None:
        """Write down what is compared, before there is work to lose.

        Raises:
            InputError: if the directory cannot hold the files.
        """
        works = self.works.values()
        self.run.check_places(file for work in works for file in (work.output, work.curve, *work.inputs.values()))
        contracts = {name: each for c in reversed(self.comparisons) for name, each in c.suite.contracts().items()}
        self.run.describe(self._config, contracts)
        for comparison in self.comparisons:
            _show_inputs(self.run, comparison)

    def work_off(self, executor: Executor, listener: Listener, shard: Shard | None = None) -> None:
        """Have what is left made and measured; of a shard, its share."""
        mine = None if shard is None else shard.share([cell.output for cell in self.cells])
        left = [cell for cell in self.left if mine is None or cell.output in mine]
        total = len(self.cells) if mine is None else len(mine)
        done = total - len(left)
        listener(Event(None, done, total, tallies=self.tallies))

        def begun() -> Iterator[Cell]:
            for cell in left:
                self.tallies[self.label(cell)].running += 1
                yield cell

        def advanced(cell: Cell, progress: Progress | None) -> None:
            listener(Event(self.works[cell.output], done, total, progress, tallies=self.tallies))

        benches = None if executor.apart else self._benches
        for outcome in executor.map(Making(self._recipe, benches, advanced), begun()):
            done += 1
            self._take(outcome)
            error = None if outcome.failure is None else outcome.failure.reason
            work = self.works[outcome.cell.output]
            listener(Event(work, done, total, cost=outcome.cost, error=error, tallies=self.tallies))

    def _take(self, outcome: Outcome) -> None:
        tally = self.tallies[self.label(outcome.cell)]
        tally.running -= 1
        if outcome.failure is not None:
            self.failed.append(outcome.failure)
            tally.failed += 1
        if outcome.record is not None:
            self.records[outcome.cell.output] = outcome.record
            tally.done += 1
            tally.spent.append(float(outcome.record.cost.get("seconds") or 0.0))

    def others_left(self) -> list[Cell]:
        """Return the cells that nobody has done, nor failed on."""
        self.look()
        failed = {(each.method, each.pair) for each in failures.read(self.run.path)}
        works = [(cell, self.works[cell.output]) for cell in self.left]
        return [cell for cell, work in works if (work.entry.name, work.pair) not in failed]

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
                lambda note: listener(Event(None, count, count, note=note, tallies=self.tallies)),
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
