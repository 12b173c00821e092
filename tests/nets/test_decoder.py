"""AdaIN's decoder."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import pytest

from styleresearch.errors import InputError
from styleresearch.nets import DECODERS


def shapes(channels=512, **options):
    net = DECODERS.build({"name": "decoder", **options})
    return jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, 4, 4, channels)))["params"]


def parameters(*args, **options):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes(*args, **options)))


def test_parameters():
    assert parameters() == 3_505_219
    # VGG16 has one convolution of 256 channels less before relu4_1.
    assert parameters(depths=(3, 2, 2)) == 3_505_219 - (9 * 256 * 256 + 256)


def test_it_mirrors_the_encoder():
    kernels = [layer["kernel"].shape[2:] for layer in shapes().values()]
    up_to_relu4_1 = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 3, (256, 512)]
    assert kernels == [pair[::-1] for pair in reversed(up_to_relu4_1)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_picture_eight_times_as_large(dtype):
    net = DECODERS.build({"name": "decoder", "widths": (8, 6, 4), "dtype": dtype})
    features = jnp.ones((2, 3, 5, 16))
    params = jax.eval_shape(net.init, jax.random.key(0), features)
    out = jax.eval_shape(net.apply, params, features)
    assert (out.shape, out.dtype) == ((2, 24, 40, 3), jnp.float32)


@pytest.mark.parametrize(
    "options", [{"widths": ()}, {"widths": (8, 4)}, {"depths": (1, 1, 0)}, {"widths": (8, 4, 2, 1)}]
)
def test_options_that_do_not_fit(options):
    with pytest.raises(
        InputError, match=r"as many depths as widths|widths = \(\) is not of 1 to 8|depths\[2\] = 0 is not from 1"
    ):
        DECODERS.build({"name": "decoder", **options})
