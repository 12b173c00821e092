"""Settings and fixtures that every test shares."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.data.datasets import DATASETS
from styleresearch.data.sources import SOURCES
from styleresearch.encoder.encoder import ENCODERS, Encoder, vgg16
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES
from styleresearch.losses.adversarial import ADVERSARIAL
from styleresearch.losses.penalty import PENALTIES
from styleresearch.methods import METHODS
from styleresearch.methods.optimizers import OPTIMIZERS
from styleresearch.methods.schedules import SCHEDULES
from styleresearch.nets import DISCRIMINATORS, NETS

# Silent broadcasting over a missing axis is the classic bug of a loss; make it an error wherever tests run.
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_configure(config: pytest.Config) -> None:
    """Compile fast, for tests run programs once or twice; slow ones and processes compile as users do."""
    if config.getoption("markexpr") != "slow":
        jax.config.update("jax_disable_most_optimizations", True)


GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module", autouse=True)
def _memory() -> Iterator[None]:
    """Drop a module's compiled programs and give its memory back: jax keeps every program for the process's life."""
    yield
    jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture(scope="session")
def small_encoder() -> Encoder:
    """A VGG16 an eighth as wide, with random weights: everything about the shape, nothing of the cost."""
    return vgg16(weights="random", width=0.125)


@pytest.fixture(scope="session")
def imagenet_encoder() -> Encoder:
    """The real ImageNet VGG16, from the cache or the package index."""
    return vgg16()


@pytest.fixture(scope="session")
def golden() -> dict:
    """Activations and losses computed in float64 by an independent PyTorch implementation."""
    return json.loads((GOLDEN / "vgg16_caffe.json").read_text())


@pytest.fixture(scope="session")
def golden_image() -> jax.Array:
    """The image that the golden numbers were computed on, (1, 96, 96, 3)."""
    y, x, c = np.meshgrid(np.arange(96), np.arange(96), np.arange(3), indexing="ij")
    image = 0.5 + 0.5 * np.sin(0.13 * x + 0.21 * y + 1.7 * c) * np.cos(0.07 * x * (c + 1) - 0.11 * y)
    return jnp.asarray(image[None], jnp.float32)


@pytest.fixture(scope="session")
def golden_style(golden_image: jax.Array) -> jax.Array:
    """Its style image: rows reversed, channels permuted."""
    return golden_image[:, ::-1, :, jnp.array([2, 0, 1])]


@pytest.fixture(scope="session")
def random_image() -> Callable[..., jax.Array]:
    """Smooth random pictures in [0, 1]: noise at two scales, so that every loss has something to see."""

    @partial(jax.jit, static_argnums=(1, 2, 3))
    def make(seed: int, height: int = 32, width: int = 40, batch: int = 1) -> jax.Array:
        coarse, fine = jax.random.split(jax.random.key(seed))
        low = jax.image.resize(jax.random.uniform(coarse, (batch, 4, 4, 3)), (batch, height, width, 3), "cubic")
        return jnp.clip(0.8 * low + 0.2 * jax.random.uniform(fine, (batch, height, width, 3)), 0.0, 1.0)

    return make


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, as a user would; modules imported from it and what they register are gone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    training = (METHODS, NETS, DISCRIMINATORS, LOSSES, ADVERSARIAL, PENALTIES, OPTIMIZERS, SCHEDULES)
    for registry in (*training, ENCODERS, METRICS, DATASETS, SOURCES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
