"""What holds for every registered network."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
import pytest

from styleresearch.nets import DECODERS, NETS

SMALL = {
    "transform": {"widths": (4, 6, 8), "residuals": 1},
    "resnet": {"width": 4, "blocks": 1},
    "unet": {"width": 4, "downs": 2},
    "decoder": {"widths": (8, 6, 4), "depths": (1, 1, 2)},
}


def test_all_are_covered():
    assert set(SMALL) == {*NETS, *DECODERS}


@pytest.mark.parametrize("name", SMALL)
def test_every_option_is_explained(name):
    registry = NETS if name in NETS else DECODERS
    text = inspect.getdoc(registry.get(name)) or ""
    for option in registry.options(name):
        assert f"\n    {option}: " in text


@pytest.mark.parametrize("name", SMALL)
def test_every_kernel_learns(known, name):
    net, params, inputs = known(name=name, **SMALL[name])
    inputs = tuple(x if x is None or name == "decoder" else x[:1, :16, :16] for x in inputs)

    gradient = jax.jit(jax.grad(lambda params: (net.apply({"params": params}, *inputs) ** 2).mean()))(params)

    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        assert jnp.isfinite(leaf).all(), path
        if path[-1].key == "kernel":
            assert jnp.abs(leaf).max() > 0, path
