"""Reading a run directory: its records, what its metrics mean, its config, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from styleresearch.errors import InputError
from styleresearch.report.files import within
from styleresearch.report.notices import of_records, of_run
from styleresearch.report.records import COSTS, Heading, RunRecords
from styleresearch.store import jsonfile, record
from styleresearch.store.jsonfile import short
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import RunDirectory

PLANE = ("content_loss", "style_loss")
"""The metrics that methods are drawn over where the config names none: across, and up."""
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
    files = RunDirectory(run_dir)
    notices: list[str] = []
    records, sets = _read_records(files.records.path, notices)
    config = _config(files.config, notices)
    contracts = _contracts(files.contracts, notices)
    methods = tuple(dict.fromkeys(record.method for record in records.values()))
    by_name: dict[str, MethodName] = {}
    for method in methods:
        if by_name.setdefault(method.name, method) != method:
            raise InputError(
                f"{files.records.path}: method {short(method.name)} appears with two labels or baseline flags "
                f"({short(by_name[method.name])} and {short(method)}); evaluate again so that records agree"
            )
    labels = _distinct({method.name: method.label for method in methods})
    by_name = {method.name: replace(method, label=labels[method.name]) for method in methods}
    metrics = _metrics(records.values(), contracts, files.contracts)
    run = RunRecords(
        directory=run_dir,
        config=config,
        metrics=metrics,
        methods=tuple(sorted(by_name.values(), key=lambda method: method.baseline)),
        pairs=tuple(dict.fromkeys(pair for _, pair in records)),
        records=records,
        notices=(),
        plane=_plane(config, metrics),
        set_metrics=_metrics(sets.values(), contracts, files.contracts),
        sets=sets,
    )
    notices += [*of_records(records), *of_run(run, contracts)]
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
        problem = f"There is no {path.name} in the run directory"
    except InputError as error:
        problem = f"The config was left out ({error})"
    notices.append(f"{problem}: the report cannot show how to repeat the run.")
    return {}


def _contracts(path: Path, notices: list[str]) -> dict[str, Any]:
    if path.exists():
        return _object(path)
    notices.append(
        f"There is no {path.name} in the run directory: metrics have no definition and no direction, so none is ranked."
    )
    return {}


def _read_records(
    path: Path, notices: list[str]
) -> tuple[dict[tuple[str, Pair], Record], dict[tuple[str, int | None], Record]]:
    """Return the records of single images, and those of all images of a method."""
    if not path.exists():
        raise InputError(
            f"{path} does not exist, so there is nothing to report; "
            "run `styleresearch compare --config=... --workdir=...` or `styleresearch evaluate` first"
        )
    text = _bytes(path)
    lines = list(record.lines(text))
    records: dict[tuple[str, Pair], Record] = {}
    sets: dict[tuple[str, int | None], Record] = {}
    problems: list[str] = []
    for number, found in lines:
        if isinstance(found, ValueError):
            if number == lines[-1][0] and not text.endswith(b"\n"):
                notices.append(f"The last line of {path.name} is incomplete and was left out; rerun to complete it.")
            else:
                problems.append(f"line {number}: {found}")
        elif found.pair is not None:
            records[found.method.name, found.pair] = found
        elif found.pictures is not None:
            sets[found.method.name, found.pictures.seed] = found
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
    return records, sets


def _metrics(records: Iterable[Record], contracts: Mapping[str, Any], path: Path) -> tuple[Heading, ...]:
    records = list(records)
    measured = dict.fromkeys(name for record in records for name in record.metrics)
    columns = []
    for name in [*(name for name in contracts if name in measured), *(n for n in measured if n not in contracts)]:
        contract = contracts.get(name, {})
        if not isinstance(contract, dict):
            raise InputError(f"{path}: the contract of {short(name)} is not an object; restore the file or delete it")
        better = contract.get("better")
        if better not in ("lower", "higher", None):
            raise InputError(
                f"{path}: 'better' of {short(name)} is {short(better)}; allowed are 'lower', 'higher' and null"
            )
        columns.append(
            Heading(
                name=name,
                label=str(contract.get("label") or name),
                better=better,
                unit=str(contract.get("unit") or ""),
                definition=str(contract.get("definition") or ""),
                source=str(contract.get("source") or ""),
                contract=contract.get("contract"),
                twin_of=str(contract.get("twin_of") or ""),
            )
        )
    labels = _distinct({column.name: column.label for column in columns})
    return (
        *(Heading(**{**vars(column), "label": labels[column.name]}) for column in columns),
        *(cost for cost in COSTS if any(cost.value(each) is not None for each in records)),
    )


def _plane(config: Mapping[str, Any], metrics: Iterable[Heading]) -> tuple[Heading, Heading] | None:
    """Return the metrics that the config draws the methods over, if the records have both."""
    columns = {column.name: column for column in metrics if not column.cost}
    match config.get("plane", PLANE):
        case (str(across), str(up)) if across in columns and up in columns:
            return columns[across], columns[up]
        case _:
            return None
