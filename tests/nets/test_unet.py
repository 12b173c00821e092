"""The U-Net: parameters, sizes, skips, styles."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.nets import NETS

PIX2PIX = {"affine": False, "upsample": "transposed", "padding": "zeros"}
SMALL = {"name": "unet", "width": 4, "downs": 3}


def shapes(net, side=64):
    return jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((2, side, side, 3)), None)["params"]


def parameters(**options):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes(NETS.build({"name": "unet", **options}))))


def test_parameters():
    assert parameters(width=64, downs=8, **PIX2PIX) == 54_409_603
    assert parameters(width=64, downs=7, **PIX2PIX) == 41_825_667
    # A scale and an offset for each channel that has a norm: 6 going down, 7 coming up.
    normed = (128 + 256 + 4 * 512) + (4 * 512 + 256 + 128 + 64)
    assert parameters(width=64, downs=8, **{**PIX2PIX, "affine": True}) == 54_409_603 + 2 * normed


@pytest.mark.parametrize("options", [{}, PIX2PIX, {"styles": 2, "dtype": "bfloat16"}])
def test_any_size_comes_back(options):
    net = NETS.build({**SMALL, **options})
    params = {"params": shapes(net)}
    for size in ((8, 8), (33, 50), (3, 1)):
        out = jax.eval_shape(net.apply, params, jax.ShapeDtypeStruct((2, *size, 3), jnp.float32), None)
        assert (out.shape, out.dtype) == ((2, *size, 3), jnp.float32)


def test_a_skip_carries_every_size(known, image):
    net, params, _ = known(**SMALL)
    paint = jax.jit(net.apply)
    plain = paint({"params": params}, image, None)

    # With all that lies below cut off, what is left of a level comes through its skip.
    for level in (1, 2):
        cut = {**params, f"up{level + 1}": jax.tree.map(jnp.zeros_like, params[f"up{level + 1}"])}
        cut[f"up{level + 1}_norm"] = jax.tree.map(jnp.zeros_like, params[f"up{level + 1}_norm"])
        cut_image = paint({"params": cut}, image, None)
        assert float(jnp.abs(cut_image - plain).max()) > 1e-3
        assert float(cut_image.std()) > 1e-3


def test_a_style_for_each_image(known, image):
    net, params, _ = known(**SMALL, styles=2)
    paint = jax.jit(net.apply)
    first, second = (paint({"params": params}, image, jnp.tile(row[None], (2, 1))) for row in jnp.eye(2))
    each = paint({"params": params}, image, jnp.eye(2))

    assert paint._cache_size() == 1
    assert float(jnp.abs(first - second).max()) > 1e-3
    np.testing.assert_allclose(each[0], first[0], atol=1e-6)
    np.testing.assert_allclose(each[1], second[1], atol=1e-6)


def test_dropout_where_a_key_is_given(known, image):
    spec = {"name": "unet", "width": 2, "downs": 6}
    net, params, _ = known(**spec, dropout=True)
    paint = jax.jit(lambda rngs: net.apply({"params": params}, image, None, rngs=rngs))
    first, again, other = (paint({"dropout": jax.random.key(seed)}) for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert float(jnp.abs(first - other).max()) > 1e-3
    # Without one, it is the program of the network without dropout.
    programs = [jax.make_jaxpr(each.apply)({"params": params}, image) for each in (net, NETS.build(spec))]
    assert str(programs[0]) == str(programs[1])


@pytest.mark.parametrize(("downs", "sides"), [(6, [4]), (8, [4, 8, 16])])
def test_dropout_is_at_the_widest_steps_up(downs, sides):
    net = NETS.build({"name": "unet", "width": 2, "downs": downs, "dropout": True})
    rngs = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
    image = jnp.zeros((1, 2**downs, 2**downs, 3))
    _, seen = jax.eval_shape(lambda image: net.init_with_output(rngs, image, capture_intermediates=True), image)
    dropped = [seen["intermediates"][f"Dropout_{index}"]["__call__"][0].shape for index in range(len(sides))]
    assert dropped == [(1, side, side, 16) for side in sides]
    assert f"Dropout_{len(sides)}" not in seen["intermediates"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout": True}, "use downs=6 or more"),
        ({"downs": 1}, "downs = 1 is not from 2"),
        ({"width": 0}, "width = 0 is not from 1"),
        ({"styles": 2, "affine": False}, "use affine=True"),
    ],
)
def test_options_that_do_not_fit(options, words):
    with pytest.raises(InputError, match=words):
        NETS.build({"name": "unet", **options})
