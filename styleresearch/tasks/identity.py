"""What a training run is: all that decides which parameters it ends with, and nothing else.

A directory goes on only as the run that it holds. What a config says in other words (an option's default, another path
to the same pictures) is the same run; so is one with a longer schedule, which ``run.json`` remembers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from styleresearch.config import build
from styleresearch.config.file import ORIGIN, plain
from styleresearch.config.forms import defaults
from styleresearch.data.pictures import SOURCES
from styleresearch.data.pipeline import Pipeline
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError
from styleresearch.methods import METHODS, Takes, TrainedMethod
from styleresearch.optim.schedules import SCHEDULES, Schedule
from styleresearch.store import digests, jsonfile
from styleresearch.store.rundir import FACTS
from styleresearch.training.rates import changed_by, optimizers_of

FREE = (ORIGIN, "name", "imports", "samples", "train", "start", "data.workers", "data.threads")
"""Keys of a config that decide nothing: what is imported has digests of its own, ``train.ema`` is looked at by itself,
schedules are remembered (``history``), and ``start`` is read by a run's first start only."""

_COVERED = {
    "config.data.content": "data.content",
    "config.data.style": "data.style",
    "config.method.styles": "pictures.styles",
    "config.encoder.weights": "encoder.digest",
    "config.encoder.file": "encoder.digest",
    "config.encoder.normalise_on": "encoder.digest",
    "config.encoder.pooling": "encoder.pooling",
    "config.encoder.padding": "encoder.padding",
}
"""Place in a config -> the digest of what it names: as long as that is equal, the words may change."""


def fixed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a config may not change while a run goes on, as ``run.json`` keeps it."""
    kept = {key: value for key, value in config.items() if key not in FREE or key == "imports"}
    inner = [key.removeprefix("data.") for key in FREE if key.startswith("data.")]
    kept["data"] = {key: value for key, value in kept["data"].items() if key not in inner}
    return kept if "train" not in config else {**kept, "ema": config["train"].get("ema", 0.0)}


def facts_of(
    config: Mapping[str, Any],
    method: TrainedMethod,
    encoder: Encoder,
    data: Pipeline,
    modules: Mapping[str, str],
    depends_on: str,
) -> dict[str, Any]:
    """Return the identity of a run, as JSON gives it back; ``depends_on`` is what the method says."""
    facts = {
        "config": fixed(config),
        "data": {part: dataset.identity() for part, dataset in data.datasets.items()},
        "encoder": encoder.describe(),
        "pictures": _pictures(method),
        "modules": dict(modules),
        "depends_on": {"method": depends_on},
    }
    return json.loads(json.dumps(facts, default=str))


def _pictures(method: TrainedMethod) -> dict[str, str]:
    """Return option -> digest of the pictures that a method is built with and learns from."""
    given = {option: getattr(method, option, None) for option in method.reads.options}
    return {
        option: digests.of_json([digests.of_array(np.asarray(each)) for each in value])
        for option, value in given.items()
        if isinstance(value, Sequence) and value and all(np.ndim(each) == 3 for each in value)
    }


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for everything in which two runs differ that decides what they learn.

    Args:
        before: what ``facts_of`` gave, or ``{"config": ...}`` where only the config is known.
        now: what ``facts_of`` gives.
    """
    known = {part: now[part] for part in now if isinstance(before.get(part), dict)}
    there = {part: before[part] for part in known}
    told = dict(_differences(_said(there), _said(known)))
    # Of a run of an earlier version some digests are not known; then the config's words decide.
    equal = {digest for digest in _COVERED.values() if _at(there, digest) == _at(known, digest) is not None}
    return [
        f"{place}: {text}"
        for place, text in told.items()
        if not any(_within(place, words) and digest in equal for words, digest in _COVERED.items())
    ]


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an identity with nothing in it that can be said in two ways."""
    said = dict(facts)
    config = said["config"] = _completed(facts["config"])
    if "encoder" in said:  # weights of one digest may have several names
        said["encoder"] = {key: value for key, value in facts["encoder"].items() if key not in ("name", "weights")}
    if "pictures" in said and not facts["pictures"]:
        del said["pictures"]
    config.pop("imports", None)
    return said


def _completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with its defaults, without what decides no parameter."""
    whole = {"seed": 0, "precision": "float32", "ema": 0.0, **fixed(config)}
    method = build.completed(METHODS, whole["method"])
    entry = METHODS.get(method["name"]) if method.get("name") in METHODS else None
    for option in (*getattr(entry, "takes", Takes()).options, *(f"{each}.schedule" for each in _optimizers(method))):
        *parents, last = option.split(".")
        node: Any = method
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.pop(last, None)
    whole["method"] = method
    whole["encoder"] = build.completed(ENCODERS, whole["encoder"])
    data = {**defaults(Pipeline), "seed": whole["seed"], **whole["data"]}
    for key in ("workers", "threads", *(["seed"] if data["seed"] == whole["seed"] else [])):
        data.pop(key, None)
    for part in ("content", "style"):
        if part in data:
            data[part] = build.completed(SOURCES, data[part])
    whole["data"] = data
    return json.loads(json.dumps(whole, default=str))


