"""What the reader of a report has to know about its records before reading the numbers, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from styleresearch.report.records import RunRecords
from styleresearch.store import digests, failures, rundir
from styleresearch.store.record import Pair, Record


def of_records(records: Mapping[tuple[str, Pair], Record]) -> list[str]:
    """Say where records disagree, and what they do not tell."""
    return [*_disagreements(records), *_unknown(list(records.values()))]


def of_run(run: RunRecords, contracts: Mapping[str, Any]) -> list[str]:
    """Say what a run lacks, and which of its values are not what they seem.

    Args:
        run: the run.
        contracts: what its ``contracts.json`` holds.
    """
    return [*_other_settings(run, contracts), *_framed(run), *_missing(run), *_failed(run)]


def _disagreements(records: Mapping[tuple[str, Pair], Record]) -> list[str]:
    """Say where records were made under different conditions; ``comparable`` says what follows for the ranking."""
    notices = []
    for label, keys in (("configs", ("config_hash",)), ("encoders", ("encoder", "digest")), ("devices", ("device",))):
        found = set()
        for record in records.values():
            value: Any = record.provenance
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value:
                found.add(str(value))
        if len(found) > 1:
            names = ", ".join(sorted(name if len(name) < 40 else name[:12] for name in found))
            notices.append(f"The records come from {len(found)} different {label} ({names}).")
    sizes: dict[Pair, set[tuple[int, int]]] = {}
    for (_, pair), record in records.items():
        sizes.setdefault(pair, set()).update({record.size} if record.size else ())
    if different := {pair: found for pair, found in sizes.items() if len(found) > 1}:
        pair, found = next(iter(different.items()))
        named = " and ".join(f"{width} × {height}" for height, width in sorted(found))
        notices.append(
            f"Images of {len(different)} of {len(sizes)} pairs differ in size ({pair.name}: {named}); "
            "`styleresearch evaluate --size` measures all at one."
        )
    return notices


def _other_settings(run: RunRecords, contracts: Mapping[str, Any]) -> list[str]:
    """Say which metrics were measured with other settings than the ones that are shown."""
    notices = []
    for column in (column for column in run.metrics if column.name in contracts and not column.cost):
        digest = digests.of_json(column.contract)
        other = sum(record.contracts.get(column.name, digest) != digest for record in run.records.values())
        if other:
            notices.append(
                f"{column.label}: {other} of {len(run.records)} records were measured with other settings than "
                f"{rundir.CONTRACTS} says; rerun the command that wrote them."
            )
    return notices


def _framed(run: RunRecords) -> list[str]:
    """Say which methods' images are framed otherwise than their contents."""
    notices = []
    for method in run.methods:
        records = run.of_method(method.name)
        if framed := [(pair, record) for pair, record in records.items() if record.framing]:
            notices.append(
                f"{method.label}: {len(framed)} of {len(records)} images are not framed as their content is "
                f"({framed[0][0].name}: {framed[0][1].framing})."
            )
    return notices


def _unknown(records: Sequence[Record]) -> list[str]:
    """Say that old records do not tell what they were measured on."""
    old = sum(not record.inputs for record in records)
    if not old:
        return []
    return [
        f"{'The' if old == len(records) else f'{old} of {len(records)}'} records do not say which pictures they were "
        "measured on, for an earlier version wrote them: their values count as comparable as far as is known. Delete "
        f"{rundir.RECORDS} and run the same command again to measure anew."
    ]


def _missing(run: RunRecords) -> list[str]:
    notices = []
    for method in run.methods:
        have = len(run.of_method(method.name))
        if have < len(run.pairs):
            notices.append(
                f"{method.label} has {have} of {len(run.pairs)} images: its means are over those alone and not ranked; "
                "differences are over the pairs that both methods have."
            )
    methods = run.config.get("methods")
    # A config that other pictures were measured with may name methods, too; the ledger of outputs is a comparison's.
    if isinstance(methods, Mapping) and rundir.RunDirectory(run.directory).outputs.path.exists():
        known = {method.variant.method if method.variant else method.name for method in run.methods}
        notices += [f"{name} has no image at all." for name in methods if name not in known]
    return notices


def _failed(run: RunRecords) -> list[str]:
    """Say why what is missing is missing, a sentence for each method."""
    labels = {method.name: method.label for method in run.methods}
    by_method: dict[str, list[failures.Failure]] = {}
    notices = []
    for failure in failures.read(run.directory):
        if failure.pair == failures.SET:
            label = labels.get(failure.method, failure.method)
            notices.append(f"{label}: its pictures could not be measured together: {failure.reason}")
        else:
            by_method.setdefault(failure.method, []).append(failure)
    return notices + [
        f"{labels.get(method, method)} failed on {len(found)} {'pair' if len(found) == 1 else 'pairs'}, the first "
        f"{found[0].pair}: {found[0].reason}"
        for method, found in by_method.items()
    ]
