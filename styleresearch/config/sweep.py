"""What a sweep varies: axes over fields of a comparison's config, expanded to comparisons with a method per variant.

``config.sweep = dict(weight=dict(field="methods.gatys.objective.style.weight", values=(0.01, 0.1, 1.0)))``. Several
axes make a grid; an axis over several fields is a list.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from styleresearch.config import build
from styleresearch.config.axis import Axis, Value
from styleresearch.config.match import Match
from styleresearch.config.problems import Problems
from styleresearch.errors import InputError, nearest
from styleresearch.methods import METHODS
from styleresearch.options import shown
from styleresearch.store.variant import Variant

KEYS = ("sweep", "match")
"""The keys of a sweep's config that a comparison has not."""

FIELDS = ("encoder", "contents", "styles", "metrics", "size", "style_size", "seeds", "precision")
"""What can be swept beside methods."""

_UNSAFE = re.compile(r"[^\w.+,=@ -]")


@dataclass(frozen=True)
class Part:
    """A comparison of a sweep.

    Attributes:
        config: of the comparison, with a method for each variant.
        variants: name of a method -> which variant it is; those that no axis touches are not in it.
        suffix: what tells its pictures from those of the sweep's other comparisons; empty where all have the same.
    """

    config: Mapping[str, Any]
    variants: Mapping[str, Variant] = field(default_factory=dict)
    suffix: str = ""

    def having(self, methods: Mapping[str, Any], variants: Mapping[str, Variant] | None = None) -> Part:
        """Return the comparison with other methods, and with further variants."""
        return replace(self, config={**self.config, "methods": methods}, variants={**self.variants, **(variants or {})})


@dataclass(frozen=True)
class Sweep:
    """What a sweep's config describes.

    Attributes:
        config: the config itself.
        axes: by name, in the order of the table's columns.
        match: at which equal value of a metric methods are compared; ``None`` for no such thing.
    """

    config: Mapping[str, Any]
    axes: Mapping[str, Axis]
    match: Match | None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Sweep:
        """Return the sweep of a config; one without axes is the comparison alone.

        Raises:
            InputError: listing everything wrong with its axes and ``match``.
        """
        problems, axes, match = Problems(), {}, None
        given = config.get("sweep", {})
        with problems.at("sweep"):
            if not isinstance(given, Mapping):
                raise InputError(f"must be dict(NAME=dict(field=..., values=...), ...), got {shown(given)}")
        for name, options in given.items() if isinstance(given, Mapping) else ():
            with problems.at(f"sweep.{name}"):
                axes[name] = build.constructed(Axis, options, "axis")
        if "match" in config:
            with problems.at("match"):
                match = build.constructed(Match, config["match"], "match")
        if not isinstance(config.get("methods"), Mapping) or not config["methods"]:
            problems.found.append("methods must be dict(NAME=dict(name=..., **options), ...)")
        problems.raise_if_any()
        found = cls(config, axes, match)
        for name, axis in axes.items():
            with problems.at(f"sweep.{name}"):
                found.check(axis)
        problems.raise_if_any()
        return found

    def check(self, axis: Axis) -> None:
        """Raise InputError if an axis has a field that the config has not, or values of one name."""
        for key in axis.fields:
            if not key.startswith("methods."):
                first, _, rest = key.partition(".")
                if first not in FIELDS:
                    raise InputError(f"no field {key!r} of a comparison can be swept.{nearest(first, FIELDS)}")
                _require(self.config, key.rpartition(".")[0] if rest else "methods", key)
            elif not list(self._touched(key)):
                raise InputError(f"no method has the field {key!r}")
        if len({key.startswith("methods.") or _of_encoder(key) for key in axis.fields}) > 1:
            raise InputError("fields of methods and of the whole config do not go together in one axis")
        names = [_safe(str(text)) for text, _ in axis.points()]
        if len(set(names)) < len(names):
            raise InputError(f"several values are called {_twice(names)!r}: give values=dict(NAME=value, ...)")

    def parts(self) -> list[Part]:
        """Return its comparisons: one, or one for each combination of what is not of methods, such as sizes.

        Raises:
            InputError: for values that cannot stand where they are to.
        """
        outer = {name: axis for name, axis in self.axes.items() if not _inner(axis)}
        base = {key: value for key, value in self.config.items() if key not in KEYS}
        parts = []
        for point in _grid(outer):
            config, place = base, []
            for axis, text, values in point:
                for key, value in zip(axis.fields, values, strict=True):
                    given = _scaled(axis, config, key, value)
                    config = changed(config, key, given)
                    text = given if axis.factors else text
                place.append((self._name_of(axis), text))
            methods, variants = {}, {}
            for name in base["methods"]:
                for spec, values in self._variants(name, config):
                    title, variant = named(name, spec, [*place, *values])
                    if title in methods:
                        raise InputError(f"two methods of the sweep would be called {title!r}: rename one")
                    methods[title] = spec if variant is None else {**spec, "label": variant.text}
                    if variant is not None:
                        variants[title] = variant
            parts.append(Part({**config, "methods": methods}, variants, _suffix(place)))
        return parts

    def _name_of(self, axis: Axis) -> str:
        return next(name for name, each in self.axes.items() if each is axis)

    def _variants(self, name: str, config: Mapping[str, Any]) -> Iterator[tuple[Any, list[tuple[str, Value]]]]:
        """Yield the spec, and the places on the axes, of each variant of a method."""
        mine = {axis: [key for key in self.axes[axis].fields if self._touches(key, name)] for axis in self.axes}
        mine = {axis: keys for axis, keys in mine.items() if keys and _inner(self.axes[axis])}
        for point in _grid({axis: self.axes[axis] for axis in mine}):
            spec, places = config["methods"][name], []
            for axis, text, values in point:
                for key, value in zip(axis.fields, values, strict=True):
                    if not self._touches(key, name):
                        continue
                    # What methods see through is an option of theirs: metrics keep what the config says.
                    node = {"encoder": spec.get("encoder", config["encoder"])} if _of_encoder(key) else spec
                    inside = key if _of_encoder(key) else key.split(".", 2)[2]
                    given = _scaled(axis, node, inside, value)
                    spec = {**spec, **changed(node, inside, given)}
                    text = given if axis.factors else text
                places.append((self._name_of(axis), text))
            yield spec, places

    def _touches(self, key: str, name: str) -> bool:
        """Return whether a field is one of a method."""
        if _of_encoder(key):
            spec = self.config["methods"][name]
            entry = METHODS.get(spec["name"]) if isinstance(spec, Mapping) and spec.get("name") in METHODS else None
            return entry is not None and getattr(getattr(entry, "takes", None), "encoder", False)
        return name in self._touched(key)

    def _touched(self, key: str) -> Iterator[str]:
        parts = key.split(".", 2)
        if len(parts) == 3 and parts[0] == "methods" and parts[1] == "*":
            yield from (name for name, spec in self.config["methods"].items() if at(spec, parts[2]) is not None)
        elif len(parts) == 3 and parts[0] == "methods":
            _require(self.config, ".".join(key.split(".")[:-1]), key)
            yield parts[1]


