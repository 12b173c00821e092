"""Reading a run directory: its records, what its metrics mean, its config, and what is wrong with it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from styleresearch.errors import InputError
from styleresearch.store import failures

SCHEMA = 1
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


COSTS: tuple[Metric, ...] = (
    Metric("seconds", "Time", "lower", "s", "Wall-clock time of one stylisation, compilation excluded.", cost=True),
    Metric("evaluations", "Evaluations", None, "", "Evaluations of the objective with its gradient.", cost=True),
    Metric("peak_memory_mb", "Peak memory", "lower", "MB", "Highest memory in use during the stylisation.", cost=True),
)


@dataclass(frozen=True)
class MethodName:
    """A method as the report names it; ``baseline`` marks the floor baselines that bound the scale of a metric."""

    name: str
    label: str
    baseline: bool


@dataclass(frozen=True)
class Record:
    """One evaluated output, a line of ``records.jsonl``; paths are relative to the run directory."""

    method: MethodName
    pair: str
    content: str
    style: str
    seed: int | None
    size: tuple[int, int] | None
    files: Mapping[str, str | None]
    metrics: Mapping[str, float | None]
    in_sample: tuple[str, ...]
    cost: Mapping[str, float | None]
    provenance: Mapping[str, Any]

    def value(self, metric: Metric) -> float | None:
        """Return the value of a metric or cost, ``None`` when it is missing or not finite."""
        return (self.cost if metric.cost else self.metrics).get(metric.name)


@dataclass(frozen=True)
class Pair:
    """A row of the comparison: one content, one style, one seed."""

    name: str
    content: str
    style: str
    seed: int | None


@dataclass(frozen=True)
class RunRecords:
    """Everything that a report is made of.

    Attributes:
        directory: the run directory.
        config: the run's config; empty when there is none.
        metrics: the columns, metrics first (in the order of ``contracts.json``), then the costs that have a value.
        methods: in order of first appearance, floor baselines last.
        pairs: in order of first appearance.
        records: the last record of each (method name, pair name).
        notices: what the reader of the report has to know about these records, as sentences.
    """

    directory: Path
    config: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    methods: tuple[MethodName, ...]
    pairs: tuple[Pair, ...]
    records: Mapping[tuple[str, str], Record]
    notices: tuple[str, ...]

    def of_method(self, name: str) -> list[Record]:
        """Return the records of one method, in the order of ``pairs``."""
        return [self.records[name, pair.name] for pair in self.pairs if (name, pair.name) in self.records]

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


def read_run(run_dir: Path) -> RunRecords:
    """Read ``records.jsonl``, ``contracts.json`` and ``config.json`` of a run directory.

    A last line that is cut short (the run was interrupted while writing it) is left out and noted; so are a missing
    ``config.json`` or ``contracts.json``.

    Raises:
        InputError: if the directory or its records are missing, empty, of another schema, or not readable.
    """
    run_dir = Path(run_dir)
    if not run_dir.is_dir():
        raise InputError(f"{run_dir} is not a directory; give the run directory that `styleresearch compare` wrote")
    notices: list[str] = []
    records = _read_records(run_dir / "records.jsonl", notices)
    config = _read_object(run_dir / "config.json", notices, "the report cannot show how to repeat the run")
    contracts = _read_object(run_dir / "contracts.json", notices, "metrics have no definition and no direction")
    methods = tuple(dict.fromkeys(record.method for record in records.values()))
    by_name: dict[str, MethodName] = {}
    for method in methods:
        if by_name.setdefault(method.name, method) != method:
            raise InputError(
                f"{run_dir / 'records.jsonl'}: method {method.name!r} appears with two labels or baseline flags "
                f"({by_name[method.name]} and {method}); evaluate the run again so that its records agree"
            )
    notices += _disagreements(records.values())
    run = RunRecords(
        directory=run_dir,
        config=config,
        metrics=_metrics(records.values(), contracts, run_dir / "contracts.json"),
        methods=tuple(sorted(methods, key=lambda method: method.baseline)),
        pairs=tuple(dict.fromkeys(Pair(r.pair, r.content, r.style, r.seed) for r in records.values())),
        records=records,
        notices=(),
    )
    notices += _missing(run) + _failed(run)
    return RunRecords(**{**vars(run), "notices": tuple(notices)})


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _read_object(path: Path, notices: list[str], consequence: str) -> dict[str, Any]:
    if not path.exists():
        notices.append(f"There is no {path.name} in the run directory: {consequence}.")
        return {}
    try:
        found = json.loads(_read_text(path))
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}); restore it or delete it and report again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds a {type(found).__name__}, not an object; restore it or delete it")
    return found


def _read_records(path: Path, notices: list[str]) -> dict[tuple[str, str], Record]:
    if not path.exists():
        raise InputError(
            f"{path} does not exist, so there is nothing to report; "
            "run `styleresearch compare --config=... --workdir=...` or `styleresearch evaluate` first"
        )
    text = _read_text(path)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    records: dict[tuple[str, str], Record] = {}
    for number, line in lines:
        try:
            fields = json.loads(line)
        except ValueError as error:
            if number == lines[-1][0] and not text.endswith("\n"):
                notices.append(f"The last line of {path.name} is incomplete and was left out; rerun to complete it.")
                continue
            raise InputError(
                f"{path}, line {number}, is not valid JSON ({error}); delete that line and rerun the command that "
                "wrote it, which evaluates what is missing"
            ) from error
        record = _record(fields, f"{path}, line {number},")
        records[record.method.name, record.pair] = record
    if not records:
        raise InputError(f"{path} holds no complete record; rerun `styleresearch compare` or `evaluate` to fill it")
    return records


def _record(fields: Any, where: str) -> Record:
    """Check one decoded line; ``where`` names it in messages."""
    if not isinstance(fields, dict):
        raise InputError(f"{where} is a {type(fields).__name__}, not an object; delete that line and rerun")
    if fields.get("schema") != SCHEMA:
        raise InputError(
            f"{where} has schema {fields.get('schema')!r}; this version reads schema {SCHEMA}. "
            "Evaluate the run again with this version, or report with the version that wrote it"
        )
    for key in ("method", "pair", "content", "style"):
        if not isinstance(fields.get(key), str) or not fields[key]:
            raise InputError(f"{where} needs {key!r} as a text, got {fields.get(key)!r}; delete that line and rerun")
    for key in ("files", "metrics", "cost", "provenance"):
        if not isinstance(fields.get(key, {}), dict):
            raise InputError(f"{where} needs {key!r} as an object, got {fields[key]!r}; delete that line and rerun")
    if not isinstance(fields.get("in_sample") or [], list):
        raise InputError(
            f"{where} needs 'in_sample' as a list, got {fields['in_sample']!r}; delete that line and rerun"
        )
    size, seed = fields.get("size"), fields.get("seed")
    known_size = isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) for side in size)
    label = fields.get("label")
    return Record(
        method=MethodName(
            fields["method"],
            label if isinstance(label, str) and label else fields["method"],
            bool(fields.get("baseline")),
        ),
        pair=fields["pair"],
        content=fields["content"],
        style=fields["style"],
        seed=seed if isinstance(seed, int) else None,
        size=(size[0], size[1]) if isinstance(size, list) and known_size else None,
        files={k: v if isinstance(v, str) and v else None for k, v in fields.get("files", {}).items()},
        metrics=_numbers(fields.get("metrics", {}), where),
        in_sample=tuple(str(name) for name in fields.get("in_sample") or ()),
        cost=_numbers(fields.get("cost", {}), where),
        provenance=fields.get("provenance", {}),
    )


def _numbers(values: Mapping[str, Any], where: str) -> dict[str, float | None]:
    """Return finite numbers as floats and NaN, infinities and null as ``None``, one meaning of "no value"."""
    found: dict[str, float | None] = {}
    for name, value in values.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InputError(f"{where} has {name!r} = {value!r}, not a number or null; delete that line and rerun")
        found[name] = float(value) if value is not None and math.isfinite(value) else None
    return found


def _metrics(records: Iterable[Record], contracts: Mapping[str, Any], path: Path) -> tuple[Metric, ...]:
    records = list(records)
    measured = dict.fromkeys(name for record in records for name in record.metrics)
    columns = []
    for name in [*(name for name in contracts if name in measured), *(n for n in measured if n not in contracts)]:
        contract = contracts.get(name, {})
        if not isinstance(contract, dict):
            raise InputError(f"{path}: the contract of {name!r} is not an object; restore the file or delete it")
        better = contract.get("better")
        if better not in ("lower", "higher", None):
            raise InputError(f"{path}: 'better' of {name!r} is {better!r}; allowed are 'lower', 'higher' and null")
        columns.append(
            Metric(
                name=name,
                label=str(contract.get("label") or name),
                better=better,
                unit=str(contract.get("unit") or ""),
                definition=str(contract.get("definition") or ""),
                source=str(contract.get("source") or ""),
                contract=contract.get("contract"),
            )
        )
    return (*columns, *(cost for cost in COSTS if any(record.value(cost) is not None for record in records)))


def _disagreements(records: Iterable[Record]) -> list[str]:
    """Say where records were made under different conditions, which makes their comparison doubtful."""
    records = list(records)
    notices = []
    for label, keys in (("configs", ("config_hash",)), ("encoders", ("encoder", "digest")), ("devices", ("device",))):
        found = set()
        for record in records:
            value: Any = record.provenance
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value:
                found.add(str(value))
        if len(found) > 1:
            names = ", ".join(sorted(name if len(name) < 40 else name[:12] for name in found))
            notices.append(f"The records come from {len(found)} different {label} ({names}).")
    return notices


def _missing(run: RunRecords) -> list[str]:
    notices = []
    for method in run.methods:
        have = len(run.of_method(method.name))
        if have < len(run.pairs):
            notices.append(
                f"{method.label} has {have} of {len(run.pairs)} images: its means are over those alone, "
                "and differences are over the pairs that both methods have."
            )
    return notices


def _failed(run: RunRecords) -> list[str]:
    """Say why what is missing is missing, a sentence for each method."""
    labels = {method.name: method.label for method in run.methods}
    by_method: dict[str, list[failures.Failure]] = {}
    for failure in failures.read(run.directory):
        by_method.setdefault(failure.method, []).append(failure)
    return [
        f"{labels.get(method, method)} failed on {len(found)} {'pair' if len(found) == 1 else 'pairs'}, the first "
        f"{found[0].pair}: {found[0].reason}"
        for method, found in by_method.items()
    ]
