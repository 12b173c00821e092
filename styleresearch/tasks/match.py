"""Comparisons at one value of a metric: the number of each method, a weight, that brings it there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from styleresearch.config.match import Match
from styleresearch.config.sweep import Part, Sweep, at, changed, named
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.statistics.search import next_number
from styleresearch.store import digests
from styleresearch.store.variant import Variant

Means = Callable[[Sequence[Part]], Mapping[tuple[int, str], float]]
"""Work off comparisons, and return (index of the comparison, name of a method) -> mean of the metric."""


@dataclass
class Search:
    """The search for one method: all its variants that differ in the number alone are one.

    Attributes:
        part: index of the comparison.
        name: of the method, without the number.
        values: where it lies on the sweep's other axes.
        axis: what the number is called.
        spec: of the method, with the config's number.
        label: of the method.
        names: number -> name of the method that has it.
        means: number -> mean of the metric.
    """

    part: int
    name: str
    values: tuple[tuple[str, Any], ...]
    axis: str
    spec: Mapping[str, Any]
    label: str
    names: dict[float, str] = field(default_factory=dict)
    means: dict[float, float] = field(default_factory=dict)
    tried: int = 0

    def candidate(self, number: float, key: str) -> tuple[str, Mapping[str, Any], Variant]:
        """Return the name, spec and place in the sweep of the method with a number."""
        spec = changed({**self.spec, "label": self.label}, key, number)
        name, variant = named(self.name, spec, [*self.values, (self.axis, number)])
        assert variant is not None  # there is an axis
        return name, spec, variant

    def best(self, target: float) -> float:
        """Return the number whose mean is nearest to the target."""
        finite = {number: mean for number, mean in self.means.items() if math.isfinite(mean)}
        return min(finite or self.means, key=lambda number: abs(self.means[number] - target))


def check(match: Match, sweep: Sweep) -> None:
    """Raise InputError if a config has not what is matched."""
    names = list(sweep.config["metrics"]) if isinstance(sweep.config.get("metrics"), Mapping) else []
    if match.metric not in names:
        raise InputError(f"match.metric: there is no metric {match.metric!r}.{nearest(match.metric, names)}")
    methods = list(sweep.config["methods"])
    for name in [*(match.methods or ()), *([match.value] if isinstance(match.value, str) else [])]:
        if name not in methods:
            raise InputError(f"match: there is no method {name!r}.{nearest(name, methods)} There are: {methods}")
    if not any(_number(spec, match.field) for spec in sweep.config["methods"].values()):
        raise InputError(f"match.field: no method has a number above 0 at {match.field!r}")


def matched(
    match: Match, sweep: Sweep, parts: Sequence[Part], means: Means, grows: bool
) -> tuple[list[Part], list[dict[str, Any]]]:
    """Return the comparisons with every method at the number that was found for it, and what was found.

    Variants that the sweep has of that number itself stay: they are the points that are interpolated between.

    Args:
        match: what is matched.
        sweep: what it is part of.
        parts: the comparisons.
        means: works off comparisons.
        grows: whether the metric grows with the number, as long as that is not known.
    """
    searches = [search for part in range(len(parts)) for search in _searches(match, sweep, parts[part], part)]
    # A method that no sweep varies begins with its own number, under the name that a found one would have.
    single = [search for search in searches if len(search.names) == 1]
    parts = _without(parts, single)
    for search in single:
        search.names = {number: search.candidate(number, match.field)[0] for number in search.names}
    swept, parts = parts, _having(parts, match, [(search, number) for search in single for number in search.names])
    known = means(parts)
    targets = [_target(match, parts[part], part, known) for part in range(len(parts))]
    for search in searches:
        search.means = {number: known.get((search.part, name), math.nan) for number, name in search.names.items()}
    for _ in range(match.budget):
        asked = {}
        for search in searches:
            target = targets[search.part]
            best = search.best(target)
            number = next_number(search.means, target, best, grows)
            if abs(search.means[best] - target) > match.tolerance * abs(target) and number not in search.means:
                asked[id(search)] = number
        if not asked:
            break
        wanted = [(search, asked[id(search)]) for search in searches if id(search) in asked]
        for search, number in wanted:
            search.tried += 1
            search.names[number] = search.candidate(number, match.field)[0]
        known = means(_having(parts, match, wanted))
        for search, number in wanted:
            search.means[number] = known.get((search.part, search.names[number]), math.nan)
    final = [(search, search.best(targets[search.part])) for search in searches]
    found = [_found(match, search, number, targets[search.part]) for search, number in final]
    return _having(swept, match, final), found


def _without(parts: Sequence[Part], searches: Sequence[Search]) -> list[Part]:
    """Return comparisons without the methods of searches."""
    gone = {(search.part, name) for search in searches for name in search.names.values()}
    return [
        part.having({name: spec for name, spec in part.config["methods"].items() if (index, name) not in gone})
        for index, part in enumerate(parts)
    ]


def mean_of(values: Sequence[float | int | None]) -> float:
    """Return the mean of a metric over all pictures; NaN if one has none."""
    return float(np.mean(values)) if values and all(value is not None for value in values) else math.nan  # pyright: ignore[reportArgumentType, reportCallIssue]


def _searches(match: Match, sweep: Sweep, part: Part, index: int) -> list[Search]:
    """Return a search for each group of methods of a comparison that differ in the number alone."""
    over = {name for name, axis in sweep.axes.items() if all(key.endswith(f".{match.field}") for key in axis.fields)}
    found: dict[str, Search] = {}
    for name, spec in part.config["methods"].items():
        variant = part.variants.get(name)
        base = name if variant is None else variant.method
        number = _number(spec, match.field)
        if number is None or base == match.value or (match.methods is not None and base not in match.methods):
            continue
        values = () if variant is None else tuple(each for each in variant.values if each[0] not in over)
        axis = next(iter(over), match.field.split(".")[-1])
        label = str(spec.get("label", base)) if variant is None else variant.label
        group = digests.of_json([base, values])
        search = found.setdefault(group, Search(index, base, values, axis, spec, label))
        search.names[number] = name
    return list(found.values())


def _target(match: Match, part: Part, index: int, known: Mapping[tuple[int, str], float]) -> float:
    if not isinstance(match.value, str):
        return float(match.value)
    bases = {name: part.variants[name].method if name in part.variants else name for name in part.config["methods"]}
    rows = [name for name, base in bases.items() if base == match.value]
    if len(rows) != 1:
        raise InputError(f"match.value: {match.value!r} has {len(rows)} variants; name a number, or sweep others")
    target = known.get((index, rows[0]), math.nan)
    if not math.isfinite(target):
        raise InputError(f"match.value: the method {match.value!r} has no {match.metric} on every pair")
    return target


def _having(parts: Sequence[Part], match: Match, wanted: Sequence[tuple[Search, float]]) -> list[Part]:
    """Return comparisons with further methods, those that they have not."""
    made = []
    for index, part in enumerate(parts):
        mine = [(search, number) for search, number in wanted if search.part == index]
        there = part.config["methods"]
        new = [search.candidate(number, match.field) for search, number in mine if search.names[number] not in there]
        methods = {**part.config["methods"], **{name: _labelled(spec, variant) for name, spec, variant in new}}
        made.append(part.having(methods, {name: variant for name, _, variant in new}))
    return made


def _labelled(spec: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    return {**spec, "label": variant.text}


def _found(match: Match, search: Search, number: float, target: float) -> dict[str, Any]:
    reached = search.means[number]
    return {
        "method": search.names[number],
        "label": ", ".join([search.label, *(f"{axis} {value}" for axis, value in search.values)]),
        "axis": search.axis,
        "number": number,
        "metric": match.metric,
        "target": target,
        "reached": reached if math.isfinite(reached) else None,
        "tolerance": match.tolerance,
        "within": bool(abs(reached - target) <= match.tolerance * abs(target)),
        "tried": search.tried,
        "budget": match.budget,
    }


def _number(spec: Any, key: str) -> float | None:
    """Return the number above 0 that a method has at a place; None for anything else."""
    found = at(spec, key)
    return found if isinstance(found, (int, float)) and not isinstance(found, bool) and found > 0 else None
