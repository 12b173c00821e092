"""Reading a run directory: its records, what its metrics mean, its config, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from styleresearch.errors import InputError
from styleresearch.report.files import within
from styleresearch.report.notices import of_records, of_run
from styleresearch.report.records import COSTS, MethodName, Metric, Pair, Record, RunRecords, value_of
from styleresearch.store import jsonfile
from styleresearch.store.jsonfile import TEXT_OR_NONE, Shape

SCHEMA = 1
FIELDS: Mapping[str, Shape] = {"method": str, "pair": str, "content": str, "style": str}
"""What a line of ``records.jsonl`` must have."""
OPTIONAL: Mapping[str, Shape] = {
    "label": TEXT_OR_NONE,
    "seed": (int, NoneType),
    "size": (list, NoneType),
    "inputs": (dict, NoneType),
    "framing": TEXT_OR_NONE,
    "contracts": (dict, NoneType),
    "files": dict,
    "metrics": dict,
    "in_sample": (list, NoneType),
    "cost": dict,
    "provenance": dict,
}
SHOWN = 3
"""Lines that a notice names."""


def read_run(run_dir: Path) -> RunRecords:
    """Read ``records.jsonl``, ``contracts.json`` and ``config.json`` of a run directory.

    A line that is no record (cut short, damaged, of another schema) is left out and noted; so are a missing
    ``contracts.json`` and a ``config.json`` that is missing or cannot be read.

    Raises:
        InputError: if the directory is missing, holds no record, or its contracts cannot be read.
    """
    run_dir = Path(run_dir)
    if not run_dir.is_dir():
        raise InputError(f"{run_dir} is not a directory; give the run directory that `styleresearch compare` wrote")
    notices: list[str] = []
    records = _read_records(run_dir / "records.jsonl", notices)
    config = _config(run_dir / "config.json", notices)
    contracts = _contracts(run_dir / "contracts.json", notices)
    methods = tuple(dict.fromkeys(record.method for record in records.values()))
    by_name: dict[str, MethodName] = {}
    for method in methods:
        if by_name.setdefault(method.name, method) != method:
            raise InputError(
                f"{run_dir / 'records.jsonl'}: method {_short(method.name)} appears with two labels or baseline flags "
                f"({_short(by_name[method.name])} and {_short(method)}); evaluate again so that records agree"
            )
    labels = _distinct({method.name: method.label for method in methods})
    by_name = {method.name: MethodName(method.name, labels[method.name], method.baseline) for method in methods}
    run = RunRecords(
        directory=run_dir,
        config=config,
        metrics=_metrics(records.values(), contracts, run_dir / "contracts.json"),
        methods=tuple(sorted(by_name.values(), key=lambda method: method.baseline)),
        pairs=tuple(dict.fromkeys(record.pair for record in records.values())),
        records=records,
        notices=(),
    )
    notices += [*of_records(list(records.values())), *of_run(run, contracts)]
    return RunRecords(**{**vars(run), "notices": tuple(notices)})


def _distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Return name -> label, with the name behind a label that several have: two rows must not look like one."""
    count = Counter(labels.values())
    return {name: label if count[label] == 1 else f"{label} ({name})" for name, label in labels.items()}


def _bytes(path: Path) -> bytes:
    """Return what stands in a file of the run directory.

    Raises:
        InputError: if it cannot be read or lies elsewhere.
    """
    found = within(path.parent, path.name)
    try:
        if found is None:
            raise OSError("it is not a file of this directory")
        return found.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _object(path: Path) -> dict[str, Any]:
    try:
        found = jsonfile.parse(_bytes(path))
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}); restore it or delete it and report again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds a {type(found).__name__}, not an object; restore it or delete it")
    return found


def _config(path: Path, notices: list[str]) -> dict[str, Any]:
    """Return the config; no number of the report depends on it."""
    try:
        if path.exists():
            return _object(path)
        problem = "There is no config.json in the run directory"
    except InputError as error:
        problem = f"The config was left out ({error})"
    notices.append(f"{problem}: the report cannot show how to repeat the run.")
    return {}


def _contracts(path: Path, notices: list[str]) -> dict[str, Any]:
    if path.exists():
        return _object(path)
    notices.append(
        "There is no contracts.json in the run directory: metrics have no definition and no direction, "
        "so none is ranked."
    )
    return {}


