"""A method as a comparison runs it: a row of its table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from styleresearch.config import build
from styleresearch.config.problems import Problems
from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError, Notice
from styleresearch.methods import METHODS, Method, TrainedMethod
from styleresearch.methods.base import dependence_of
from styleresearch.methods.color import PreserveColor
from styleresearch.options import shown
from styleresearch.tasks.trained import Trained, load


@dataclass(frozen=True)
class Entry:
    """A method as a comparison runs it.

    Attributes:
        name: its key in the config and in file names.
        label: its name in tables.
        method: the method.
        preserve_color: how the content's colours are kept, or None.
        spec: what the config says of it.
        trained: what it learned and where; None for a method that learns nothing.
        encoder: its own, where it was trained with one; None for the one that all share.
        depends_on: what else its pictures depend on, see ``Method.depends_on``.
    """

    name: str
    label: str
    method: Method
    preserve_color: PreserveColor | None
    spec: dict[str, Any] = field(repr=False)
    trained: Trained | None = field(default=None, repr=False)
    encoder: Encoder | None = field(default=None, repr=False)
    depends_on: str = field(default="", repr=False)


def entry(name: str, spec: Any) -> Entry:
    """Return a method of a comparison from its spec.

    Args:
        name: its key in the config.
        spec: ``dict(name=..., **options)``, or, for a trained one, ``dict(checkpoint=..., **options)`` with options of
            its own spec to change; ``label`` and ``preserve_color`` go with any.

    Raises:
        InputError: for anything wrong with the spec.
    """
    if not isinstance(spec, Mapping) or "checkpoint" not in spec:
        found = _named(name, spec)
        if isinstance(found.method, TrainedMethod):
            raise InputError(
                f"the method {spec['name']!r} has to be trained (styleresearch train); then name the run directory "
                "here, dict(checkpoint=DIR), or one of the zoo"
            )
        return found
    options = dict(spec)
    trained = load(str(options.pop("checkpoint")))
    return replace(entry_of(name, trained, options), spec=dict(spec))


def entry_of(name: str, trained: Trained, options: Mapping[str, Any]) -> Entry:
    """Return a trained method as one of a comparison, with options of its own spec changed; errors as ``entry``."""
    if "name" in options:
        raise InputError("give name or checkpoint, not both: a checkpoint knows its method")
    found = trained.built(lambda: _named(name, {**trained.spec, **options}), lambda entry: entry.method)
    then = (trained.facts.get("depends_on") or {}).get("method")
    if then is not None and then != found.depends_on:
        warnings.warn(
            f"the method of {trained.source} depends on something else than in its training (depends_on() was "
            f"{then!r}, is {found.depends_on!r}); what it paints may differ",
            Notice,
            stacklevel=2,
        )
    return replace(found, spec={"checkpoint": trained.source, **options}, trained=trained)


def _named(name: str, spec: Any) -> Entry:
    if not isinstance(spec, Mapping):
        raise InputError(f"a method must be dict(name=..., **options), got {shown(spec)}")
    options, problems, method = dict(spec), Problems(), None
    label, color = options.pop("label", name), options.pop("preserve_color", None)
    with problems.at("preserve_color"):
        color = None if color is None else build.constructed(PreserveColor, color, "preserve_color")
    with problems.at(""):
        method = build.resolve(METHODS, options)
    problems.raise_lines()
    assert method is not None  # or there were problems
    return Entry(name, str(label), method, color, dict(spec), depends_on=dependence_of(method))


def with_encoder(entry: Entry) -> Entry:
    """Return an entry with the encoder that its method was trained with, if it has one and reads it to stylise.

    Raises:
        InputError: see ``Trained.encoder``.
    """
    if entry.trained is None or not entry.method.takes.encoder:
        return entry
    return replace(entry, encoder=entry.trained.encoder())
