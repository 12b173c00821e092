"""From a config to objects: the only reader of settings.

Below this file there are only typed constructor arguments. All problems of a config are reported together, before
anything is downloaded or compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from styleresearch.config.file import ORIGIN, import_modules
from styleresearch.data.datasets import DATASETS, Dataset
from styleresearch.data.framing import Side
from styleresearch.data.sources import SOURCES, PictureSource
from styleresearch.encoder.encoder import ENCODERS, Encoder, check_weights
from styleresearch.encoder.vgg import check_layers
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS, Metric
from styleresearch.losses import ADVERSARIAL, LOSSES, PENALTIES, Loss, Objective
from styleresearch.methods import METHODS, Method
from styleresearch.methods.base import dependence_of
from styleresearch.methods.color import PreserveColor
from styleresearch.nets import DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import OPTIMIZERS, Optimizer
from styleresearch.optim.schedules import SCHEDULES
from styleresearch.options import setting, shown
from styleresearch.registry import Registry, nearest

T = TypeVar("T")


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
        depends_on: what else its pictures depend on, see ``Method.depends_on``.
    """

    name: str
    label: str
    method: Method
    preserve_color: PreserveColor | None
    spec: dict[str, Any] = field(repr=False)
    trained: Any = field(default=None, repr=False)
    encoder: Encoder | None = field(default=None, repr=False)
    depends_on: str = field(default="", repr=False)


class Problems:
    """Collects what is wrong with a config, so that one message can say all of it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Note an InputError of the block under the config key ``place`` and go on."""
        try:
            yield
        except RecursionError:
            self.found.append(f"{place}: it is nested too deeply")
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


