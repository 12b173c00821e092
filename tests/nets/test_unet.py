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


@pytest.mark.parametrize(
    ("options", "words"),
    [({"downs": 1}, "2 or more"), ({"width": 0}, "1 or more"), ({"styles": 2, "affine": False}, "use affine=True")],
)
def test_options_that_do_not_fit(options, words):
    with pytest.raises(InputError, match=words):
        NETS.build({"name": "unet", **options})
