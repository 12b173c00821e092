"""What a run is to the report: its columns, methods, pairs and records. ``reading`` makes it from the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

LARGEST, SMALLEST = 3.4028235e38, 1e-45
"""Of float32, which metrics and losses are: beyond is no value, as infinity is none, and nearer to 0 is 0."""
Better = Literal["lower", "higher"] | None


@dataclass(frozen=True)
class Metric:
    """What a column of the report means: a metric of ``contracts.json`` or a cost.

    Attributes:
        name: its key in the records.
        label: its name for people.
        better: the direction that counts as better; ``None`` when neither does.
        unit: "s", "MB", or empty.
        definition: one sentence.
        source: the paper or software it follows, or empty.
        contract: the settings that make two values comparable (encoder, layers, reduction ...).
        cost: whether it is read from a record's ``cost`` and not from its ``metrics``.
    """

    name: str
    label: str
    better: Better
    unit: str = ""
    definition: str = ""
    source: str = ""
    contract: Any = None
    cost: bool = False


def value_of(number: object) -> float | None:
    """Return a number as a metric or a loss can have it; ``None`` for null, NaN, infinities: one meaning of "no value".

    Raises:
        ValueError: for what is no number.
    """
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError("not a number or null")
    if not abs(number) <= LARGEST:
        return None
    return float(number) if abs(number) >= SMALLEST else 0.0


COSTS: tuple[Metric, ...] = (
    Metric("seconds", "Time", "lower", "s", "Wall-clock time of one stylisation, compilation excluded.", cost=True),
    Metric("evaluations", "Evaluations", None, "", "Evaluations of the objective with its gradient.", cost=True),
    Metric(
        "peak_memory_mb",
        "Peak memory",
        "lower",
        "MB",
        "Highest memory in use during the stylisation, with all that the process held from before.",
        cost=True,
    ),
)


@dataclass(frozen=True)
class MethodName:
    """A method as the report names it; ``baseline`` marks the floor baselines that bound the scale of a metric."""

    name: str
    label: str
    baseline: bool


@dataclass(frozen=True)
class Pair:
    """A row of the comparison: one content, one style, one seed."""

    name: str
    content: str
    style: str
    seed: int | None


@dataclass(frozen=True)
class Record:
    """One evaluated output, a line of ``records.jsonl``.

    Attributes:
        method: what made it.
        pair: what it was made from.
        size: height and width of the output as it was measured; ``None`` when not known.
        inputs: digests of the "content" and the "style" that the metrics saw; empty when not known.
        framing: how the output is framed otherwise than its content, as a sentence; empty when it is not.
        contracts: metric -> digest of the settings that its value was computed with; empty when not known.
        files: paths relative to the run directory, as the record claims them; see ``files.within``.
        metrics: values; ``None`` for one that does not exist.
        in_sample: the metrics that the method optimised itself.
        cost: seconds, evaluations and the like.
        provenance: how the values came about.
    """

    method: MethodName
    pair: Pair
    size: tuple[int, int] | None
    inputs: Mapping[str, str]
    framing: str
    contracts: Mapping[str, str]
    files: Mapping[str, str | None]
    metrics: Mapping[str, float | None]
    in_sample: tuple[str, ...]
    cost: Mapping[str, float | None]
    provenance: Mapping[str, Any]

    def value(self, metric: Metric) -> float | None:
        """Return the value of a metric or cost, ``None`` when it is missing or not finite."""
        return (self.cost if metric.cost else self.metrics).get(metric.name)


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
    """

    directory: Path
    config: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    methods: tuple[MethodName, ...]
    pairs: tuple[Pair, ...]
    records: Mapping[tuple[str, Pair], Record]
    notices: tuple[str, ...]

    def of_method(self, name: str) -> list[Record]:
        """Return the records of one method, in the order of ``pairs``."""
        return [self.records[name, pair] for pair in self.pairs if (name, pair) in self.records]

    def provenance(self, *keys: str) -> list[Any]:
        """Return the distinct values at a path of keys in the records' provenance, in order of first appearance."""
        found: list[Any] = []
        for record in self.records.values():
            value: Any = record.provenance
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value not in (None, "") and value not in found:
                found.append(value)
        return found
