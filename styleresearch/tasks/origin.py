"""What a picture of ours says of itself: the label, cost and objective of the method that made it, in its metadata.

A picture may come from anybody: what it says is checked, none of it is built, and it decides no value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from styleresearch.data.images import read_metadata
from styleresearch.evaluation.optimised import Optimised, from_json, to_json
from styleresearch.methods import METHODS
from styleresearch.store import jsonfile
from styleresearch.store.record import value_of

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
        """Return it as the metadata of a picture."""
        said = {
            "label": self.label,
            "baseline": self.baseline,
            "cost": dict(self.cost),
            "optimised": to_json(self.optimised),
            "made": dict(self.made),
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
    return Origin(
        "".join(character for character in label if character.isprintable()).strip(),
        found.get("baseline") is True or _floor(spec.get("name")),
        _cost(_within(found, "cost")),
        from_json(optimised) if isinstance(optimised, list) else _of_objective(_within(spec, "objective")),
        {name: made[name] for name in ("device", "packages") if name in (made := _within(found, "made"))},
    )


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
