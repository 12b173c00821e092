"""The networks that metrics see through: what a contract says of them, and each of them once.

A network is a pytree of arrays. It is an argument of the compiled program and never a constant in it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from styleresearch.encoder.encoder import Encoder
from styleresearch.errors import InputError
from styleresearch.store import digests

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def described(value: Any) -> Any:
    """Return a setting as JSON holds it; a network by its digest, for its weights are no text.

    A dataclass is its class and its fields, an encoder what it says of itself, anything else of arrays its digest.
    """
    if isinstance(value, Encoder):
        return value.describe()
    if any(isinstance(leaf, np.ndarray | jax.Array) for leaf in jax.tree.leaves(value)):
        return digest_of(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__name__, **vars(value)}
    return value


def digest_of(network: Any) -> Any:
    """Return what says which network it is: an encoder's own description, or the sha256 of structure and weights."""
    if isinstance(network, Encoder):
        return network.describe()
    leaves, structure = jax.tree.flatten(network)
    # Where a function lies in memory says nothing of it and is another in every process.
    parts = [_ADDRESS.sub("", str(structure)), *(digests.of_array(np.asarray(leaf)) for leaf in leaves)]
    return digests.of_json(parts)


def merged(
    needs: Mapping[str, Mapping[str, Any]],
) -> tuple[tuple[Any, ...], dict[str, tuple[tuple[str, int], ...]]]:
    """Return the networks of several metrics, each once and on the device, and where each metric finds its own.

    Args:
        needs: name of a metric -> name -> network.

    Returns:
        The networks; and name of a metric -> ((name, index), ...).

    Raises:
        InputError: for a network that is no pytree of arrays.
    """
    known: list[tuple[str, Any, Any]] = []
    places = {}
    for metric, networks in needs.items():
        found = []
        for name, network in networks.items():
            _check(metric, name, network)
            # The structure too: an encoder's digest does not tell in which precision it computes.
            which = digests.of_json(digest_of(network)), jax.tree.structure(network)
            index = next((i for i, (*other, _) in enumerate(known) if (*which,) == (*other,)), len(known))
            if index == len(known):
                known.append((*which, jax.device_put(network)))
            found.append((name, index))
        places[metric] = tuple(found)
    return tuple(network for *_, network in known), places


def _check(metric: str, name: str, network: Any) -> None:
    for leaf in jax.tree.leaves(network):
        if not isinstance(leaf, np.ndarray | jax.Array | int | float):
            raise InputError(
                f"metric {metric}: its network {name!r} holds a {type(leaf).__name__}, and must be a pytree of arrays; "
                "make its class a flax.struct.dataclass, with pytree_node=False for what is no array"
            )
