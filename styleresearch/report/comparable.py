"""What may be set side by side: the one place that every table, chart and test asks before it ranks.

Two values of a column are comparable only if all that they depend on, the method aside, is equal: the images that they
are means over; for each image its size and the very pixels of content and style that it was measured against; how it is
framed; the metric's settings; precision and package versions; for costs the device. A fact that no record tells (an
earlier version wrote them) cannot be compared and does not part them; one that only some tell does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from styleresearch.report.records import Heading, RunRecords
from styleresearch.store.record import Pair, Record

DIFFER = {
    "framing": "framed otherwise than the content",
    "size": "images of different sizes",
    "content": "measured against different content pictures",
    "style": "measured against different style pictures",
    "contract": "measured with different settings of the metric",
    "precision": "computed in different precisions",
    "packages": "computed by different package versions",
    "modules": "computed with different versions of your own modules",
    "device": "measured on different devices",
    "config": "made under different configs",
}
"""What two values depend on -> why they cannot be compared where it differs."""
_NEVER = {"peak_memory_mb": "the peak of a process includes what the methods before left in it"}


@dataclass(frozen=True)
class Standing:
    """Which means of one column may be ranked.

    Attributes:
        column: why none may; empty when some may.
        apart: name of a method -> why its mean may not be set beside the others'.
        pairs: how many pairs the means that may be ranked are over.
    """

    column: str
    apart: Mapping[str, str]
    pairs: int

    def why(self, method: str) -> str:
        """Return why a method's mean may not be ranked; empty when it may."""
        return self.apart.get(method) or self.column


def standing(run: RunRecords, column: Heading) -> Standing:
    """Say which methods' means of a column may be ranked.

    A method must have a value for every pair that any method has one for (floor baselines aside): leaving out what is
    hard, or failing on it, must not pay. Its images must be framed as their contents are, unless all methods' are not.
    All that remain must have been measured alike; if not, there is no telling which to go by, and none is ranked.
    """
    have = {method.name: _values(run, column, method.name) for method in run.methods}
    have = {name: records for name, records in have.items() if records}
    own = [method.name for method in run.methods if method.name in have and not method.baseline] or list(have)
    every = {pair for name in own for pair in have[name]}
    framed = not all(any(record.framing for record in have[name].values()) for name in own)
    apart = {name: why for name, records in have.items() if (why := _alone(records, every, column, framed))}
    rest = [name for name in have if name not in apart]
    found = _NEVER.get(column.name, "") if column.cost else ""
    for name in rest[1:]:
        if why := _between(have[rest[0]], have[name], column):
            if name not in own:
                apart[name] = why
            elif not found:
                found = why
    return Standing(found, apart, len(every))


def shared(run: RunRecords, column: Heading, method: str, reference: str) -> tuple[frozenset[Pair], str]:
    """Return the pairs over which a method's difference to another may be taken; why not, when there are none."""
    mine, other = _values(run, column, method), _values(run, column, reference)
    both = [pair for pair in mine if pair in other]
    if not both:
        return frozenset(), "no image in common"
    problems = {pair: _unlike(pair, mine[pair], other[pair], column) for pair in both}
    usable = [pair for pair in both if not problems[pair]]
    why = _mixed([mine[pair] for pair in usable], column) if usable else problems[both[0]]
    return frozenset() if why else frozenset(usable), why


def _values(run: RunRecords, column: Heading, method: str) -> dict[Pair, Record]:
    return {pair: record for pair, record in run.of_method(method).items() if column.value(record) is not None}


def _alone(records: Mapping[Pair, Record], every: set[Pair], column: Heading, framed: bool) -> str:
    """Say why a method's mean stands apart whatever the others' are; empty when it does not.

    Args:
        records: of the pairs that the method has a value for.
        every: the pairs that it should have one for.
        column: of the value.
        framed: whether images must be framed as their contents.
    """
    there = sum(pair in every for pair in records)
    if there < len(every):
        return f"{there} of {len(every)} images"
    if len(records) > there:
        return f"{len(records)} images, where the methods have {there}"
    if framed and not column.cost and (others := sum(bool(record.framing) for record in records.values())):
        return f"{others} of {there} images are {DIFFER['framing']}"
    if len({_text(record.provenance.get("config_hash")) for record in records.values()}) > 1:
        return DIFFER["config"]
    return _mixed(records.values(), column)


def _between(first: Mapping[Pair, Record], second: Mapping[Pair, Record], column: Heading) -> str:
    """Say how the values of two methods were measured differently; empty when they were not."""
    for pair, record in second.items():
        if pair in first and (why := _unlike(pair, first[pair], record, column)):
            return why
    return ""


def _unlike(pair: Pair, a: Record, b: Record, column: Heading) -> str:
    """Say why two values of one pair cannot be compared; empty when they can."""
    for facts in (of_run, _of_pair):
        ours, theirs = facts(a, column), facts(b, column)
        for name, fact in ours.items():
            if fact != theirs[name]:
                return DIFFER[name] + (f" ({pair.name})" if facts is _of_pair else "")
    return ""


def _mixed(records: Iterable[Record], column: Heading) -> str:
    """Say what differs between the pairs and must not, so that a mean over them means nothing; empty when nothing."""
    facts = [of_run(record, column) for record in records]
    return next((DIFFER[name] for name in facts[0] if len({each[name] for each in facts}) > 1), "")


def _of_pair(record: Record, column: Heading) -> dict[str, Any]:
    """Return what a value depends on that differs from pair to pair."""
    framing = {} if column.cost else {"framing": record.framing}
    return framing | {"size": record.size, **{name: record.inputs.get(name) for name in ("content", "style")}}


_known: dict[Any, tuple[Any, Mapping[str, Any]]] = {}
"""What ``of_run`` returned, by the objects that records share and the texts beside them; it holds these objects."""


def of_run(record: Record, column: Heading) -> Mapping[str, Any]:
    """Return what a value depends on that must be one in the whole column."""
    facts = record.provenance
    shared = (record.contracts, *(facts.get(name) for name in ("encoder", "packages", "modules", "made")))
    texts = tuple(map(repr, (facts.get("precision"), facts.get("device"))))
    key = (column.name, column.cost, texts, *map(id, shared))
    if key not in _known:
        if len(_known) > 10_000:  # records that share nothing
            _known.clear()
        _known[key] = shared, _of_run(record, column)
    return _known[key][1]


def _of_run(record: Record, column: Heading) -> dict[str, Any]:
    facts = record.provenance
    if not column.cost:
        encoder = facts.get("encoder")
        digest = encoder.get("digest") if isinstance(encoder, Mapping) else None
        # The contract names the encoder, where the metric has one; older records tell the encoder alone.
        contract = record.contracts.get(column.name) or f"encoder {_text(digest)}"
        return {"contract": contract} | {name: _text(facts.get(name)) for name in ("precision", "packages", "modules")}
    if column.name == "evaluations":  # a count
        return {}
    # Where the image was made; an image may have been measured elsewhere since.
    made = facts.get("made")
    known = isinstance(made, Mapping)
    source: Mapping[str, Any] = made if isinstance(made, Mapping) else facts
    return {name: (known, _text(source.get(name))) for name in ("device", "packages")} | {
        "precision": _text(facts.get("precision"))
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
