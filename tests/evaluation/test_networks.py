"""The networks of metrics: which one it is, and each once."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct

from styleresearch.encoder.encoder import vgg16
from styleresearch.errors import InputError
from styleresearch.evaluation.networks import described, digest_of, merged
from styleresearch.losses.style import Gram


@struct.dataclass
class Net:
    """A network as a user writes one."""

    kernel: object
    act: object = struct.field(pytree_node=False, default=jax.nn.relu)
    stride: int = struct.field(pytree_node=False, default=1)


KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_a_network_is_its_weights_and_its_structure():
    assert digest_of(Net(KERNEL)) == digest_of(Net(jnp.asarray(KERNEL)))
    others = [Net(KERNEL + 1), Net(KERNEL.reshape(3, 2)), Net(KERNEL, stride=2), {"kernel": KERNEL}]
    assert len({digest_of(each) for each in [Net(KERNEL), *others]}) == 5


def test_a_digest_does_not_depend_on_where_a_function_lies():
    assert digest_of(Net(KERNEL, lambda x: x)) == digest_of(Net(KERNEL, lambda x: x))


def test_an_encoder_is_what_it_says_of_itself(small_encoder):
    assert digest_of(small_encoder) == small_encoder.describe()


def test_settings_are_json_whatever_they_hold(small_encoder):
    assert described(Gram(("relu1_1",))) == {"type": "Gram", **vars(Gram(("relu1_1",)))}
    assert described(small_encoder) == small_encoder.describe()
    assert described(3) == 3
    assert len(json.dumps(described({"kernel": np.zeros((1000, 1000), np.float32)}))) < 100


def test_equal_networks_of_several_metrics_are_one(small_encoder):
    again, other = vgg16(weights="random", width=0.125), vgg16(weights="random", width=0.125, seed=1)
    networks, places = merged(
        {"a": {"encoder": small_encoder}, "b": {"encoder": again, "net": Net(KERNEL)}, "c": {"x": other}, "d": {}}
    )
    assert len(networks) == 3
    assert places == {"a": (("encoder", 0),), "b": (("encoder", 0), ("net", 1)), "c": (("x", 2),), "d": ()}
    # The same weights in another precision compute something else.
    assert len(merged({"a": {"e": small_encoder}, "b": {"e": small_encoder.computing_in("bfloat16")}})[0]) == 2


def test_a_network_that_is_no_pytree_of_arrays_is_refused():
    class Plain:
        kernel = KERNEL

    with pytest.raises(InputError, match="metric mine: its network 'net' holds a Plain, and must be a pytree of arr"):
        merged({"mine": {"net": Plain()}})
