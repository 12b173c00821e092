"""A state as named leaves: names, what a leaf must agree in, and back."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from styleresearch.errors import InputError
from styleresearch.training.leaves import describe, digest_of, fill, flatten, nest, whole


def test_names_are_the_path_and_nothing_is_lost():
    tree = {"a/b": jnp.ones(2), "list": [1.0, None], "empty": {}, "state": optax.EmptyState()}
    leaves, empty = flatten(tree)
    assert set(leaves) == {"a%2Fb", "list/0"}
    assert empty == {"list/1": None, "empty": {}, "state": optax.EmptyState()}
    assert nest({name: whole(leaf).tolist() for name, leaf in leaves.items()}) == {"a/b": [1, 1], "list": {"0": 1.0}}


def test_a_leaf_is_described_by_type_and_shape_and_a_key_by_its_kind():
    assert describe(np.zeros((2, 3), np.float16)) == {"dtype": "float16", "shape": [2, 3]}
    assert describe(3) == {"dtype": "int64", "shape": []}
    assert describe(jax.random.key(0)) == {"dtype": "key<fry>", "shape": [], "key": "threefry2x32"}
    np.testing.assert_array_equal(whole(jax.random.key(7)), jax.random.key_data(jax.random.key(7)))


def test_what_is_filled_is_what_was_described():
    like = {"w": jnp.zeros((2, 2)), "key": jax.random.key(0)}
    saved = {"w": jnp.arange(4.0).reshape(2, 2), "key": jax.random.key(5)}
    leaves = flatten(saved)[0]
    arrays = {name: np.array(whole(leaf)) for name, leaf in leaves.items()}
    found = {name: describe(leaf) for name, leaf in leaves.items()}
    back = fill(like, arrays, found, "here")
    assert digest_of(back) == digest_of(saved) != digest_of(like)
    assert jax.random.key_impl(back["key"]) == jax.random.key_impl(saved["key"])
    with pytest.raises(InputError, match=r"here does not fit: it holds float32\(2, 2\) for w, where .* nothing"):
        fill({"key": like["key"]}, arrays, found, "here")
