"""Measuring all pictures of a method together: the metrics that have one value for a set of outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from styleresearch.data.images import load_image
from styleresearch.evaluation.suite import Suite
from styleresearch.store import digests, failures
from styleresearch.store.failures import Failure
from styleresearch.store.record import Pair, PictureSet, Record
from styleresearch.store.rundir import RunDirectory
from styleresearch.tasks.provenance import of_config


def measure_sets(
    run: RunDirectory,
    suite: Suite,
    records: Sequence[Record],
    facts: Mapping[str, Any],
    before: Mapping[str, Record],
    listener: Callable[[str], None],
) -> tuple[list[Record], list[Failure]]:
    """Return a record for each method and seed whose outputs a run holds, and what failed; new ones are written.

    What an earlier call measured of the same pictures with the same metrics is not measured again.

    Args:
        run: the run; the pictures are read from it as they were measured one by one.
        suite: the metrics.
        records: of the outputs.
        facts: what records say of how they came about.
        before: identity -> record of an earlier call.
        listener: called with a line before a picture is read.
    """
    contracts = suite.contracts(suite.over_set)
    groups: dict[tuple[str, int | None], list[tuple[Pair, Record]]] = {}
    for record in records if contracts else ():
        if record.pair is not None:
            groups.setdefault((record.method.name, record.pair.seed), []).append((record.pair, record))
    measured, failed = [], []
    for (method, _), members in groups.items():
        try:
            record = _measure(run, suite, members, contracts, facts, before, listener)
        except Exception as error:
            failed.append(failures.note(run.path, method, failures.SET, error))
            continue
        if record.provenance["measured"] not in before:
            run.records.append(record)
        measured.append(record)
    return measured, failed


def _measure(
    run: RunDirectory,
    suite: Suite,
    members: Sequence[tuple[Pair, Record]],
    contracts: Mapping[str, Any],
    facts: Mapping[str, Any],
    before: Mapping[str, Record],
    listener: Callable[[str], None],
) -> Record:
    seed, method = members[0][0].seed, members[0][1].method
    files = {kind: _distinct(members, kind) for kind in ("content", "style")}
    outputs = [record.files["output"] for _, record in members]
    digest = digests.of_json(sorted(_compared(pair, record) for pair, record in members))
    identity = digests.of_json(
        {
            "outputs": sorted(digests.of_file(run.path / str(file)) for file in outputs),
            "set": digest,
            "method": [method.name, seed],
            "contracts": contracts,
            "modules": facts["modules"],
            "packages": facts["packages"],
        }
    )
    record = before.get(identity)
    if record is None:

        def read(file: str | None) -> np.ndarray:
            listener(f"{method.label}, {failures.SET}")
            return load_image(run.path / str(file))

        references = {kind: [partial(read, file) for file in found] for kind, found in files.items()}
        contents = [partial(read, record.files["content"]) for _, record in members]
        values = suite.of_set([partial(read, file) for file in outputs], references, contents)
        record = Record(
            method=method,
            pair=None,
            size=None,
            inputs={},
            framing="",
            contracts={name: digests.of_json(entry["contract"]) for name, entry in contracts.items()},
            files={},
            metrics={name: found.value for name, found in values.items()},
            in_sample=(),
            cost={},
            provenance={**facts, "key": identity, "measured": identity},
            pictures=PictureSet(
                seed,
                len(outputs),
                len(files["content"]),
                len(files["style"]),
                digest,
                {name: found.reason for name, found in values.items() if found.reason},
                {name: found.half for name, found in values.items() if found.half is not None},
            ),
        )
    # A label is not what was measured, and the config may have changed it since.
    return replace(record, method=method, provenance={**record.provenance, **of_config(facts)})


def _distinct(members: Sequence[tuple[Pair, Record]], kind: str) -> list[str | None]:
    """Return the files of the contents or styles, each picture once, by whatever names it came."""
    of_name = {getattr(pair, kind): record for pair, record in reversed(members)}
    of_picture = {record.inputs.get(kind, name): record.files[kind] for name, record in of_name.items()}
    return list(of_picture.values())


def _compared(pair: Pair, record: Record) -> list[Any]:
    """Return what of an output must be the same for another method, so that values over sets can be compared."""
    return [pair.content, pair.style, list(record.size or ()), record.framing, sorted(record.inputs.items())]
