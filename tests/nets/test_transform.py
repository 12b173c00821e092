"""Johnson's network: parameters, sizes, styles, what it reads and writes."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.nets import NETS
from styleresearch.nets.pixels import read, write

SMALL = {"name": "transform", "widths": (4, 6, 8), "residuals": 1}


def parameters(tree):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(tree))


def shapes(net, height=64, width=64):
    image = jax.ShapeDtypeStruct((2, height, width, 3), jnp.float32)
    return jax.eval_shape(net.init, jax.random.key(0), image, None)["params"]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1_679_235),
        ({"widths": (16, 32, 64)}, 424_899),
        ({"upsample": "transposed", "padding": "reflect_start"}, 1_679_235),
        # One row more of scales and offsets: two for each of the 32 + 64 + 128 + 10 * 128 + 64 + 32 channels.
        ({"styles": 2}, 1_679_235 + 3_200),
        ({"styles": 2, "norm_output": True}, 1_679_235 + 3_200 + 2 * 2 * 3),
    ],
)
def test_parameters(options, count):
    assert parameters(shapes(NETS.build({"name": "transform", **options}))) == count


@pytest.mark.parametrize("padding", ["reflect", "reflect_start", "zeros"])
@pytest.mark.parametrize("upsample", ["nearest", "transposed"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_any_size_comes_back(padding, upsample, dtype):
    net = NETS.build({**SMALL, "padding": padding, "upsample": upsample, "dtype": dtype})
    params = {"params": shapes(net)}
    for size in ((8, 8), (33, 50), (3, 1), (101, 47)):
        out = jax.eval_shape(net.apply, params, jax.ShapeDtypeStruct((2, *size, 3), jnp.float32), None)
        assert (out.shape, out.dtype) == ((2, *size, 3), jnp.float32)


def test_a_size_between_is_that_of_the_larger_cropped(known, image):
    net, params, _ = known(**SMALL)
    paint = jax.jit(net.apply)

    odd = image[:, :45, :62]
    reflected = jnp.asarray(np.pad(odd, ((0, 0), (0, 3), (0, 2), (0, 0)), mode="reflect"))

    whole = paint({"params": params}, reflected, None)
    np.testing.assert_allclose(paint({"params": params}, odd, None), whole[:, :45, :62], atol=1e-6)


def test_styles_differ_blend_and_compile_once(known, image):
    net, params, _ = known(**SMALL, styles=3)
    paint = jax.jit(net.apply)
    alone = [paint({"params": params}, image, jnp.tile(jnp.eye(3)[i : i + 1], (2, 1))) for i in range(3)]
    halves = paint({"params": params}, image, jnp.array([[0.5, 0.5, 0.0]] * 2))
    mixed = paint({"params": params}, image, jnp.eye(3)[:2])

    assert paint._cache_size() == 1
    assert all(np.abs(alone[i] - alone[j]).max() > 1e-3 for i, j in ((0, 1), (0, 2), (1, 2)))
    # An image of a batch gets its own style, whatever the others get.
    np.testing.assert_allclose(mixed[0], alone[0][0], atol=1e-6)
    np.testing.assert_allclose(mixed[1], alone[1][1], atol=1e-6)
    # The blend is of scales and offsets: the same network with one style that has their mean.
    blended = jax.tree.map(lambda x: x[:2].mean(0, keepdims=True) if x.shape[0] == 3 and x.ndim == 2 else x, params)
    single = NETS.build(SMALL)
    np.testing.assert_allclose(halves, jax.jit(single.apply)({"params": blended}, image, None), atol=1e-5)


def test_no_mix_is_equal_shares(known, image):
    net, params, _ = known(**SMALL, styles=2)
    paint = jax.jit(net.apply)
    shares = jnp.full((2, 2), 0.5)
    np.testing.assert_array_equal(paint({"params": params}, image, None), paint({"params": params}, image, shares))


def test_bfloat16_computes_the_same_to_its_digits(known, image):
    net, params, _ = known(**{**SMALL, "residuals": 0})
    low, small = net.clone(dtype="bfloat16"), image[:, :16, :16]

    def loss(net):
        return jax.jit(jax.value_and_grad(lambda params: (net.apply({"params": params}, small) ** 2).mean()))(params)

    (value, gradient), (other, rough) = loss(net), loss(low)

    assert abs(other / value - 1) < 0.05
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(rough))
    flat, flat_rough = (jax.flatten_util.ravel_pytree(tree)[0] for tree in (gradient, rough))
    assert jnp.dot(flat, flat_rough) / jnp.linalg.norm(flat) / jnp.linalg.norm(flat_rough) > 0.95


def test_pixels_that_are_read_are_those_that_are_written(image):
    for pixels in ("byte", "unit", "signed", "caffe"):
        np.testing.assert_allclose(write(read(image, pixels), pixels, "linear"), image, atol=1e-6)


def test_pixels_as_their_sources_have_them():
    red = jnp.array([1.0, 0.0, 0.5])[None, None, None]
    np.testing.assert_allclose(read(red, "byte")[0, 0, 0], [255, 0, 127.5])
    np.testing.assert_allclose(read(red, "signed")[0, 0, 0], [1, -1, 0])
    np.testing.assert_allclose(read(red, "caffe")[0, 0, 0], [127.5 - 103.939, -116.779, 255 - 123.68], rtol=1e-6)


def test_outputs_are_bounded_as_their_sources_have_them():
    y = jnp.array([-40.0, 0.0, 40.0])[None, None, None]
    for pixels in ("byte", "unit", "signed"):
        for output in ("tanh", "sigmoid"):
            np.testing.assert_allclose(write(y, pixels, output)[0, 0, 0], [0, 0.5, 1], atol=1e-6)
    # BGR in, RGB out: 150 of 255 around the mean, so that black and white lie within reach.
    expected = np.array([123.68 + 150, 116.779, 103.939 - 150]) / 255
    np.testing.assert_allclose(write(y, "caffe", "tanh")[0, 0, 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pixels": "caffe", "output": "sigmoid"}, "output='tanh'"),
        ({"widths": ()}, r"widths = \(\) is not of 1 to 8 entries"),
        ({"widths": (8, 0)}, r"widths\[1\] = 0 is not from 1"),
        ({"styles": 0}, "styles = 0 is not from 1"),
        ({"residuals": -1}, "residuals = -1 is not from 0"),
        ({"padding": "mirror"}, "one of 'reflect', 'reflect_start', 'zeros'"),
        ({"width": 8}, "widths"),
    ],
)
def test_options_that_do_not_fit(options, words):
    with pytest.raises(InputError, match=words):
        NETS.build({"name": "transform", **options})