def named(name: str, spec: Any, values: Sequence[tuple[str, Value]]) -> tuple[str, Variant | None]:
    """Return what a variant is called, and which it is; the name alone where no axis touches the method."""
    if not values:
        return name, None
    label = str(spec.get("label", name)) if isinstance(spec, Mapping) else name
    return f"{name}@{_suffix(values)[1:]}", Variant(name, label, tuple(values))


def _suffix(values: Sequence[tuple[str, Value]]) -> str:
    return "".join(f",{_safe(f'{axis}={text}')}" for axis, text in values)


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)


def _twice(names: Sequence[str]) -> str:
    return next(name for index, name in enumerate(names) if name in names[:index])


def _grid(axes: Mapping[str, Axis]) -> Iterator[tuple[tuple[Axis, Value, tuple[Any, ...]], ...]]:
    """Yield every combination of points: (axis, what it is called, values) of each axis."""
    yield from itertools.product(*([(axis, *point) for point in axis.points()] for axis in axes.values()))


def _of_encoder(key: str) -> bool:
    return key == "encoder" or key.startswith("encoder.")


def _inner(axis: Axis) -> bool:
    return all(key.startswith("methods.") or _of_encoder(key) for key in axis.fields)


def _scaled(axis: Axis, node: Any, key: str, value: Any) -> Any:
    """Return what a field gets."""
    if axis.factors is None:
        return value
    own = at(node, key)
    if not isinstance(own, (int, float)) or isinstance(own, bool):
        raise InputError(f"the config has no number at {key} to multiply with {value}, but {shown(own)}")
    return float(f"{own * value:.6g}")


def at(node: Any, key: str) -> Any:
    """Return what nested dicts hold at a dotted place; None where there is nothing."""
    for part in key.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _require(config: Mapping[str, Any], parent: str, key: str) -> None:
    """Raise InputError if the config has not the first, naming the nearest that it has."""
    node: Any = config
    for part in parent.split("."):
        if not isinstance(node, Mapping) or part not in node:
            known = list(node) if isinstance(node, Mapping) else []
            raise InputError(f"the config has no {key!r}: no {part!r}.{nearest(part, known)}")
        node = node[part]


def changed(node: Any, key: str, value: Any) -> Any:
    """Return nested dicts with a value at a place."""
    first, _, rest = key.partition(".")
    if not isinstance(node, Mapping):
        raise InputError(f"the config has {shown(node)} where {key} is to be set")
    return {**node, first: changed(node.get(first, {}), rest, value) if rest else value}
