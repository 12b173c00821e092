"""What a run is to the report: its columns, methods, pairs and records. ``reading`` makes it from the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from styleresearch.store.record import MethodName, Pair, Record

Better = Literal["lower", "higher"] | None


@dataclass(frozen=True)
class Heading:
    """What a column of the report means: a metric of ``contracts.json`` or a cost.

    Attributes:
        name: its key in the records.
        label: its name for people.
        better: the direction that counts as better; ``None`` when neither does.
        unit: "s", "MB", or empty.
        definition: one sentence.
        source: the paper or software it follows, or empty.
        contract: the settings that make two values comparable (encoder, layers, reduction ...).
        twin_of: the column whose statistic this is under a held-out encoder; empty for others.
        cost: whether it is read from a record's ``cost`` and not from its ``metrics``.
    """

    name: str
    label: str
    better: Better
    unit: str = ""
    definition: str = ""
    source: str = ""
    contract: Any = None
    twin_of: str = ""
    cost: bool = False

    def value(self, record: Record) -> float | None:
        """Return the value of a record in this column, ``None`` when it has none."""
        value = (record.cost if self.cost else record.metrics).get(self.name)
        return None if value is None else float(value)


COSTS: tuple[Heading, ...] = (
    Heading("seconds", "Time", "lower", "s", "Wall-clock time of one stylisation, compilation excluded.", cost=True),
    Heading("evaluations", "Evaluations", None, "", "Evaluations of the objective with its gradient.", cost=True),
    Heading(
        "peak_memory_mb",
        "Peak memory",
        "lower",
        "MB",
        "Highest memory in use during the stylisation, with all that the process held from before.",
        cost=True,
    ),
)


@dataclass(frozen=True)
class RunRecords:
    """Everything that a report is made of.

    Attributes:
        directory: the run directory.
        config: the run's config; empty when there is none.
        metrics: the columns, metrics first (in the order of ``contracts.json``), then the costs that have a value.
        methods: in order of first appearance, floor baselines last.
        pairs: in order of first appearance.
        records: the last record of each (method name, pair).
        notices: what the reader of the report has to know about these records, as sentences.
        plane: the metrics that the methods are drawn over, across and up; ``None`` draws none.
        set_metrics: the metrics that have one value for all images of a method, in the order of ``contracts.json``.
        sets: the records of all images of a method together, the last of each (method name, seed).
    """

    directory: Path
    config: Mapping[str, Any]
    metrics: tuple[Heading, ...]
    methods: tuple[MethodName, ...]
    pairs: tuple[Pair, ...]
    records: Mapping[tuple[str, Pair], Record]
    notices: tuple[str, ...]
    plane: tuple[Heading, Heading] | None = None
    set_metrics: tuple[Heading, ...] = ()
    sets: Mapping[tuple[str, int | None], Record] = field(default_factory=dict)
    _of: dict[str, dict[Pair, Record]] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def title(self) -> str:
        """What the run is called: as its config says, or as its directory."""
        name = self.config.get("name")
        return name if isinstance(name, str) and name else self.directory.resolve().name

    def of_method(self, name: str) -> Mapping[Pair, Record]:
        """Return the records of one method, in the order of ``pairs``; nobody may change what is returned."""
        if name not in self._of:
            found = ((pair, self.records.get((name, pair))) for pair in self.pairs)
            self._of[name] = {pair: record for pair, record in found if record is not None}
        return self._of[name]

    def provenance(self, *keys: str) -> list[Any]:
        """Return the distinct values at a path of keys in the records' provenance, in order of first appearance."""
        found: dict[str, Any] = {}
        for record in self.records.values():
            value: Any = record.provenance
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value not in (None, ""):
                found.setdefault(repr(value), value)
        return list(found.values())
