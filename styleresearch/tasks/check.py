"""Checking a loss, a metric or a method: which one is meant, and the card of what was found."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import jax

from styleresearch.checks.finding import Card, Finding
from styleresearch.checks.loss import check_loss
from styleresearch.checks.method import check_method
from styleresearch.checks.metric import check_metric
from styleresearch.config import build
from styleresearch.config.forms import annotations_of
from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError, nearest
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES
from styleresearch.methods import METHODS
from styleresearch.options import shown
from styleresearch.registry import Registry, registry_of
from styleresearch.store import digests
from styleresearch.tasks.provenance import device, packages

Kind = Literal["loss", "metric", "method"]

REGISTRIES: Mapping[str, Registry[Any]] = {"loss": LOSSES, "metric": METRICS, "method": METHODS}

# What a method must be given and a check can do with: the smallest of each.
_SMALLEST: Mapping[str, Mapping[str, Any]] = {
    "Objective": {
        "content": {"name": "feature", "layers": ("relu2_1",)},
        "style": {"name": "gram", "layers": ("relu1_1", "relu2_1")},
    },
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "network": {"name": "transform", "widths": (4, 8), "residuals": 0},
    "decoder": {"name": "decoder", "widths": (8,), "depths": (1,)},
    "discriminator": {"name": "patch", "width": 4, "layers": 1},
    "adversarial loss": {"name": "lsgan"},
}
_EVALUATIONS = 20


@dataclass(frozen=True)
class Meant:
    """What is to be checked.

    Attributes:
        kind: what it is.
        name: what it is registered as.
        made: the object, built with its options.
    """

    kind: Kind
    name: str
    made: Any


def find(what: str, kind: Kind | None, options: Mapping[str, Any]) -> Meant:
    """Return what a command means: ``NAME`` as registered, ``FILE.py:NAME``, or ``FILE.py`` that registers one thing.

    The file has been imported before; ``NAME`` may be a class in it too.

    Args:
        what: as above.
        kind: which of several kinds of this name; None where there is one.
        options: of it, by name.

    Raises:
        InputError: if there is none, or more than one, or its options are not such.
    """
    file, name = split(what)
    kinds = [kind] if kind else list(get_args(Kind))
    entries = [(each, key) for each in kinds for key in REGISTRIES[each]]
    if file is not None:
        module = sys.modules[file.stem]
        entries = [(each, key) for each, key in entries if REGISTRIES[each].get(key).__module__ == module.__name__]
        if name and name not in {key for _, key in entries}:
            made = getattr(module, name, None)
            of_class = [(each, key) for each, key in entries if REGISTRIES[each].get(key) is made]
            if made is not None and not of_class:
                raise InputError(_unregistered(str(file), name, made, kind))
            entries, name = (of_class, None) if of_class else (entries, name)
    found = [(each, key) for each, key in entries if name in (None, key)]
    where = f"{file} registers" if file else "registered"
    if not found:
        known = ", ".join(key for _, key in entries) or "nothing"
        said = f"{kind or 'loss, metric or method'} {name!r}" if name else f"{kind or 'loss, metric or method'}"
        close = nearest(name, [key for _, key in entries]) if name else ""
        raise InputError(f"there is no {said}{f' in {file}' if file else ''}.{close} {where.capitalize()}: {known}")
    if len(found) > 1:
        names = ", ".join(f"{key} ({each})" for each, key in found)
        what_to_do = "give --kind" if len({key for _, key in found}) == 1 else f"name one, {file}:NAME"
        raise InputError(f"{what} may be {names}; {what_to_do}")
    return _built(*found[0], options)


def split(what: str) -> tuple[Path | None, str | None]:
    """Return the file, or None, and the name, or None, of ``NAME``, ``FILE.py:NAME`` or ``FILE.py``."""
    if what.endswith(".py"):
        return Path(what), None
    file, colon, name = what.rpartition(".py:")
    return (Path(f"{file}.py"), name) if colon else (None, what)


def _unregistered(file: str, name: str, made: Any, kind: Kind | None) -> str:
    for each, registry in REGISTRIES.items():
        if kind in (None, each) and inspect.isclass(made) and issubclass(made, registry.base or ()):
            plural = {"loss": "LOSSES", "metric": "METRICS", "method": "METHODS"}[each]
            return f"{file}: {name} is not registered; put @{plural}.register('NAME') above it"
    base = made.__name__ if inspect.isclass(made) else type(made).__name__
    what = "a class" if inspect.isclass(made) else f"of type {base}"
    return (
        f"{file}: {name} is {what}, and no {kind or 'loss, metric or method'}; a loss is a class that derives from "
        "styleresearch.losses.Loss and is registered (docs/add_a_loss.md)"
    )


def _built(kind: Any, name: str, options: Mapping[str, Any]) -> Meant:
    registry = REGISTRIES[kind]
    given = dict(options)
    if kind == "method":
        known, hints = registry.options(name), annotations_of(registry.get(name))
        for key, option in known.items():
            if option.default is option.empty and key not in given:
                hint = registry_of(hints[key])
                spec = _SMALLEST.get(hint.kind if hint else getattr(hints[key], "__name__", ""))
                given |= {} if spec is None else {key: dict(spec)}
        if "evaluations" in known:
            given.setdefault("evaluations", _EVALUATIONS)
    return Meant(kind, name, build.resolve(registry, {"name": name, **given}))


def findings(meant: Meant, size: int | None) -> Iterator[Finding]:
    """Yield what is found of it, property by property.

    Args:
        meant: what is checked.
        size: side of pictures; None for 128, of a method 64.

    Raises:
        InputError: for weights that it needs and that cannot be had, or a size that is too small.
    """
    if meant.kind == "loss":
        return check_loss(meant.made, size or 128)
    encoder = vgg16(weights="random", width=0.125)
    check: Callable[..., Iterator[Finding]] = check_metric if meant.kind == "metric" else check_method
    return check(meant.made, encoder, size or (128 if meant.kind == "metric" else 64))


def card(meant: Meant, found: list[Finding]) -> Card:
    """Return what was found with what a reader must know of it."""
    kind = type(meant.made)
    settings = {
        name: shown(value)
        for name, value in vars(meant.made).items()
        if not any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value))
    }
    source = Path(inspect.getsourcefile(kind) or "")
    seen = "features made directly" if meant.kind == "loss" else "random pictures, VGG16 of an eighth of the width"
    facts = {
        "Checked on": seen,
        "Device": device(),
        "Versions": ", ".join(f"{name} {version}" for name, version in packages().items()),
    }
    code = f"{source.name} sha256 {digests.of_file(source)[:16]}" if source.is_file() else ""
    return Card(meant.name, meant.kind, inspect.getdoc(kind) or "", settings, found, facts, code)
