"""What is not as it was when a run was made: config, versions, own modules, weights, pictures, metrics, methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from styleresearch.data.triple import digest_of
from styleresearch.report.records import RunRecords
from styleresearch.store import digests
from styleresearch.store.record import Record
from styleresearch.store.rundir import CONFIG
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.provenance import hash_of, version_of

Kind: TypeAlias = Literal["config", "versions", "modules", "weights", "data", "methods", "metrics"]
GROUPS = ("contents", "styles")
"""The keys of a config that name pictures; a run keeps them under the same names without the last letter."""
_SHOWN = 12
"""Digits of a digest in a message."""


@dataclass(frozen=True)
class Difference:
    """Something that is not here as it was when the run was made; None stands for nothing, or not known."""

    kind: Kind
    name: str
    then: str | None
    now: str | None

    def __str__(self) -> str:
        if self.kind in ("config", "methods", "metrics"):
            return f"{self.kind}: {self.name}: {self.now}"
        sides = [None if side is None else side[:_SHOWN] if len(side) == 64 else side for side in (self.then, self.now)]
        return f"{self.kind}: {self.name}: {sides[0] or 'none'} then, {sides[1] or 'none'} here"


def differences(run: RunRecords, config: Mapping[str, Any], comparison: Comparison) -> list[Difference]:
    """Return all that is not as it was when a run was made.

    Args:
        run: the run as it was.
        config: what its directory says that it is.
        comparison: the run as it would be made here.
    """
    found = [*_config(run, config), *versions_of(run), *_modules(run, comparison), *_weights(run, comparison)]
    found += [*_data(run, comparison), *_metrics(run, comparison)]
    return found or list(_keys(run, comparison))


def _config(run: RunRecords, config: Mapping[str, Any]) -> Iterator[Difference]:
    then = [str(each) for each in run.provenance("config_hash")]
    if then and then != [hash_of(config)]:
        yield Difference("config", CONFIG, then[0], "it is not the one that the records were made with")


def versions_of(run: RunRecords) -> Iterator[Difference]:
    """Yield the packages of other versions than those that made or measured the pictures."""
    then: dict[str, dict[str, None]] = {}
    for record in run.records.values():
        made = record.provenance.get("made")
        for facts in (record.provenance, made if isinstance(made, Mapping) else {}):
            packages = facts.get("packages")
            for name, version in packages.items() if isinstance(packages, Mapping) else ():
                then.setdefault(str(name), {})[str(version)] = None
    for name, versions in then.items():
        if list(versions) != [version_of(name)]:
            yield Difference("versions", name, " and ".join(versions), version_of(name))


def _modules(run: RunRecords, comparison: Comparison) -> Iterator[Difference]:
    then: dict[str, str] = {}
    for modules in run.provenance("modules"):
        then |= modules if isinstance(modules, Mapping) else {}
    for name, digest in comparison.modules.items():
        if digest and then.get(name, digest) != digest:
            yield Difference("modules", name, then[name], digest)


def _weights(run: RunRecords, comparison: Comparison) -> Iterator[Difference]:
    """Yield the encoder and the trained methods whose weights are others."""
    encoder = comparison.suite.encoder
    for then in run.provenance("encoder", "digest"):
        if then != encoder.digest:
            yield Difference("weights", str(encoder.describe().get("name", "encoder")), str(then), encoder.digest)
    for entry in comparison.entries:
        records = run.of_method(entry.name).values()
        here = {"params": None if entry.trained is None else entry.trained.digest, "depends_on": entry.depends_on}
        for fact, now in here.items():
            then = {str(record.provenance[fact]) for record in records if fact in record.provenance}
            if then and then != {now}:
                yield Difference("weights", f"{entry.name} ({fact})", " and ".join(sorted(then)), now or None)


def _data(run: RunRecords, comparison: Comparison) -> Iterator[Difference]:
    """Yield the pictures that are others, or are there in one of the two only."""
    for group in GROUPS:
        kind = group[:-1]
        then: dict[str, str | None] = {}
        for (_, pair), record in run.records.items():
            name = getattr(pair, kind)
            then[name] = record.inputs.get(kind) or then.get(name)
        now = {name: digest_of(image) for name, image in getattr(comparison, group).items()}
        for name in dict.fromkeys((*then, *now)):
            before, here = then.get(name), now.get(name)
            unknown = name in then and name in now and before is None  # an earlier version wrote no digests
            if before != here and not unknown:
                yield Difference("data", f"the {kind} picture {name}", before, here)


def _metrics(run: RunRecords, comparison: Comparison) -> Iterator[Difference]:
    """Yield the metrics that measure otherwise: with other settings, or through other networks."""
    now = {name: digests.of_json(each["contract"]) for name, each in comparison.suite.contracts().items()}
    then: dict[str, set[str]] = {}
    for record in (*run.records.values(), *run.sets.values()):
        for name, digest in record.contracts.items():
            then.setdefault(name, set()).add(digest)
    for name, found in then.items():
        if found != {now.get(name)}:
            said = "it measures with other settings or through other networks than then" if name in now else "is gone"
            yield Difference("metrics", name, " and ".join(sorted(found)), said)


def _keys(run: RunRecords, comparison: Comparison) -> Iterator[Difference]:
    """Yield the methods whose pictures depend on something else than then, where nothing else says so."""
    now = {(work.entry.name, work.pair): work.key for work in comparison.stylisations()}
    then = {(name, pair.name): record for (name, pair), record in run.records.items()}
    for name in dict.fromkeys(place[0] for place, key in now.items() if _other_key(then.get(place), key)):
        yield Difference("methods", name, None, "its settings or its weights are not those of then")


def _other_key(record: Record | None, key: str) -> bool:
    return record is not None and record.provenance.get("key", key) != key
