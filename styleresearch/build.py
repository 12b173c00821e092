"""From a config to objects: the only reader of configs.

Below this file there are only typed constructor arguments. All problems of a config are reported together, before
anything is downloaded or compiled.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags
from ml_collections import ConfigDict, config_flags

from styleresearch.data.sources import SOURCES, PictureSource
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.encoder.vgg import check_layers
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, Metric
from styleresearch.losses import LOSSES, Objective
from styleresearch.methods import METHODS, Method
from styleresearch.methods.color import PreserveColor
from styleresearch.methods.optimizers import OPTIMIZERS
from styleresearch.registry import Registry, nearest

SHIPPED = (Path(__file__).parent / "configs", Path(__file__).parent.parent / "configs")
"""Where the project's own configs lie: in an installed wheel, and in a checkout."""


@dataclass(frozen=True)
class Column:
    """A method as a comparison runs it.

    Attributes:
        name: its key in the config and in file names.
        label: its name in tables.
        method: the method.
        preserve_color: how the content's colours are kept, or None.
        spec: what the config says of it.
    """

    name: str
    label: str
    method: Method
    preserve_color: PreserveColor | None
    spec: dict[str, Any] = field(repr=False)


def load_config(path: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the config that a file's ``get_config()`` makes, with ``--config.x=...`` overrides applied.

    Args:
        path: a Python file; ``configs/NAME.py`` also finds the configs that come with the package.
        overrides: command line flags, e.g. ``["--config.size=256"]``.

    Raises:
        InputError: if the file is missing or fails, or an override names an unknown key or has the wrong type.
    """
    file = _find(path)
    flag_values = flags.FlagValues()
    holder = config_flags.DEFINE_config_file("config", flag_values=flag_values)
    try:
        flag_values(["styleresearch", f"--config={file}", *overrides])
        config = holder.value
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"config {path}: {_first_line(error)}") from error
    if not isinstance(config, ConfigDict):
        raise InputError(
            f"config {path}: get_config() returned {type(config).__name__}, not an ml_collections.ConfigDict"
        )
    try:
        # By way of JSON: iterating a ConfigDict sorts its keys, and tables follow the order of the file. What JSON
        # cannot hold could not be written to config.json either.
        return _plain(json.loads(config.to_json()))
    except TypeError as error:
        raise InputError(f"config {path}: only numbers, texts, tuples and dicts: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().split("\n")[0].rstrip(".")


def _find(path: str) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    shipped = [folder / file.name for folder in SHIPPED if file.parent.name == "configs"]
    for candidate in shipped:
        if candidate.is_file():
            return candidate
    known = sorted({f"configs/{each.name}" for folder in SHIPPED if folder.is_dir() for each in folder.glob("*.py")})
    raise InputError(f"there is no config file {path}.{nearest(path, known)} Shipped: {', '.join(known)}")


def _plain(value: Any) -> Any:
    """Return what JSON gave with tuples for lists: settings must be hashable."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, list) else value


class Problems:
    """Collects what is wrong with a config, so that one message can say all of it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Note an InputError of the block under the config key ``place`` and go on."""
        try:
            yield
        except InputError as error:
            self.found += [line if line.startswith(place) else f"{place}: {line}" for line in str(error).split("\n")]

    def raise_if_any(self) -> None:
        """Raise one InputError that lists all problems.

        Raises:
            InputError: if there were any.
        """
        if len(self.found) == 1:
            raise InputError(f"the config cannot be used: {self.found[0]}")
        if self.found:
            lines = "\n".join(f"  {number}. {text}" for number, text in enumerate(self.found, 1))
            raise InputError(f"the config cannot be used, for {len(self.found)} reasons:\n{lines}")


def import_modules(config: Mapping[str, Any]) -> None:
    """Import ``config.imports``: the user's own modules, for what they register. The current folder is searched too.

    Raises:
        InputError: if one cannot be found.
    """
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    for name in config.get("imports", ()):
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise InputError(
                f"config.imports names the module {name!r}, which cannot be found; "
                "run from the folder that holds it, or install it"
            )
        importlib.import_module(name)


def check_keys(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the top-level keys of a config."""
    known = (*required, *optional)
    missing = [f"the key {key!r} is missing" for key in required if key not in config]
    return missing + [f"unknown key {key!r}.{nearest(key, known)}" for key in config if key not in known]


def resolve(registry: Registry[Any], spec: Any) -> Any:
    """Build a registered object whose options may themselves be specs.

    Raises:
        InputError: for anything wrong with the spec or the specs inside it.
    """
    if not isinstance(spec, Mapping):
        raise InputError(f"{registry.kind} must be dict(name=..., **options), got {spec!r}")
    options = dict(spec)
    problems = Problems()
    for key, build in _NESTED.items():
        if isinstance(options.get(key), Mapping):
            with problems.at(key):
                options[key] = build(options[key])
    if problems.found:
        raise InputError("\n".join(problems.found))
    return registry.build(options)


def objective(terms: Mapping[str, Any]) -> Objective:
    """Return the objective of ``{term: dict(name=..., weight=1.0, **options)}``.

    Raises:
        InputError: for anything wrong with its terms, all together.
    """
    problems = Problems()
    built = {}
    for name, spec in terms.items():
        with problems.at(name):
            if not isinstance(spec, Mapping):
                raise InputError(f"a term must be dict(name=..., weight=..., **options), got {spec!r}")
            options = dict(spec)
            weight = options.pop("weight", 1.0)
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not np.isfinite(weight):
                raise InputError(f"weight must be a finite number, got {weight!r}")
            built[name] = (float(weight), LOSSES.build(options))
            if not built[name][1].layers:
                raise InputError("layers is empty; name at least one")
    if problems.found:
        raise InputError("\n".join(problems.found))
    return Objective.of(built)


def _pictures(spec: Mapping[str, Any]) -> tuple[np.ndarray, ...]:
    source = SOURCES.build(spec)
    return tuple(source.picture(name, 256) for name in source.names())


_NESTED: dict[str, Callable[[Any], Any]] = {
    "objective": objective,
    "optimizer": OPTIMIZERS.build,
    "loss": LOSSES.build,
    "normalise_on": _pictures,
}


def column(name: str, spec: Any) -> Column:
    """Return a method of a comparison from its spec; ``label`` and ``preserve_color`` go with any method.

    Raises:
        InputError: for anything wrong with the spec.
    """
    if not isinstance(spec, Mapping):
        raise InputError(f"a method must be dict(name=..., **options), got {spec!r}")
    options = dict(spec)
    label = options.pop("label", name)
    color = options.pop("preserve_color", None)
    keep = None if color is None else _COLOR.build({"name": "preserve_color", **color})
    return Column(name, str(label), resolve(METHODS, options), keep, dict(spec))


_COLOR: Registry[PreserveColor] = Registry("colour preservation")
_COLOR.register("preserve_color")(PreserveColor)


def encoder(spec: Any) -> Encoder:
    """Return the encoder of a spec; fetches its weights where they are not cached.

    Raises:
        InputError: for anything wrong with the spec or the weights.
    """
    return resolve(ENCODERS, spec)


def check_encoder(spec: Any, layers: Mapping[str, Sequence[str]], problems: Problems) -> None:
    """Note problems of an encoder spec, and layers (place -> names) it lacks, without loading any weights."""
    with problems.at("encoder"):
        if not isinstance(spec, Mapping):
            raise InputError(f"encoder must be dict(name=..., **options), got {spec!r}")
        found = ENCODERS.problems({key: value for key, value in spec.items() if key != "normalise_on"})
        if found:
            raise InputError("\n".join(found))
        for place, names in layers.items():
            with problems.at(place):
                check_layers(names, spec["name"])


def source(spec: Any) -> PictureSource:
    """Return a picture source.

    Raises:
        InputError: for anything wrong with the spec.
    """
    return resolve(SOURCES, spec)


def metric(spec: Any) -> Metric:
    """Return a metric.

    Raises:
        InputError: for anything wrong with the spec.
    """
    return resolve(METRICS, spec)
