"""From a config to objects: the only reader of configs.

Below this file there are only typed constructor arguments. All problems of a config are reported together, before
anything is downloaded or compiled.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from absl import flags
from ml_collections import ConfigDict, config_flags

from styleresearch.data.datasets import DATASETS, Dataset
from styleresearch.data.sources import SOURCES, PictureSource
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.encoder.vgg import check_layers
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, Metric
from styleresearch.losses import LOSSES, Objective
from styleresearch.methods import METHODS, Method
from styleresearch.methods.color import PreserveColor
from styleresearch.methods.optimizers import OPTIMIZERS, Optimizer
from styleresearch.methods.schedules import SCHEDULES
from styleresearch.nets import NETS
from styleresearch.registry import Registry, nearest

T = TypeVar("T")

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
        trained: what it learned and where, a ``trained.Trained``; None for a method that learns nothing.
        encoder: its own, where it was trained with one; None for the one that all share.
    """

    name: str
    label: str
    method: Method
    preserve_color: PreserveColor | None
    spec: dict[str, Any] = field(repr=False)
    trained: Any = field(default=None, repr=False)
    encoder: Encoder | None = field(default=None, repr=False)


def load_config(path: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the config that a file's ``get_config()`` makes, with ``--config.x=...`` overrides applied.

    Args:
        path: a Python file; ``configs/NAME.py`` also finds the configs that come with the package.
        overrides: command line flags, e.g. ``["--config.size=256"]``.

    Raises:
        InputError: if the file is missing or fails, or an override names an unknown key or has the wrong type.
    """
    config = _run(_find(path), path)
    for override in overrides:
        _check_override(config, override)
    flag_values = flags.FlagValues()
    arguments = ["styleresearch", *overrides]
    try:
        # ml_collections looks for overrides in sys.argv unless it is told; there they are only for a real process.
        holder = config_flags.DEFINE_config_dict("config", config, flag_values=flag_values, sys_argv=arguments)
        flag_values(arguments)
        config = holder.value
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, SyntaxError) as error:
        raise InputError(f"config {path}: {_first_line(error)}; give a value of the type that the file has") from error
    try:
        # By way of JSON: iterating a ConfigDict sorts its keys, and tables follow the order of the file. What JSON
        # cannot hold could not be written to config.json either.
        return without_none(plain(json.loads(config.to_json())))
    except (TypeError, ValueError) as error:
        raise InputError(f"config {path}: only numbers, texts, tuples and dicts: {_first_line(error)}") from error


def _run(file: Path, path: str) -> ConfigDict:
    """Return what ``get_config()`` of a Python file returns."""
    try:
        make = runpy.run_path(str(file)).get("get_config")
        config = make() if callable(make) else None
    except Exception as error:  # the user's own code may raise anything
        raise InputError(f"config {path}{_line_of(error, file)}: {type(error).__name__}: {error}") from error
    if not callable(make):
        raise InputError(f"config {path} has no function get_config(); define one that returns the ConfigDict")
    if not isinstance(config, ConfigDict):
        raise InputError(
            f"config {path}: get_config() returned {type(config).__name__}, not an ml_collections.ConfigDict"
        )
    return config


def _line_of(error: Exception, file: Path) -> str:
    """Return `` line N`` for the last line of ``file`` that an error passed through, or nothing."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    if isinstance(error, SyntaxError) and error.lineno:
        lines = [error.lineno]
    return f" line {lines[-1]}" if lines else ""


def _check_override(config: ConfigDict, override: str) -> None:
    """Raise for ``--config.a.b=value`` without a value, or if ``a.b`` is not in the config."""
    name, equals, _ = override.partition("=")
    if not equals:
        raise InputError(f"{name} needs a value: {name}=VALUE")
    node: Any = config
    seen = "config"
    for key in name.removeprefix("--config.").split("."):
        known = [str(each) for each in node] if isinstance(node, ConfigDict) else []
        if key not in known:
            has = f"It has: {', '.join(known)}" if known else f"It is {node!r}, without keys"
            raise InputError(f"{name}: {seen} has no key {key!r}.{nearest(key, known)} {has}")
        node, seen = node[key], f"{seen}.{key}"


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().split("\n")[0].rstrip(".")


def _find(path: str) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    if file.parent == Path("configs"):
        for folder in SHIPPED:
            if (folder / file.name).is_file():
                return folder / file.name
    known = sorted({f"configs/{each.name}" for folder in SHIPPED if folder.is_dir() for each in folder.glob("*.py")})
    beside = [str(each) for each in file.parent.glob("*.py")] if file.parent.is_dir() else []
    raise InputError(f"there is no config file {path}.{nearest(path, [*beside, *known])} Shipped: {', '.join(known)}")


def plain(value: Any) -> Any:
    """Return what JSON gave with tuples for lists: settings must be hashable."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return tuple(map(plain, value)) if isinstance(value, list) else value


def without_none(value: Any) -> Any:
    """Return nested dicts without the keys that hold None.

    A placeholder is there for ``--config.KEY=VALUE`` to find; without a value the option keeps its own default.
    """
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return value


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


_imported: dict[str, str] = {}
"""User's module -> sha256 of its file when it was imported."""


def import_modules(config: Mapping[str, Any]) -> dict[str, str]:
    """Import ``config.imports``: the user's own modules, for what they register. The current folder is searched too.

    Returns:
        Module name -> sha256 of its file: results depend on the user's code as on a setting.

    Raises:
        InputError: if one cannot be found, or fails.
    """
    digests = {}
    names = config.get("imports", ())
    if not isinstance(names, tuple) or not all(isinstance(name, str) and name for name in names):
        raise InputError(f"must be a tuple of module names, e.g. ('my_losses',), got {names!r}")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    for name in names:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):  # a package of a dotted name is not there; a name like ".x"
            found = None
        if found is None:
            raise InputError(
                f"config.imports names the module {name!r}, which cannot be found; "
                "run from the folder that holds it, or install it"
            )
        file = Path(found.origin or "")
        digests[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        try:
            # Edited since this process imported it (a notebook): the digest must be that of the code that runs.
            if name in sys.modules and _imported.get(name, digests[name]) != digests[name]:
                importlib.reload(sys.modules[name])
            else:
                importlib.import_module(name)
        except InputError as error:
            raise InputError(f"the module {name!r}: {error}") from error
        except Exception as error:  # the user's own code may raise anything
            where = f"{found.origin}{_line_of(error, Path(found.origin or ''))}"
            raise InputError(f"the module {name!r} ({where}) failed: {type(error).__name__}: {error}") from error
        _imported[name] = digests[name]
    return digests


def check_keys(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the top-level keys of a config."""
    known = (*required, *optional)
    missing = [f"the key {key!r} is missing" for key in required if key not in config]
    return missing + [f"unknown key {key!r}.{nearest(key, known)}" for key in config if key not in known]


def check_named(config: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Raise InputError unless these keys of a config hold named specs, at least one each."""
    problems = Problems()
    for key in keys:
        if not isinstance(config[key], Mapping) or not config[key]:
            problems.found.append(f"{key} must be dict(NAME=dict(name=..., **options), ...), got {config[key]!r}")
    problems.raise_if_any()


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
        unbuilt = [key for key in _NESTED if isinstance(options.get(key), Mapping)]
        raise InputError("\n".join([*problems.found, *registry.problems(options, unbuilt)]))
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


def pictures(spec: Mapping[str, Any]) -> tuple[np.ndarray, ...]:
    """Return the pictures of a source, each (h, w, 3) in [0, 1].

    Args:
        spec: of the source; ``size`` beside its options is that of the short sides in px, 256 by default.

    Raises:
        InputError: for anything wrong with the spec, or a picture that cannot be read.
    """
    options = dict(spec)
    size = options.pop("size", 256)
    if type(size) is not int or size < 1:
        raise InputError(f"size must be a whole number of pixels, at least 1, got {size!r}")
    source = SOURCES.build(options)
    return tuple(source.picture(name, size) for name in source.names())


def _optimizer(spec: Mapping[str, Any]) -> Optimizer:
    return resolve(OPTIMIZERS, spec)


_NESTED: dict[str, Callable[[Any], Any]] = {
    "objective": objective,
    "optimizer": _optimizer,
    "schedule": SCHEDULES.build,
    "net": NETS.build,
    "loss": LOSSES.build,
    "normalise_on": pictures,
    "styles": pictures,
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
    if color is not None and not isinstance(color, Mapping):
        raise InputError(f"preserve_color must be dict(how=..., when=...), got {color!r}")
    keep = None if color is None else _COLOR.build({**color, "name": "preserve_color"})
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
        with problems.at("encoder.normalise_on"):
            if isinstance(pictures := spec.get("normalise_on"), Mapping):
                SOURCES.build(pictures)
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


def dataset(spec: Any) -> Dataset:
    """Return a dataset to train on.

    Raises:
        InputError: for anything wrong with the spec.
    """
    return resolve(DATASETS, spec)


def options_of(kind: type[T], options: Any) -> T:
    """Return an object that a config sets up without naming it: ``config.train`` is the options of ``Settings``.

    Raises:
        InputError: for anything wrong with the options.
    """
    if not isinstance(options, Mapping):
        raise InputError(f"must be dict(**options), got {options!r}")
    registry: Registry[T] = Registry("the part")
    registry.register(kind.__name__.lower())(kind)
    return registry.build({**options, "name": kind.__name__.lower()})


def style_names(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the styles of a method that learns a few of its own are called, in order; empty for others."""
    if not isinstance(spec.get("styles"), Mapping):
        return ()
    return SOURCES.build({key: value for key, value in spec["styles"].items() if key != "size"}).names()
