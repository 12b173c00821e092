"""What a file of a trained method says of itself, checked before it is believed.

Such a file may come from anybody. Its header has to be one of ours, and its tensors those of the method that it names,
by name, shape and type: abstractly, before anything of the size that it claims is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from styleresearch.config.file import ORIGIN, plain
from styleresearch.encoder.encoder import Encoder
from styleresearch.encoder.network import NETWORKS
from styleresearch.encoder.weights.architectures import ARCHITECTURES
from styleresearch.encoder.weights.architectures.base import scaled
from styleresearch.errors import InputError
from styleresearch.methods.base import TrainedMethod
from styleresearch.training.leaves import describe, flatten
from styleresearch.types import Params

_REQUIRED = ("config", "method", "encoder", "config.encoder", "method.name", "encoder.weights", "encoder.digest")
_TEXTS = {str: str}
_SHAPE: dict[str, Any] = {
    "config": {"encoder": {}, "method": {}, "data": {"content": {}, "style": {}}, "imports": [str]},
    "method": {"name": str},
    "encoder": _TEXTS,
    "styles": [str],
    "data": _TEXTS,
    "modules": _TEXTS,
    "depends_on": _TEXTS,
    "provenance": {"packages": _TEXTS, "encoder": {}},
    "version": str,
    ORIGIN: {"file": str},
}
"""Field -> what it must be if it is there: a type, a list of one, texts by name, or fields of its own."""
_SAID: dict[type, str] = {dict: "fields by name", list: "a list", str: "a text"}
_PICTURE = 256
"""Side in px of the pictures that stand for those of training: a multiple of what any network here halves."""


def checked_facts(facts: Any) -> dict[str, Any]:
    """Return what a training run wrote of itself, lists as tuples.

    Raises:
        ValueError: if it is not that; says which part.
    """
    if not isinstance(facts, dict):
        raise ValueError("it holds no facts")
    _check(facts, _SHAPE, "")
    for place in _REQUIRED:
        value: Any = facts
        for key in place.split("."):
            value = value.get(key)
            if value is None:
                raise ValueError(f"{place!r} is missing")
    return plain(facts)


def _check(value: Any, shape: Any, place: str) -> None:
    """Raise ValueError at the first field that is not of its shape."""
    if value is None:
        return
    kind = shape if isinstance(shape, type) else type(shape)
    if not isinstance(value, kind):
        raise ValueError(f"{place!r} must be {_SAID[kind]}, got {type(value).__name__}")
    if shape == _TEXTS:
        shape = dict.fromkeys(value, str)
    if isinstance(shape, list):
        for each in value:
            _check(each, shape[0], place)
    if isinstance(shape, dict):
        for key, inner in shape.items():
            _check(value.get(key), inner, f"{place}.{key}".lstrip("."))


def check_params(method: TrainedMethod, params: Params, facts: Mapping[str, Any]) -> None:
    """Check that parameters are those of a method.

    Args:
        method: as its spec says.
        params: nested dicts of arrays.
        facts: what the training run wrote of itself.

    Raises:
        ValueError: at the first parameter that is missing, of another shape or type, or not the method's.
    """
    encoder = facts["config"]["encoder"]
    if method.takes.encoder and encoder.get("name") not in NETWORKS:
        return  # of the user's own encoder only its code knows how many channels it has
    there = flatten(params)[0]
    for name, wanted in flatten(_expected(method, params, encoder))[0].items():
        if name not in there:
            raise ValueError(f"it lacks the parameter {name}")
        found, here = describe(there.pop(name)), describe(wanted)
        if found["shape"] != here["shape"] or np.dtype(found["dtype"]).kind != np.dtype(here["dtype"]).kind:
            raise ValueError(
                f"its {name} is {found['dtype']}{tuple(found['shape'])} and its method takes "
                f"{here['dtype']}{tuple(here['shape'])}"
            )
    if there:
        raise ValueError(f"its method has no parameter {next(iter(there))}")
    styles = facts.get("styles") or ()
    if styles and len(styles) != (known := len(method.learned_styles(params))):
        raise ValueError(f"it names {len(styles)} styles, and has pictures of {known}")


def _expected(method: TrainedMethod, params: Params, encoder: Mapping[str, Any]) -> Params:
    """Return what ``inference`` gives after training, as shapes: nothing is computed.

    Raises:
        ValueError: if the method cannot begin, or knows other styles than its network.
    """
    picture = jax.ShapeDtypeStruct((1, _PICTURE, _PICTURE, 3), jnp.float32)
    batch = dict.fromkeys(("content",) if method.reads.styles == "none" else ("content", "style"), picture)

    def begin(key: Any, encoder: Encoder, batch: Any) -> Params:
        return whole.inference(whole.init(key, encoder, batch))

    try:
        # As training had it: with the pictures of the styles that it learned.
        learned: Any = {"styles": method.learned_styles(params)} if "styles" in method.reads.options else {}
        whole = replace(method, **learned)  # pyright: ignore[reportArgumentType] - methods are dataclasses
        return jax.eval_shape(begin, jax.random.key(0), _encoder_shapes(encoder), batch)
    except InputError as error:
        raise ValueError(str(error)) from error
    except Exception as error:  # networks refuse what does not fit them in many ways
        raise ValueError(f"its method cannot be built: {type(error).__name__}") from error


def _encoder_shapes(spec: Mapping[str, Any]) -> Encoder:
    """Return an encoder without values: of its network's channels, or of the narrower ones of random weights."""
    arch = spec["name"] if spec.get("name") in NETWORKS else "vgg19"
    params, adjoint = {}, {}
    for name, (height, width, i, o) in scaled(ARCHITECTURES[arch].kernels, spec.get("width", 1.0)).items():
        shape = jax.ShapeDtypeStruct((height, width, i, o), jnp.float32)
        params[name] = {"kernel": shape, "bias": jax.ShapeDtypeStruct((o,), jnp.float32)}
        adjoint[name] = {"kernel": jax.ShapeDtypeStruct((height, width, o, i), jnp.float32)}
    return Encoder({"params": params, "adjoint": adjoint}, NETWORKS[arch]("random"), "random", "")
