"""From a config to objects. Below this file there are only typed constructor arguments.

All problems of a config are reported together, before anything is downloaded or compiled; ``forms`` says how an option
is built by its annotation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from styleresearch.config.forms import Named, Options, PicturesOf
from styleresearch.config.problems import Problems
from styleresearch.encoder.encoder import ENCODERS, check_weights
from styleresearch.encoder.network import NETWORKS
from styleresearch.registry import Registry

T = TypeVar("T")


def resolve(registry: Registry[Any], spec: Any) -> Any:
    """Return a registered object whose options may be specs, at any depth.

    Raises:
        InputError: for anything wrong with the spec or the specs inside it.
    """
    return Named(registry).build(spec)


def constructed(kind: type[T], options: Any, who: str) -> T:
    """Return an object that a config sets up without naming it: ``config.train`` is the options of ``Settings``.

    Args:
        kind: its class.
        options: its options, which may be specs.
        who: what a user calls it: the config's key.

    Raises:
        InputError: for anything wrong with the options or the specs inside them.
    """
    return Options(kind, who).build(options)


def completed(registry: Registry[Any], spec: Any) -> Any:
    """Return a spec with the defaults of the options that it leaves out, at any depth; None counts as left out.

    What is not registered stays as it is.
    """
    return Named(registry).completed(spec) if isinstance(spec, Mapping) else spec


def pictures(spec: Any) -> tuple[np.ndarray, ...]:
    """Return the pictures of a source, each (h, w, 3) in [0, 1].

    Args:
        spec: of the source; ``size`` beside its options is that of the short sides in px, 256 by default.

    Raises:
        InputError: for anything wrong with the spec, or a picture that cannot be read.
    """
    return PicturesOf().build(spec)


def style_names(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the styles of a method that learns a few of its own are called, in order; empty for others."""
    return PicturesOf().source(spec["styles"])[0].names() if isinstance(spec.get("styles"), Mapping) else ()


def check_encoder(spec: Any, layers: Mapping[str, Sequence[str]], problems: Problems, place: str = "encoder") -> None:
    """Note problems of an encoder spec, and layers (place -> names) it lacks, without loading any weights.

    Args:
        spec: of the encoder.
        layers: place in the config -> names of layers.
        problems: where to note.
        place: of the encoder in the config.
    """
    with problems.at(place):
        Named(ENCODERS).build(spec, dry=True)
        with problems.at(place):
            check_weights(spec["name"], spec.get("weights"), spec.get("file"), float(spec.get("width", 1.0)))
        for where, names in layers.items() if spec["name"] in NETWORKS else ():
            with problems.at(where):
                NETWORKS[spec["name"]]("random").layout.check(names)
