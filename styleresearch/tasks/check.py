"""Examine a loss, a metric or a method, registered or in a file of the user's: all that is found of it, as a card."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from styleresearch import __version__
from styleresearch.checks.finding import Card, Finding
from styleresearch.checks.loss import check_loss
from styleresearch.checks.method import check_method
from styleresearch.checks.metric import check_metric
from styleresearch.config import build
from styleresearch.config.forms import annotations_of
from styleresearch.config.modules import import_modules
from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.metrics import METRICS, AnyMetric
from styleresearch.losses import LOSSES, Loss
from styleresearch.methods import METHODS, Method
from styleresearch.options import Between, setting, shown
from styleresearch.registry import Registry, registry_of
from styleresearch.store import digests
from styleresearch.tasks.provenance import device

Kind: TypeAlias = Literal["loss", "metric", "method"]

_KINDS: Mapping[Kind, tuple[Registry[Any], type, int]] = {
    "loss": (LOSSES, Loss, 128),
    "metric": (METRICS, AnyMetric, 192),
    "method": (METHODS, Method, 64),
}
"""Kind -> its registry, its base class, and the side in px of the pictures that it is given."""

_HOW = "name a registered loss, metric or method, FILE.py:NAME or FILE.py"

# What a method must be given and a check can do with: a small one of each.
_SMALL: Mapping[str, Mapping[str, Any]] = {
    "Objective": {
        "content": {"name": "feature", "layers": ("relu2_1",)},
        "style": {"name": "gram", "layers": ("relu1_1", "relu2_1")},
    },
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "network": {"name": "resnet", "width": 4, "blocks": 5},
    "decoder": {"name": "decoder", "widths": (8, 4, 4), "depths": (1, 1, 1)},
    "discriminator": {"name": "patch", "width": 4, "layers": 1},
    "adversarial loss": {"name": "lsgan"},
}
_EVALUATIONS = 20


@dataclass(frozen=True)
class Meant:
    """What is to be examined.

    Attributes:
        kind: what it is.
        name: what it is registered as, or its class.
        made: the object, built with its options.
        code: where it is defined, and the digest of that file.
    """

    kind: Kind
    name: str
    made: Any
    code: str


def check(
    target: str, options: Mapping[str, Any], size: int | None = None, found: Callable[[Finding], None] = lambda _: None
) -> Card:
    """Return what is found of a loss, a metric or a method.

    Args:
        target: a registered name; ``FILE.py:NAME`` of what a file registers or of a class in it; or ``FILE.py`` alone,
            where it registers one thing.
        options: of it.
        size: side in px of the pictures, of a loss those for which a call's cost is measured; None for 128, of a metric
            192, of a method 64.
        found: told each finding as it is made.

    Raises:
        InputError: if there is no such thing, it is none, its options are wrong, or pictures are too small for it.
    """
    if size is not None:
        size = setting("--size", size, Annotated[int, Between(16, 1024)])
    meant = resolve(target, options)
    findings = []
    for finding in _findings(meant, size or _KINDS[meant.kind][2]):
        findings.append(finding)
        found(finding)
    made = meant.made
    facts = {
        "Examined on": "features made for its layers"
        if meant.kind == "loss"
        else "random pictures; what it sees through the encoder, through VGG16 an eighth as wide with random weights",
        "Device": device(),
        "Versions": ", ".join((f"styleresearch {__version__}", f"jax {metadata.version('jax')}")),
    }
    if meant.kind == "loss":
        facts = {"Compares with": "nothing" if made.target == "none" else f"the {made.target} image", **facts}
    plain = (bool, int, float, str, tuple, type(None))  # parts of a method are too long to read
    values = {option: getattr(made, option) for option in inspect.signature(type(made)).parameters}
    settings = {
        option: shown(each) if isinstance(each, plain) else type(each).__name__ for option, each in values.items()
    }
    return Card(meant.name, meant.kind, inspect.getdoc(type(made)) or "", settings, findings, facts, meant.code)


def _findings(meant: Meant, size: int) -> Iterator[Finding]:
    if meant.kind == "loss":
        return check_loss(meant.made, size)
    encoder = vgg16(weights="random", width=0.125)
    return (check_metric if meant.kind == "metric" else check_method)(meant.made, encoder, size)


def resolve(target: str, options: Mapping[str, Any]) -> Meant:
    """Return what is meant, built with its options; see ``check``."""
    place, _, name = target.rpartition(":") if ".py:" in target else (target, "", "")
    if place.endswith(".py"):
        kind, name, entry = _of_file(Path(place), name)
    else:
        kind, name, entry = _registered(target)
    if entry is None:
        made = built(kind, name, options)
    else:
        try:
            made = entry(**options)
        except TypeError as error:
            raise InputError(f"{target}: {error}") from error
    if kind == "loss":
        _check_whole(made, target)
    return Meant(kind, name, made, _code(type(made), place))


def built(kind: Kind, name: str, options: Mapping[str, Any]) -> Any:
    """Return what is registered, with small ones of the parts that it must be given and is not; errors as ``check``."""
    return build.resolve(_KINDS[kind][0], {"name": name, **_completed(kind, name, options)})


def brought(module: str, registry: Registry[Any]) -> list[str]:
    """Return the names under which a module has registered something.

    Args:
        module: a file, ``my_losses.py``, or the name of a module, or of a package for all that is in it.
        registry: what is looked at.

    Raises:
        InputError: if it cannot be found, or fails.
    """
    file = Path(module)
    name = file.stem if file.suffix == ".py" else module
    if file.suffix == ".py" and not file.is_file():
        raise InputError(f"there is no file {file}; {_HOW}")
    import_modules((name,), [file.parent] if file.suffix == ".py" else (), named="check")
    defined = {each: getattr(registry.get(each), "__module__", "") for each in registry}
    return [each for each, where in defined.items() if f"{where}.".startswith(f"{name}.")]


def _registered(name: str) -> tuple[Kind, str, None]:
    """Return the kind of a registered name: a loss before a metric before a method of the same name."""
    for kind, (registry, *_) in _KINDS.items():
        if name in registry:
            return kind, name, None
    known = [each for registry, *_ in _KINDS.values() for each in registry]
    raise InputError(f"unknown loss, metric or method {shown(name)}.{nearest(name, known)} {_HOW}")


def _of_file(file: Path, name: str) -> tuple[Kind, str, Any]:
    """Return kind and name of what a file has, and its class where it is not registered."""
    if not file.is_file():
        raise InputError(f"there is no file {file}; {_HOW}")
    here: dict[str, Kind] = {}
    for kind, (registry, *_) in _KINDS.items():
        for each in brought(str(file), registry):
            here.setdefault(each, kind)
    module = sys.modules[file.stem]
    if not name:
        if len(here) != 1:
            raise InputError(f"{file} registers {', '.join(here) or 'nothing'}; name one: {file}:NAME")
        (name,) = here
    if name in here:
        return here[name], name, None
    classes: dict[str, tuple[Kind, Any]] = {
        key: (kind, each)
        for key, each in vars(module).items()
        if isinstance(each, type) and each.__module__ == module.__name__
        for kind, (_, base, _) in _KINDS.items()
        if issubclass(each, base)
    }
    if name in classes:
        kind, entry = classes[name]
        known = next((each for each in here if here[each] == kind and _KINDS[kind][0].get(each) is entry), None)
        return (kind, known, None) if known else (kind, name, entry)
    if hasattr(module, name):
        raise InputError(
            f"{name!r} in {file} is no loss, metric or method: a loss is a frozen dataclass that derives from "
            "styleresearch.losses.Loss, with summarise and compare"
        )
    there = ", ".join([*here, *classes])
    raise InputError(f"{file} has no loss, metric or method {shown(name)}; it has {there or 'none'}")


def _completed(kind: Kind, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a method's options with a small one of each that it must be given and was not, and few evaluations."""
    given = dict(options)
    if kind != "method":
        return given
    known, hints = METHODS.options(name), annotations_of(METHODS.get(name))
    for key, option in known.items():
        if option.default is option.empty and key not in given:
            registry = registry_of(hints[key])
            spec = _SMALL.get(getattr(hints[key], "__name__", "") if registry is None else registry.kind)
            given |= {} if spec is None else {key: dict(spec)}
    if "styles" in known:
        given.setdefault("styles", {"name": "painter", "names": ("mosaic",), "size": 64})
    if "evaluations" in known:
        given.setdefault("evaluations", _EVALUATIONS)
    return given


def _check_whole(loss: Loss, target: str) -> None:
    """Raise InputError for a loss that does not say what it compares and with what."""
    whose = getattr(loss, "target", None)
    if whose not in ("content", "style", "none"):
        raise InputError(f'{target}: its target is {shown(whose)}; it must be "content", "style" or "none"')
    layers = getattr(loss, "layers", None)
    if not isinstance(layers, tuple) or not layers or not all(isinstance(each, str) for each in layers):
        raise InputError(
            f"{target}: its layers are {shown(layers)}; they must be a tuple of names, such as ('relu1_1', 'relu2_1')"
        )


def _code(entry: type, place: str) -> str:
    """Return where a class is defined, and the digest of that file."""
    file = inspect.getsourcefile(entry)
    if file is None:
        return entry.__module__
    return f"{Path(place).name if place.endswith('.py') else entry.__module__}, sha256 {digests.of_file(Path(file))}"
