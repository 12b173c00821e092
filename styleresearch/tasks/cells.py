"""The cells of a comparison, a picture each: made, measured and written down by whichever process has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from styleresearch.data.images import load_image, save_image
from styleresearch.data.triple import Triple
from styleresearch.evaluation.cost import Cost
from styleresearch.evaluation.optimised import Optimised, from_json, optimised_by, stated, to_json
from styleresearch.evaluation.suite import Suite
from styleresearch.methods.base import Progress
from styleresearch.store import atomic, digests, failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import Ledgers, RunDirectory
from styleresearch.tasks.comparison import Comparison, Stylisation
from styleresearch.tasks.entry import Entry
from styleresearch.tasks.foreign import Foreign
from styleresearch.tasks.origin import Origin
from styleresearch.tasks.provenance import of_config, provenance
from styleresearch.tasks.stylize import stylize
from styleresearch.types import Style


@dataclass(frozen=True)
class Cell:
    """Which stylisation of which comparison of a sweep; what travels to another process.

    Attributes:
        part: index of the comparison.
        output: the file of its picture, relative to the run directory, by which it is known.
        key: sha256 of everything that determines the picture.
    """

    part: int
    output: str
    key: str


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        cell: the cell.
        record: what was measured; ``None`` where it failed.
        cost: what making it cost; ``None`` where it was there already.
        failure: why it failed.
    """

    cell: Cell
    record: Record | None = None
    cost: Cost | None = None
    failure: Failure | None = None