def _optimizers(method: Mapping[str, Any]) -> list[str]:
    return [option for option in method if f"_{option}".endswith("_optimizer")]


def _differences(before: Any, now: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield (place, what was and is there) for every difference between two nested dicts."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _differences(before.get(key), now.get(key), f"{place}.{key}" if place else key)
    elif before != now:
        yield place, f"was {before!r}, is {now!r}"


def _within(place: str, outer: str) -> bool:
    return place == outer or place.startswith(outer + ".")


def _at(facts: Mapping[str, Any], place: str) -> Any:
    part, _, key = place.partition(".")
    return (facts.get(part) or {}).get(key)


Schedules = Mapping[str, Any]
"""Option -> the schedule that it names, as a spec with all lengths; None for none."""


def schedules_of(method: TrainedMethod, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schedules of a method for a run, and of the spec that it was built from."""
    found = {}
    for option, optimizer in optimizers_of(method).items():
        named = (spec.get(option) or {}).get("schedule")
        if isinstance(spec.get(option), Mapping):
            schedule = optimizer.schedule
            lengths = asdict(schedule) if isinstance(schedule, Schedule) else {}  # pyright: ignore[reportArgumentType]
            found[option] = None if named is None else {**build.completed(SCHEDULES, named), **lengths}
    return json.loads(json.dumps(found, default=str))


def history(before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return which schedules a run had from which step on, from its ``run.json``."""
    if isinstance(before.get("schedules"), list):
        shape = {"step": int, "schedules": dict}
        return [each for each in before["schedules"] if jsonfile.conforms(each, shape)]
    method = before["config"]["method"]  # of an earlier version: one schedule from beginning to end
    named = {option: method[option] for option in _optimizers(method) if isinstance(method[option], Mapping)}
    specs = {option: spec.get("schedule") for option, spec in named.items()}
    specs = {option: spec and build.completed(SCHEDULES, spec) for option, spec in specs.items()}
    return [{"step": 0, "schedules": json.loads(json.dumps(specs, default=str))}]


def gone_on(
    before: Sequence[Mapping[str, Any]], method: TrainedMethod, now: Schedules, step: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the history of a run that goes on, and a sentence for every schedule that was another until now.

    One that was the same in the steps that are done, as when it is lengthened before it falls, was never another.

    Args:
        before: its history until now.
        method: with its schedules from now on.
        now: those schedules, see ``schedules_of``.
        step: steps that are done.
    """
    kept = [dict(each) for each in before if each["step"] < step]
    if not kept or kept[-1]["schedules"] == now:
        return kept or [{"step": 0, "schedules": now}], []
    until = kept[-1]["schedules"]
    changed = changed_by({option: spec and _built(spec) for option, spec in until.items()}, method, step)
    if not changed:
        return [*kept[:-1], {**kept[-1], "schedules": now}], []
    told = [
        f"{option}.schedule was {_words(until.get(option))} in the first {step} steps and is {_words(now.get(option))} "
        f"from here on, which {FACTS} remembers"
        for option in changed
    ]
    return [*kept, {"step": step, "schedules": now}], told


def _built(spec: Mapping[str, Any]) -> Any:
    """Return a schedule; one that is like no other where it cannot be built any more."""
    try:
        return SCHEDULES.build(plain(spec))
    except InputError:
        return lambda t: np.nan


def _words(spec: Mapping[str, Any] | None) -> str:
    if spec is None:
        return "none"
    return f"dict({', '.join(f'{key}={value!r}' for key, value in spec.items())})"
