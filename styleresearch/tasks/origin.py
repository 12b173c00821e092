"""What a picture of ours says of itself: the label, cost and objective of the method that made it.

Label, objective and evaluations stand in its metadata, the times in the ledger of the run that it lies in, where its
key leads: a picture that is made again is the same file, however long it took. A picture may come from anybody: what it
says is checked, none of it is built, and it decides no value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from styleresearch.data.images import read_metadata
from styleresearch.evaluation.optimised import Optimised, from_json, to_json
from styleresearch.methods import METHODS
from styleresearch.store import jsonfile
from styleresearch.store.record import value_of
from styleresearch.store.rundir import RunDirectory

KEYWORD = "styleresearch"
"""Of the metadata."""
COSTS = ("seconds", "compile_seconds", "evaluations", "peak_memory_mb")


@dataclass(frozen=True)
class Origin:
    """Where a picture comes from, as far as it tells.

    Attributes:
        label: of its method; empty where it tells none.
        baseline: whether that is a floor baseline.
        cost: what it cost.
        optimised: what its method minimised.
        made: the device and the package versions that the cost was measured with.
    """

    label: str = ""
    baseline: bool = False
    cost: Mapping[str, float | int | None] = field(default_factory=lambda: dict.fromkeys(COSTS))
    optimised: tuple[Optimised, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)

    def metadata(self) -> dict[str, str]:
        """Return what of it stands in the metadata of a picture."""
        said = {
            "label": self.label,
            "baseline": self.baseline,
            "evaluations": self.cost.get("evaluations"),
            "optimised": to_json(self.optimised),
        }
        return {KEYWORD: json.dumps(said, default=str)}


def origin_of(path: Path) -> Origin:
    """Return what a picture says of its origin; an empty one of a picture that is none of ours.

    Raises:
        InputError: if it cannot be read as a picture.
    """
    said = read_metadata(path)
    found = _object(said.get(KEYWORD))
    spec = _object(said.get("method")) or _within(_within(found, "config"), "method")
    label = _text(found.get("label")) or _text(spec.get("label"))
    optimised = found.get("optimised")
    kept = _kept(path, said.get("key"))
    return Origin(
        "".join(character for character in label if character.isprintable()).strip(),
        found.get("baseline") is True or _floor(spec.get("name")),
        _cost({"evaluations": found.get("evaluations"), **_within(kept, "cost")}),
        from_json(optimised) if isinstance(optimised, list) else _of_objective(_within(spec, "objective")),
        {name: made[name] for name in ("device", "packages") if name in (made := _within(kept, "made"))},
    )


def _kept(path: Path, key: str | None) -> Mapping[str, Any]:
    """Return what the run that a picture lies in wrote down of it; nothing of one that lies elsewhere."""
    run = RunDirectory(path.absolute().parents[min(2, len(path.absolute().parents) - 1)])
    if key is None or not run.outputs.path.is_file():
        return {}
    return _ledger(run.path, run.outputs.path.stat().st_mtime_ns).get(key, {})


@lru_cache(16)
def _ledger(run: Path, changed: int) -> Mapping[str, Mapping[str, Any]]:
    """Return key -> line of the ledger of a run, read once for all its pictures until it changes."""
    return {entry["key"]: entry for entry in RunDirectory(run).outputs.read()}


def _of_objective(terms: Mapping[str, Any]) -> tuple[Optimised, ...]:
    """Return what the spec of an objective minimises, for pictures that do not say what that came to."""
    specs = [each for each in terms.values() if isinstance(each, Mapping) and isinstance(each.get("name"), str)]
    layers = [each.get("layers") for each in specs]
    return tuple(
        Optimised(each["name"], tuple(map(str, read)) if isinstance(read, list) else ())
        for each, read in zip(specs, layers, strict=True)
    )


def _cost(said: Mapping[str, Any]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {}
    for name in COSTS:
        try:
            found[name] = value_of(said.get(name))
        except ValueError:
            found[name] = None
    return found


def _floor(name: Any) -> bool:
    return name in METHODS and getattr(METHODS.get(name), "baseline", False) is True


def _object(text: str | None) -> Mapping[str, Any]:
    try:
        found = jsonfile.parse(text or "{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _within(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = found.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