class Workbench:
    """Makes and measures the pictures of a comparison in a run directory.

    Args:
        comparison: what is compared.
        run: the run directory.
        own: where this process writes down what it did.
    """

    def __init__(self, comparison: Comparison, run: RunDirectory, own: Ledgers) -> None:
        self.comparison, self.run, self.own = comparison, run, own
        self.stylisations = {work.output: work for work in comparison.stylisations()}
        self.facts = provenance(comparison.config, comparison.suite.encoder, comparison.precision, comparison.modules)
        self.look_up()
        suite = comparison.suite
        self._contracts = suite.contracts(suite.per_picture)
        # Packages too: values of one table must not differ by the versions that they were computed with.
        self._digest = digests.of_json_with({"contracts": self._contracts, "packages": self.facts["packages"]})

    def look_up(self) -> None:
        """Read what all processes have written down by now."""
        self._made, self.measured = self.run.made(), self.run.measured()

    def done(self, outputs: Iterable[str]) -> dict[str, Record]:
        """Return the records of those pictures that were made and measured before, as they are now."""
        found = {}
        for output in outputs:
            work = self.stylisations[output]
            entry = self._entry(work)
            if entry is not None and (record := self._known(work, entry)) is not None:
                found[output] = record
        # What a config says otherwise now all records say, also of a run that does not come to its end.
        before = self.measured
        news = [each for each in found.values() if before.get(str(each.provenance["measured"])) != each]
        if news:
            self.own.records.append(*news)
        return found

    def make(self, cell: Cell, listener: Callable[[Progress], None]) -> Outcome:
        """Make and measure a picture, what of it is not done; an error of a method or metric is what becomes of it.

        Raises:
            OSError: if it cannot be written.
        """
        work, cost = self.stylisations[cell.output], None
        failures.forget(self.run.path, work.entry.name, work.pair)
        entry = self._entry(work)
        if entry is None:
            try:
                made = _stylised(self.comparison, work, listener)
            except Exception as error:
                return self._failed(cell, work, error)
            # Outside: that a disk is full is no fault of the method's.
            entry, cost = self._keep(work, made), made.cost
        record = self._known(work, entry)
        if record is None:
            try:
                record = self._measure(work, entry)
            except Exception as error:
                return self._failed(cell, work, error)
            self.own.records.append(record)
        return Outcome(cell, record, cost)

    def _failed(self, cell: Cell, work: Stylisation, error: Exception) -> Outcome:
        return Outcome(cell, failure=failures.note(self.run.path, work.entry.name, work.pair, error))

    def _entry(self, work: Stylisation) -> dict[str, Any] | None:
        return self.run.intact(self._made.get((work.key, work.output), ()))

    def _known(self, work: Stylisation, entry: Mapping[str, Any]) -> Record | None:
        before = self.measured.get(self._identity(work, entry))
        if before is None:
            return None
        now = self._completed(replace(before, **self._row(work, entry)), entry)
        return before if now == before else now  # one object: of very many, half of the memory

    def _identity(self, work: Stylisation, entry: Mapping[str, Any]) -> str:
        """Return what identifies the measurement of a picture."""
        return self._digest({"output": entry["sha256"], "key": work.key})

    def _measure(self, work: Stylisation, entry: Mapping[str, Any]) -> Record:
        comparison = self.comparison
        output = load_image(self.run.path / entry["file"])
        content, style = comparison.contents[work.content], comparison.styles[work.style]
        seen = Triple(output, content, style, entry.get("framing"))
        values = comparison.suite(seen.output, seen.content, seen.style)
        how = {
            **self.facts,
            **_of_method(work.entry),
            "measured": self._identity(work, entry),
            "key": work.key,
        }
        record = Record(**self._row(work, entry), **seen.record(self._contracts), metrics=values, provenance=how)
        return self._completed(record, entry)

    def _completed(self, record: Record, entry: Mapping[str, Any]) -> Record:
        how = {**record.provenance, **of_config(self.facts), "made": entry.get("made")}
        return replace(record, provenance=how)

    def _row(self, work: Stylisation, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a record that follow from the config, whenever its output was made and measured."""
        mine, suite = work.entry, self.comparison.suite
        variant = self.comparison.variants.get(mine.name)
        in_sample = suite.in_sample([*_optimised(mine, suite), *from_json(entry.get("optimised"))])
        return {
            "method": MethodName(mine.name, mine.label, mine.method.baseline, variant),
            "pair": Pair(work.pair, work.content, work.style, work.seed),
            "files": {"output": entry["file"], **work.inputs, "curve": entry["curve"]},
            "in_sample": tuple(in_sample),
            "cost": entry["cost"],
        }

    def _keep(self, work: Stylisation, made: _Made) -> dict[str, Any]:
        """Write one output; return its entry of the run's outputs, which says on what and with what it was made."""
        output = self.run.place(work.output)
        mine, cost = work.entry, {**vars(made.cost), "evaluations": made.evaluations}
        origin = made.origin or Origin(
            mine.label,
            mine.method.baseline,
            cost,
            _optimised(mine, self.comparison.suite),
            {name: self.facts[name] for name in ("device", "packages")},
        )
        said = {"key": work.key, "method": json.dumps(mine.spec, default=str)}
        save_image(output, made.image, {**said, **origin.metadata()})
        if made.curve:
            atomic.write(self.run.place(work.curve), json.dumps(made.curve))
        entry = {
            "key": work.key,
            "method": work.entry.name,
            "pair": work.pair,
            "file": work.output,
            "curve": work.curve if made.curve else None,
            "sha256": digests.of_file(output),
            "cost": dict(origin.cost),
            "made": dict(origin.made),
            **made.further,
        }
        self.own.outputs.append(entry)
        self._made.setdefault((work.key, work.output), []).append(entry)
        return entry


def _of_method(entry: Entry) -> dict[str, str]:
    """Return what a record's provenance says of its method alone."""
    known = {"depends_on": entry.depends_on, "params": "" if entry.trained is None else entry.trained.digest}
    return {name: text for name, text in known.items() if text}


@dataclass(frozen=True)
class _Made:
    """What a stylisation gave: the picture, the loss curve, the evaluations that it took, and its cost.

    Of a finished picture also what it says of its origin, and what else the run's ledger is to know.
    """

    image: np.ndarray
    curve: Mapping[str, list[Any]]
    evaluations: int | None
    cost: Cost
    origin: Origin | None = None
    further: Mapping[str, Any] = field(default_factory=dict)


def _optimised(entry: Entry, suite: Suite) -> tuple[Optimised, ...]:
    """Return what a method minimises."""
    if isinstance(entry.method, Foreign):
        return stated(entry.method.settings.optimised, suite.metrics)
    return optimised_by(getattr(entry.method, "objective", None), entry.seen_by or suite.encoder.digest)


def _taken(comparison: Comparison, method: Foreign, work: Stylisation) -> _Made:
    """Take one output from where another program wrote it."""
    found = method.take(work.content, work.style, work.seed, comparison.contents[work.content])
    further = {"framing": found.framing or None, "optimised": to_json(found.origin.optimised)}
    return _Made(found.image, {}, None, Cost(), found.origin, further)


def _stylised(comparison: Comparison, work: Stylisation, listener: Callable[[Progress], None]) -> _Made:
    """Make one output; raise whatever the method raises."""
    if isinstance(work.entry.method, Foreign):
        return _taken(comparison, work.entry.method, work)
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
