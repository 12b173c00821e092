"""A method as a comparison runs it: a row of its table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from styleresearch.config import build
from styleresearch.config.problems import Problems
from styleresearch.data.finished import NAME as FINISHED
from styleresearch.encoder.encoder import ENCODERS, Encoder
from styleresearch.errors import InputError, Notice
from styleresearch.methods import METHODS, Method, TrainedMethod
from styleresearch.methods.base import dependence_of
from styleresearch.methods.color import PreserveColor
from styleresearch.options import shown
from styleresearch.store import digests
from styleresearch.tasks.foreign import Foreign
from styleresearch.tasks.trained import Trained, load


@dataclass(frozen=True)
class Entry:
    """A method as a comparison runs it.

    Attributes:
        name: its key in the config and in file names.
        label: its name in tables; empty where finished pictures are to tell it.
        method: the method.
        preserve_color: how the content's colours are kept, or None.
        spec: what the config says of it.
        trained: what it learned and where; None for a method that learns nothing.
        sees: spec of an encoder of its own that the config gives it; None for none.
        encoder: its own, where it was trained with one or is given one; None for the one that all share.
        depends_on: what else its pictures depend on, see ``Method.depends_on``.
    """

    name: str
    label: str
    method: Method
    preserve_color: PreserveColor | None
    spec: dict[str, Any] = field(repr=False)
    trained: Trained | None = field(default=None, repr=False)
    sees: Mapping[str, Any] | None = field(default=None, repr=False)
    encoder: Encoder | None = field(default=None, repr=False)
    depends_on: str = field(default="", repr=False)

    @property
    def seen_by(self) -> str | None:
        """Digest of the encoder whose statistics it optimised; None for the one that all share."""
        if self.trained is not None:
            return self.trained.facts["encoder"]["digest"]
        return None if self.encoder is None else self.encoder.digest


def entry(name: str, spec: Any, trainings: Path | None = None) -> Entry:
    """Return a method of a comparison from its spec.

    Args:
        name: its key in the config.
        spec: ``dict(name=..., **options)``, or, for a trained one, ``dict(checkpoint=..., **options)`` with options of
            its own spec to change; ``label`` and ``preserve_color`` go with any, ``encoder``, to see through another
            than the config's, with one that is not trained. In a sweep also ``dict(train=..., **options)``, the config
            of a training run in place of its directory. ``dict(name="outputs", path=...)`` are finished pictures.
        trainings: the folder of the sweep's training runs; None outside a sweep.

    Raises:
        InputError: for anything wrong with the spec.
    """
    if isinstance(spec, Mapping) and "train" in spec and spec.get("name") is None:
        if trainings is None:
            raise InputError(
                "train=... is trained by styleresearch sweep; here name the run directory, dict(checkpoint=DIR)"
            )
        options = {key: value for key, value in spec.items() if key != "train"}
        trained = load(str(trainings / training_name(spec["train"])))
        return replace(entry_of(name, trained, options), spec=dict(spec))
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
    if found.sees is not None:
        raise InputError("encoder: a trained method sees through the encoder of its training; leave it out")
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
    if spec.get("name") == FINISHED:
        label = str(options.pop("label", ""))
        return Entry(name, label, Foreign.of(options), None, dict(spec))
    label, color = options.pop("label", name), options.pop("preserve_color", None)
    known = METHODS.options(spec["name"]) if spec.get("name") in METHODS else {}
    sees = None if "encoder" in known else options.pop("encoder", None)  # a method's own option is its own
    with problems.at("preserve_color"):
        color = None if color is None else build.constructed(PreserveColor, color, "preserve_color")
    with problems.at(""):
        method = build.resolve(METHODS, options)
    problems.raise_lines()
    assert method is not None  # or there were problems
    if sees is not None and not method.takes.encoder:
        raise InputError(f"encoder: the method {spec['name']!r} sees through none; leave it out")
    return Entry(name, str(label), method, color, dict(spec), sees=sees, depends_on=dependence_of(method))


def training_name(config: Mapping[str, Any]) -> str:
    """Return the folder of a sweep's training run."""
    return digests.of_json(config)[:16]


def with_encoder(entry: Entry, encoders: dict[str, Encoder] | None = None) -> Entry:
    """Return an entry with the encoder of its own, if it has one and reads it to stylise.

    Args:
        entry: the entry.
        encoders: digest of a spec -> encoder, of those that are there; what is read is added.

    Raises:
        InputError: see ``Trained.encoder``; for weights that cannot be had.
    """
    known = {} if encoders is None else encoders
    if entry.sees is not None:
        spec = digests.of_json(entry.sees)
        if spec not in known:
            known[spec] = build.resolve(ENCODERS, entry.sees)
        return replace(entry, encoder=known[spec])
    if entry.trained is None or not entry.method.takes.encoder:
        return entry
    return replace(entry, encoder=entry.trained.encoder())
