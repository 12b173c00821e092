"""Examine a loss, registered or in a file of the user's: all that is found of it, as a card."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

from styleresearch import __version__
from styleresearch.checks.finding import Card, Finding
from styleresearch.checks.loss import check_loss
from styleresearch.config.modules import import_modules
from styleresearch.errors import InputError
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES, Loss
from styleresearch.methods import METHODS
from styleresearch.options import Between, setting, shown
from styleresearch.store import digests
from styleresearch.tasks.provenance import device

_HOW = "name a registered loss, FILE.py:NAME or FILE.py"


def check(
    target: str, options: Mapping[str, Any], size: int = 128, found: Callable[[Finding], None] = lambda _: None
) -> Card:
    """Return what is found of a loss.

    Args:
        target: a registered name; ``FILE.py:NAME`` of what a file registers or of a class in it; or ``FILE.py`` alone,
            where it registers one loss.
        options: of the loss.
        size: side in px of the picture for which a call's cost is measured.
        found: told each finding as it is made.

    Raises:
        InputError: if there is no such loss, it is none, or its options are wrong.
    """
    size = setting("--size", size, Annotated[int, Between(16, 1024)])
    name, loss, code = resolve(target, options)
    findings = []
    for finding in check_loss(loss, size):
        findings.append(finding)
        found(finding)
    facts = {
        "Compares with": "nothing" if loss.target == "none" else f"the {loss.target} image",
        "Layers": ", ".join(loss.layers),
        "Device": device(),
        "Versions": ", ".join((f"styleresearch {__version__}", f"jax {metadata.version('jax')}")),
    }
    settings = {option: repr(getattr(loss, option)) for option in inspect.signature(type(loss)).parameters}
    return Card(name, "loss", inspect.getdoc(type(loss)) or "", settings, findings, facts, code)


def resolve(target: str, options: Mapping[str, Any]) -> tuple[str, Loss, str]:
    """Return a loss with its name, and where it is defined; see ``check``."""
    place, _, name = target.rpartition(":") if ".py:" in target else (target, "", "")
    if place.endswith(".py"):
        name, entry = _of_file(Path(place), name)
    else:
        name, entry = target, None
        if target not in LOSSES:
            for kind, registry in (("metric", METRICS), ("method", METHODS)):
                if target in registry:
                    raise InputError(f"{target!r} is a {kind}; check examines losses so far: {', '.join(LOSSES)}")
            raise InputError(f"{LOSSES.problems({'name': target})[0]}; {_HOW}")
    if entry is None:
        loss = LOSSES.build({"name": name, **options})
    else:
        try:
            loss = entry(**options)
        except TypeError as error:
            raise InputError(f"{target}: {error}") from error
    return name, _whole(loss, target), _code(type(loss), place)


def _of_file(file: Path, name: str) -> tuple[str, Any]:
    """Return the name of a loss that a file has, and its class where it is not registered."""
    if not file.is_file():
        raise InputError(f"there is no file {file}; {_HOW}")
    import_modules((file.stem,), [file.parent], named="check")
    module = sys.modules[file.stem]
    here = [each for each in LOSSES if getattr(LOSSES.get(each), "__module__", "") == module.__name__]
    classes = {
        key: each
        for key, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Loss) and each.__module__ == module.__name__
    }
    if not name:
        if len(here) != 1:
            raise InputError(f"{file} registers {', '.join(here) or 'no loss'}; name one: {file}:NAME")
        return here[0], None
    if name in here:
        return name, None
    if name in classes:
        known = next((each for each in here if LOSSES.get(each) is classes[name]), None)
        return (known, None) if known else (name, classes[name])
    if hasattr(module, name):
        raise InputError(
            f"{name!r} in {file} is no loss: a loss is a frozen dataclass that derives from styleresearch.losses.Loss, "
            "with summarise and compare"
        )
    there = ", ".join([*here, *classes])
    raise InputError(f"{file} has no loss {shown(name)}; it has {there or 'none'}")


def _whole(loss: Loss, target: str) -> Loss:
    """Return a loss that says what it compares and with what."""
    whose = getattr(loss, "target", None)
    if whose not in ("content", "style", "none"):
        raise InputError(f'{target}: its target is {shown(whose)}; it must be "content", "style" or "none"')
    layers = getattr(loss, "layers", None)
    if not isinstance(layers, tuple) or not layers or not all(isinstance(each, str) for each in layers):
        raise InputError(
            f"{target}: its layers are {shown(layers)}; they must be a tuple of names, such as ('relu1_1', 'relu2_1')"
        )
    return loss


def _code(entry: type, place: str) -> str:
    """Return where a class is defined, and the digest of that file."""
    file = inspect.getsourcefile(entry)
    if file is None:
        return entry.__module__
    return f"{Path(place).name if place.endswith('.py') else entry.__module__}, sha256 {digests.of_file(Path(file))}"
