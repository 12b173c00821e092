"""A state as named leaves: what a checkpoint stores, compares and digests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Sharding

from styleresearch.errors import InputError
from styleresearch.store import digests
from styleresearch.store.checkpoints import digest_of_leaves


def digest_of(tree: Any) -> str:
    """Return a sha256 over the leaves of a pytree in the order of their names: name, type, shape and bytes of each.

    The same for a state's params and for the nested dict of numpy arrays that they are restored as.
    """
    leaves, _ = flatten(tree)
    return digest_of_leaves(
        {name: describe(leaf) | {"sha256": digests.of_array(whole(leaf))} for name, leaf in leaves.items()}
    )


def flatten(tree: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return name -> leaf, and name -> what stands where a part of the tree has no leaves."""

    def is_empty(node: Any) -> bool:
        return node is not tree and not jax.tree.leaves(node)

    leaves, empty = {}, {}
    for path, node in jax.tree_util.tree_flatten_with_path(tree, is_leaf=is_empty)[0]:
        (empty if is_empty(node) else leaves)["/".join(_name(key) for key in path)] = node
    return leaves, empty


def _name(key: Any) -> str:
    """Return a step of a path as text: a dict's key, a field's name, or an index."""
    for attribute in ("key", "name", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute)).replace("%", "%25").replace("/", "%2F")
    raise TypeError(f"{key!r} is no part of a path")


def nest(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested dicts of what ``flatten`` named."""
    nested: dict[str, Any] = {}
    for path, leaf in leaves.items():
        *parents, last = (name.replace("%2F", "/").replace("%25", "%") for name in path.split("/"))
        node = nested
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = leaf
    return nested


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def describe(leaf: Any) -> dict[str, Any]:
    """Return what a restored leaf must agree in: type and shape."""
    leaf = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
    entry = {"dtype": str(leaf.dtype), "shape": list(leaf.shape)}
    return entry | {"key": str(jax.random.key_impl(leaf))} if _is_key(leaf) and isinstance(leaf, jax.Array) else entry


def whole(leaf: Any) -> np.ndarray:
    """Return all of a leaf's values, a key's data for a key; it may share the leaf's memory."""
    if _is_key(leaf):
        leaf = jax.random.key_data(leaf)
    if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable and not leaf.is_fully_replicated:
        leaf = multihost_utils.process_allgather(leaf, tiled=True)
    return np.asarray(leaf)


def fill(like: Any, arrays: Mapping[str, np.ndarray], found: Mapping[str, Any], where: str) -> Any:
    """Return ``like`` with the values of named arrays, each placed on the devices where its leaf of ``like`` lies.

    Raises:
        InputError: at the first leaf whose name, type or shape differs from what was found there.
    """
    wanted, _ = flatten(like)
    for name in dict.fromkeys([*wanted, *found]):
        here = _type(describe(wanted[name])) if name in wanted else "nothing"
        there = _type(found[name]) if name in found else "nothing"
        if here != there:
            raise InputError(
                f"{where} does not fit: it holds {there} for {name}, where this run has {here}; "
                "resume with the config that it was saved under, or name another run directory"
            )
    placed = [_place(arrays[name], leaf, found[name]) for name, leaf in wanted.items()]
    return jax.tree.unflatten(jax.tree.structure(like), placed)


def _type(entry: Mapping[str, Any]) -> str:
    return f"{entry['dtype']}{tuple(entry['shape'])}"


def _place(array: np.ndarray, like: Any, entry: Mapping[str, Any]) -> jax.Array:
    """Return an array on the devices where ``like`` lies."""
    sharding: Sharding | None = getattr(like, "sharding", None)
    if isinstance(like, jax.Array) and not like.committed:
        sharding = None  # jax may move it as it could move the original; committing it would compile a step anew
    if "key" in entry:
        # Compiled: the devices of other processes are reached by no other way for keys.
        return jax.jit(partial(jax.random.wrap_key_data, impl=entry["key"]), out_shardings=sharding)(array)
    if sharding is None:
        return jnp.asarray(array)
    return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])
