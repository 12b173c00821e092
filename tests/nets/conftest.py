"""Known weights and pictures: ``weight`` and ``picture`` are those of ``tests/golden/make_nets.py``, word for word."""

from __future__ import annotations

import math
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS


def weight(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array of a parameter, decided by its path and shape."""
    noise = np.random.default_rng(zlib.crc32(path.encode())).normal(size=shape)
    kind = path.rpartition("/")[2]
    if kind == "kernel":
        return noise * math.sqrt(1.5 / math.prod(shape[:3]))
    return noise * 0.1 + (kind == "scale")


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Return two smooth pictures in [0, 1], (2, height, width, channels)."""
    b, y, x, c = np.meshgrid(*map(np.arange, (2, height, width, channels)), indexing="ij")
    return 0.5 + 0.5 * np.sin(0.37 * x + 0.23 * y + 1.7 * c + b) * np.cos(0.11 * x * (c % 5 + 1) - 0.19 * y)


@pytest.fixture(scope="session")
def image():
    """Two pictures of 48x64 px."""
    return jnp.asarray(picture(48, 64), jnp.float32)


@pytest.fixture(scope="session")
def known_weight():
    """Return the array of a parameter, decided by its path and shape."""
    return weight


@pytest.fixture(scope="session")
def known():
    """Return (net, its known weights, what it is called with) of a spec; images are of 48x64 px."""

    def make(channels=3, **spec):
        registry = next(each for each in (NETS, DECODERS, DISCRIMINATORS) if spec["name"] in each)
        net = registry.build(spec)
        size = spec.get("condition", 0)
        inputs = (picture(48, 64, channels), weight("condition", (2, size)) if size else None)
        inputs = (picture(5, 7, 64),) if spec["name"] == "decoder" else inputs
        inputs = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), inputs)
        shapes = jax.eval_shape(net.init, jax.random.key(0), *inputs)["params"]
        params = jax.tree_util.tree_map_with_path(
            lambda path, leaf: jnp.asarray(weight("/".join(key.key for key in path), leaf.shape), leaf.dtype), shapes
        )
        return net, params, inputs

    return make