def check_keys(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the top-level keys of a config."""
    known = (*required, *optional, ORIGIN)
    missing = [f"the key {key!r} is missing" for key in required if key not in config]
    return missing + [f"unknown key {key!r}.{nearest(key, known)}" for key in config if key not in known]


def begin(config: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """Import the modules that a config names and check its top-level keys, before anything is built from it.

    Returns:
        Module name -> sha256 of its file.

    Raises:
        InputError: listing what is wrong with them.
    """
    problems, modules = Problems(), {}
    with problems.at("imports"):
        modules = import_modules(config)
    problems.found += check_keys(config, required, optional)
    problems.raise_if_any()
    return modules


def check_named(config: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Raise InputError unless these keys of a config hold named specs, at least one each."""
    problems = Problems()
    for key in keys:
        if not isinstance(config[key], Mapping) or not config[key]:
            problems.found.append(f"{key} must be dict(NAME=dict(name=..., **options), ...), got {shown(config[key])}")
    problems.raise_if_any()


def resolve(registry: Registry[Any], spec: Any) -> Any:
    """Build a registered object whose options may themselves be specs.

    Raises:
        InputError: for anything wrong with the spec or the specs inside it.
    """
    if not isinstance(spec, Mapping):
        raise InputError(f"{registry.kind} must be dict(name=..., **options), got {shown(spec)}")
    options = dict(spec)
    problems = Problems()
    # What is made of another thing is made of one of its own kind.
    parts = {**_NESTED, "of": lambda spec: resolve(registry, spec)}
    for key, build in parts.items():
        if isinstance(options.get(key), str):
            problems.found.append(f"{key}: must be dict(name=..., **options), got {shown(options[key])}")
        if isinstance(options.get(key), Mapping):
            with problems.at(key):
                options[key] = build(options[key])
    if problems.found:
        unbuilt = [key for key in parts if isinstance(options.get(key), (Mapping, str))]
        raise InputError("\n".join([*problems.found, *registry.problems(options, unbuilt)]))
    return registry.build(options)


def completed(registry: Registry[Any], spec: Any) -> Any:
    """Return a spec with the defaults of the options that it leaves out, at any depth; None counts as left out.

    What is not registered stays as it is.
    """
    if not isinstance(spec, Mapping) or spec.get("name") not in registry:
        return spec
    whole = defaults(registry.get(spec["name"])) | {key: value for key, value in spec.items() if value is not None}
    for key, part in {**_PARTS, "of": registry}.items():
        if key in whole:
            whole[key] = completed(part, whole[key])
    if isinstance(whole.get("objective"), Mapping):
        whole["objective"] = {
            term: {"weight": 1.0, **completed(LOSSES, each)} if isinstance(each, Mapping) else each
            for term, each in whole["objective"].items()
        }
    return whole


def defaults(constructor: Callable[..., Any]) -> dict[str, Any]:
    """Return option -> default of a constructor, without those that are None."""
    parameters = inspect.signature(constructor).parameters.items()
    return {key: each.default for key, each in parameters if each.default not in (each.empty, None)}


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
                raise InputError(f"a term must be dict(name=..., weight=..., **options), got {shown(spec)}")
            options = dict(spec)
            weight = setting("weight", options.pop("weight", 1.0), float)
            built[name] = (weight, _loss(options))
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
    source, size = _sized(spec)
    return tuple(source.picture(name, size) for name in source.names())


def _sized(spec: Mapping[str, Any]) -> tuple[PictureSource, int]:
    """Return the source and the size of pictures that are an option."""
    options = dict(spec)
    size = setting("size", options.pop("size", 256), Side)
    return resolve(SOURCES, options), size


def _loss(spec: Mapping[str, Any]) -> Loss:
    loss = LOSSES.build(spec)
    if not loss.layers:
        raise InputError("layers is empty; name at least one")
    return loss


def _optimizer(spec: Mapping[str, Any]) -> Optimizer:
    return resolve(OPTIMIZERS, spec)


_PARTS: dict[str, Registry[Any]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "discriminator_optimizer": OPTIMIZERS,
    "net": NETS,
    "discriminator": DISCRIMINATORS,
    "loss": LOSSES,
    "adversarial": ADVERSARIAL,
    "penalty": PENALTIES,
}
"""Option -> what it names."""

_NESTED: dict[str, Callable[[Any], Any]] = {
    **{option: registry.build for option, registry in _PARTS.items()},
    "objective": objective,
    "optimizer": _optimizer,
    "discriminator_optimizer": _optimizer,
    "loss": _loss,
    "normalise_on": pictures,
    "styles": pictures,
}


def column(name: str, spec: Any) -> Column:
    """Return a method of a comparison from its spec; ``label`` and ``preserve_color`` go with any method.

    Raises:
        InputError: for anything wrong with the spec.
    """
    if not isinstance(spec, Mapping):
        raise InputError(f"a method must be dict(name=..., **options), got {shown(spec)}")
    options = dict(spec)
    label = options.pop("label", name)
    color = options.pop("preserve_color", None)
    if color is not None and not isinstance(color, Mapping):
        raise InputError(f"preserve_color must be dict(how=..., when=...), got {shown(color)}")
    keep = None if color is None else _COLOR.build({**color, "name": "preserve_color"})
    method = resolve(METHODS, options)
    return Column(name, str(label), method, keep, dict(spec), depends_on=dependence_of(method))


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
            raise InputError(f"encoder must be dict(name=..., **options), got {shown(spec)}")
        options = dict(spec)
        pictures = options.pop("normalise_on", None)
        with problems.at("encoder.normalise_on"):
            if isinstance(pictures, Mapping):
                _sized(pictures)
            elif pictures is not None:
                raise InputError(f"must be a picture source, dict(name=..., **options), got {shown(pictures)}")
        if found := ENCODERS.problems(options):
            raise InputError("\n".join(found))
        with problems.at("encoder"):
            check_weights(spec["name"], options.get("weights"), options.get("file"), float(options.get("width", 1.0)))
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
        raise InputError(f"must be dict(**options), got {shown(options)}")
    registry: Registry[T] = Registry("the part")
    registry.register(kind.__name__.lower())(kind)
    return registry.build({**options, "name": kind.__name__.lower()})


def style_names(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the styles of a method that learns a few of its own are called, in order; empty for others."""
    if not isinstance(spec.get("styles"), Mapping):
        return ()
    return _sized(spec["styles"])[0].names()
