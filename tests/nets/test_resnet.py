"""CycleGAN's generator and CUT's: parameters, sizes, styles. Their layers are in test_golden.py."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.nets import NETS

SMALL = {"name": "resnet", "width": 4, "blocks": 1}


def shapes(net):
    image = jax.ShapeDtypeStruct((2, 64, 64, 3), jnp.float32)
    return jax.eval_shape(net.init, jax.random.key(0), image)["params"]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 11_378_179),
        ({"blocks": 6}, 7_837_699),
        # The blur has no parameters, and the other ways to grow have 3x3 kernels too.
        ({"antialias": True}, 11_378_179),
        ({"upsample": "nearest"}, 11_378_179),
        # Two for each of the 64 + 128 + 256 + 18 * 256 + 128 + 64 channels that are normalised.
        ({"affine": True}, 11_378_179 + 2 * 5_248),
    ],
)
def test_parameters(options, count):
    tree = shapes(NETS.build({"name": "resnet", **options}))
    assert sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(tree)) == count


def test_names_are_those_of_the_transform():
    resnet, transform = (NETS.build({"name": name}) for name in ("resnet", "transform"))
    plain = {name for name in shapes(transform.clone(residuals=9)) if not name.endswith("_norm")}
    assert set(shapes(resnet)) == plain


@pytest.mark.parametrize(
    "options", [{}, {"antialias": True}, {"upsample": "nearest", "padding": "zeros"}, {"dtype": "bfloat16"}]
)
def test_any_size_comes_back(options):
    net = NETS.build({**SMALL, **options})
    params = {"params": shapes(net)}
    for size in ((8, 8), (33, 50), (3, 1)):
        out = jax.eval_shape(net.apply, params, jax.ShapeDtypeStruct((2, *size, 3), jnp.float32), None)
        assert (out.shape, out.dtype) == ((2, *size, 3), jnp.float32)


@pytest.mark.parametrize("options", [{}, {"antialias": True}])
def test_a_style_for_each_image(known, image, options):
    net, params, _ = known(**SMALL, **options, styles=2, affine=True)
    paint = jax.jit(net.apply)
    first, second = (paint({"params": params}, image, jnp.tile(row[None], (2, 1))) for row in jnp.eye(2))
    each = paint({"params": params}, image, jnp.eye(2))

    assert float(jnp.abs(first - second).max()) > 1e-3
    np.testing.assert_allclose(each[0], first[0], atol=1e-6)
    np.testing.assert_allclose(each[1], second[1], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 0}, "width = 0 is not from 1"),
        ({"blocks": -1}, "blocks = -1 is not from 0"),
        ({"styles": 2}, "use affine=True"),
        ({"padding": "reflect_start"}, "one of 'reflect', 'zeros'"),
        ({"pixels": "caffe", "output": "sigmoid"}, "output='tanh'"),
    ],
)
def test_options_that_do_not_fit(options, words):
    with pytest.raises(InputError, match=words):
        NETS.build({"name": "resnet", **options})