def _read_records(path: Path, notices: list[str]) -> dict[tuple[str, Pair], Record]:
    if not path.exists():
        raise InputError(
            f"{path} does not exist, so there is nothing to report; "
            "run `styleresearch compare --config=... --workdir=...` or `styleresearch evaluate` first"
        )
    text = _bytes(path)
    lines = [(number, line) for number, line in enumerate(text.split(b"\n"), start=1) if line.strip()]
    records: dict[tuple[str, Pair], Record] = {}
    problems: list[str] = []
    for number, line in lines:
        try:
            record = _record(jsonfile.parse(line))
            records[record.method.name, record.pair] = record
        except ValueError as error:
            if number == lines[-1][0] and not text.endswith(b"\n"):
                notices.append(f"The last line of {path.name} is incomplete and was left out; rerun to complete it.")
            else:
                problems.append(f"line {number}: {error}")
    named = "; ".join([*problems[:SHOWN], *([f"and {len(problems) - SHOWN} more"] if problems[SHOWN:] else [])])
    if not records:
        raise InputError(
            f"{path} holds no complete record{f' ({named})' if named else ''}; rerun `styleresearch compare` or "
            "`evaluate` to fill it"
        )
    if problems:
        notices.append(
            f"{len(problems)} line{'s' if problems[1:] else ''} of {path.name} {'are' if problems[1:] else 'is'} no "
            f"record and left out ({named}). Rerun the command that wrote it, which evaluates what is missing."
        )
    return records


def _record(fields: Any) -> Record:
    """Return the record of one decoded line.

    Raises:
        ValueError: saying what is wrong with it.
    """
    if not isinstance(fields, dict):
        raise ValueError(f"a {type(fields).__name__}, not an object")
    if fields.get("schema") != SCHEMA:
        raise ValueError(f"schema {_short(fields.get('schema'))}; this version reads schema {SCHEMA}")
    wanted = {**FIELDS, **{name: shape for name, shape in OPTIONAL.items() if name in fields}}
    for name, shape in wanted.items():
        value = fields.get(name)
        if not jsonfile.conforms(value, shape) or (name in FIELDS and not value):
            raise ValueError(f"{name!r} is {_short(value)}")
    return Record(
        method=MethodName(fields["method"], fields.get("label") or fields["method"], fields.get("baseline") is True),
        pair=Pair(fields["pair"], fields["content"], fields["style"], fields.get("seed")),
        size=_size(fields.get("size")),
        inputs=_texts("inputs", fields),
        framing=fields.get("framing") or "",
        contracts=_texts("contracts", fields),
        files={name: file if isinstance(file, str) else None for name, file in fields.get("files", {}).items()},
        metrics=_numbers("metrics", fields),
        in_sample=tuple(str(name) for name in fields.get("in_sample") or ()),
        cost=_numbers("cost", fields),
        provenance=fields.get("provenance", {}),
    )


def _short(value: Any) -> str:
    """Return a value for a message of one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _size(value: list[Any] | None) -> tuple[int, int] | None:
    if value is None:
        return None
    if len(value) != 2 or not all(jsonfile.conforms(side, int) and 0 < side < 2**31 for side in value):
        raise ValueError(f"'size' is {_short(value)}")
    return value[0], value[1]


def _texts(name: str, fields: Mapping[str, Any]) -> dict[str, str]:
    found = fields.get(name) or {}
    if not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f"{name!r} is {_short(found)}")
    return found


def _numbers(name: str, fields: Mapping[str, Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for key, value in fields.get(name, {}).items():
        try:
            found[key] = value_of(value)
        except ValueError as error:
            raise ValueError(f"{key!r} in {name!r} is {_short(value)}, {error}") from error
    return found


def _metrics(records: Iterable[Record], contracts: Mapping[str, Any], path: Path) -> tuple[Metric, ...]:
    records = list(records)
    measured = dict.fromkeys(name for record in records for name in record.metrics)
    columns = []
    for name in [*(name for name in contracts if name in measured), *(n for n in measured if n not in contracts)]:
        contract = contracts.get(name, {})
        if not isinstance(contract, dict):
            raise InputError(f"{path}: the contract of {_short(name)} is not an object; restore the file or delete it")
        better = contract.get("better")
        if better not in ("lower", "higher", None):
            raise InputError(
                f"{path}: 'better' of {_short(name)} is {_short(better)}; allowed are 'lower', 'higher' and null"
            )
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
    labels = _distinct({column.name: column.label for column in columns})
    return (
        *(Metric(**{**vars(column), "label": labels[column.name]}) for column in columns),
        *(cost for cost in COSTS if any(record.value(cost) is not None for record in records)),
    )
