"""The patch discriminator: parameters, what a score sees, scales, conditions, spectral normalisation."""

from __future__ import annotations

import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.errors import InputError
from styleresearch.nets import DISCRIMINATORS
from styleresearch.ops import device

SMALL = {"name": "patch", "width": 4, "layers": 1}


def shapes(net, side=256, channels=3):
    image = jax.ShapeDtypeStruct((2, side, side, channels), jnp.float32)
    condition = jnp.zeros((2, net.condition)) if net.condition else None
    params = jax.eval_shape(net.init, jax.random.key(0), image, condition)["params"]
    return params, jax.eval_shape(net.apply, {"params": params}, image, condition)


def parameters(net, **options):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes(net, **options)[0]))


def test_all_are_covered_and_every_option_is_explained():
    assert list(DISCRIMINATORS) == ["patch"]
    text = inspect.getdoc(DISCRIMINATORS.get("patch")) or ""
    for option in DISCRIMINATORS.options("patch"):
        assert f"\n    {option}: " in text


def test_parameters():
    net = DISCRIMINATORS.build({"name": "patch"})
    assert parameters(net) == 2_764_737
    # Content and output together, as pix2pix judges them.
    assert parameters(net, channels=6) == 2_764_737 + 16 * 3 * 64
    assert parameters(net.clone(scales=3)) == 3 * 2_764_737
    assert parameters(net.clone(spectral=True, antialias=True, norm="none")) == 2_764_737
    assert parameters(net.clone(condition=10)) == 2_764_737 + 10 * 512 + 512


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_sizes(antialias, dtype):
    net = DISCRIMINATORS.build({"name": "patch", "scales": 2, "antialias": antialias, "dtype": dtype})
    first, second = shapes(net)[1]
    assert [x.shape for x in first] == [
        (2, 128, 128, 64),
        (2, 64, 64, 128),
        (2, 32, 32, 256),
        (2, 31, 31, 512),
        (2, 30, 30, 1),
    ]
    assert [x.shape[1] for x in second] == [64, 32, 16, 15, 14]
    assert [x.dtype for x in first] == [dtype] * 4 + ["float32"]


@pytest.mark.parametrize(("layers", "seen"), [(3, 70), (2, 34), (1, 16)])
def test_what_a_score_sees(known, layers, seen):
    # Without a norm, whose statistics are those of the whole image.
    net, params, _ = known(name="patch", width=2, layers=layers, norm="none")
    image = jax.random.uniform(jax.random.key(0), (1, 112, 112, 3))

    @jax.jit
    def score(image):
        scores = net.apply({"params": params}, image)[0][-1]
        return scores[0, scores.shape[1] // 2, scores.shape[2] // 2, 0]

    reach = np.abs(jax.grad(score)(image))[0].max(-1) > 0

    assert reach.any(1).sum() == reach.any(0).sum() == seen
    assert reach.sum() == seen**2


def test_every_scale_judges_by_itself_the_mean_of_neighbours(known):
    net, params, (image, _) = known(**SMALL, scales=2)
    first, second = jax.jit(net.apply)({"params": params}, image)
    padded = np.pad(np.asarray(image), ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    smaller = np.nanmean(np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[:, ::2, ::2], (-2, -1))

    alone = net.clone(scales=1)
    for scale, picture, outputs in ((1, image, first), (2, jnp.asarray(smaller), second)):
        own = {
            key.replace(f"scale{scale}", "scale1"): leaf
            for key, leaf in params.items()
            if key.startswith(f"scale{scale}")
        }
        (expected,) = jax.jit(alone.apply)({"params": own}, picture)
        for found, wanted in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"layers": 2}, {"scales": 2}, {"antialias": True, "scales": 3}])
def test_the_smallest_image_leaves_a_score(options):
    net = DISCRIMINATORS.build({**SMALL, **options})
    outputs = shapes(net, side=net.least)[1]
    assert outputs[-1][-1].shape == (2, 1, 1, 1)
    with pytest.raises(InputError, match=f"needs {net.least} px or more"):
        shapes(net, side=net.least - 1)


def test_a_condition_counts_for_its_own_image_only(known):
    net, params, (image, condition) = known(**SMALL, condition=5)
    judge = jax.jit(lambda condition: net.apply({"params": params}, image, condition)[0][-1])
    plain, other = judge(condition), judge(condition.at[0].add(1.0))

    np.testing.assert_array_equal(other[1], plain[1])
    assert float(jnp.abs(other[0] - plain[0]).min()) > 0
    # The inner product is linear in it.
    np.testing.assert_allclose(judge(condition.at[0].add(2.0)) - other, other - plain, atol=1e-5)


def test_spectral_normalisation_takes_the_size_of_kernels_away(known):
    net, params, (image, _) = known(**SMALL, spectral=True, norm="none")

    @jax.jit
    def score(params):
        return net.apply({"params": params}, image)[0][-1].mean()

    larger = {name: {**layer, "kernel": 7 * layer["kernel"]} for name, layer in params.items()}
    np.testing.assert_allclose(score(larger), score(params), rtol=1e-5)
    # So no gradient points where a kernel would only grow or shrink, though it is not zero.
    for name, layer in jax.grad(score)(params).items():
        along = jnp.vdot(layer["kernel"], params[name]["kernel"])
        sizes = jnp.linalg.norm(layer["kernel"]) * jnp.linalg.norm(params[name]["kernel"])
        assert abs(along) < 1e-5 * sizes
        assert sizes > 0


@pytest.mark.parametrize("options", [{}, {"spectral": True, "norm": "none"}, {"antialias": True}])
def test_the_gradient_of_a_gradient(known, monkeypatch, options):
    """What penalties on the slope need; the convolutions' own gradients on the CPU against autodiff's."""
    # Wide enough for the kernels' gradients to be matrix products.
    net, params, (image, _) = known(name="patch", width=32, layers=1, **options)
    image = image[:, :16, :16]

    def gradient():
        def penalty(params):
            slope = jax.grad(lambda image: net.apply({"params": params}, image)[0][-1].sum())(image)
            return (slope**2).sum()

        return jax.jit(jax.grad(penalty))(params)

    found = gradient()
    monkeypatch.setattr(device, "on_cpu", lambda: False)
    for name, layer in gradient().items():
        expected = layer["kernel"]
        assert jnp.abs(expected).max() > 0
        np.testing.assert_allclose(found[name]["kernel"], expected, atol=1e-4 * jnp.abs(expected).max(), err_msg=name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 0}, "width = 0 is not from 1"),
        ({"layers": 0}, "layers = 0 is not from 1"),
        ({"scales": 0}, "scales = 0 is not from 1"),
        ({"condition": -1}, "condition = -1 is not from 0"),
    ],
)
def test_options_that_do_not_fit(options, words):
    with pytest.raises(InputError, match=words):
        DISCRIMINATORS.build({"name": "patch", **options})


@pytest.mark.parametrize(("built", "given"), [(0, 3), (3, None), (3, 2)])
def test_a_condition_that_does_not_fit(built, given):
    net = DISCRIMINATORS.build({**SMALL, "condition": built})
    condition = None if given is None else jnp.zeros((1, given))
    with pytest.raises(InputError, match=f"this discriminator takes {built}"):
        jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, 16, 16, 3)), condition)
