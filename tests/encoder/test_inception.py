"""Inception against numbers that torchvision's gives on the same weights, and its reader on other files."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from styleresearch.encoder.inception import _shapes, random_inception, read_inception
from styleresearch.errors import InputError
from styleresearch.ops.resize import bilinear

NARROW = 0.0625


def value(name: str, shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("conv.weight"):
        return rng.normal(scale=(2 / np.prod(shape[1:])) ** 0.5, size=shape).astype(np.float32)
    if name.endswith(("bn.weight", "running_var")):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    return rng.normal(scale=0.1, size=shape).astype(np.float32)


def state(width: float, classes: int = 1008) -> dict[str, np.ndarray]:
    """Random weights under the names of the published file."""
    shapes: dict[str, tuple[int, ...]] = {"fc.weight": (classes, round(2048 * width))}
    for name, (height, across, before, after) in _shapes(width).items():
        shapes[f"{name}.conv.weight"] = (after, before, height, across)
        shapes |= {f"{name}.bn.{part}": (after,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {name: value(name, shape) for name, shape in shapes.items()}


def save(folder: Path, tensors: dict[str, np.ndarray]) -> Path:
    np.savez(folder / "weights.npz", **tensors)
    return folder / "weights.npz"


@pytest.fixture(scope="module")
def picture():
    y, x, c = np.meshgrid(np.arange(80), np.arange(96), np.arange(3), indexing="ij")
    image = 0.5 + 0.5 * np.sin(0.13 * x + 0.21 * y + 1.7 * c) * np.cos(0.07 * x * (c + 1) - 0.11 * y)
    return image[None].astype(np.float32)


@pytest.fixture(scope="module")
def wanted():
    return json.loads((Path(__file__).parents[1] / "golden" / "inception.json").read_text())


@pytest.mark.parametrize("width", [NARROW, pytest.param(1.0, marks=pytest.mark.slow)])
def test_activations_are_torchvisions_with_the_changes_of_pytorch_fid(tmp_path, picture, wanted, width):
    net = read_inception(save(tmp_path, state(width)), width)
    found = np.asarray(jax.jit(lambda net, image: net(image))(net, picture)[0])
    golden = wanted[str(width)]
    assert len(found) == golden["size"]
    np.testing.assert_allclose(found[:8], golden["first"], rtol=2e-4, atol=1e-5 * abs(found).max())
    assert np.linalg.norm(found) == pytest.approx(golden["norm"], rel=1e-4)
    assert found.mean() == pytest.approx(golden["mean"], rel=1e-4)


@pytest.mark.parametrize("width", [NARROW, pytest.param(1.0, marks=pytest.mark.slow)])
def test_activations_of_the_network_of_art_are_torchvisions_own(tmp_path, picture, wanted, width):
    tensors = state(width)
    tensors |= {"fc1.weight": np.zeros((9, 4)), "fc2.weight": np.zeros((7, 4))}
    net = read_inception(save(tmp_path, tensors), width, "art")
    found = np.asarray(jax.jit(lambda net, image: net(image))(net, picture)[0])
    golden = wanted["art"][str(width)]
    assert len(found) == golden["size"]
    np.testing.assert_allclose(found[:8], golden["first"], rtol=2e-4, atol=1e-5 * abs(found).max())
    assert np.linalg.norm(found) == pytest.approx(golden["norm"], rel=1e-4)
    assert found.mean() == pytest.approx(golden["mean"], rel=1e-4)


def test_pictures_are_resized_as_torch_does(picture, wanted):
    found = np.asarray(bilinear(jnp.asarray(picture), 299, 299))[0, ::73, ::149].transpose(2, 0, 1)
    np.testing.assert_allclose(found.ravel(), wanted["resized"], atol=1e-6)


def test_the_published_network_has_its_94_convolutions():
    shapes = _shapes(1.0)
    assert len(shapes) == 94
    assert shapes["Mixed_7c.branch_pool"] == (1, 1, 2048, 192)
    assert sum(map(np.prod, shapes.values())) == 21_751_136


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda tensors: tensors | {"fc.weight": np.zeros((1000, 128), np.float32)}, "1000 classes apart and not 1008"),
        (lambda tensors: {"features.0.weight": np.zeros((64, 3, 3, 3), np.float32)}, "no tensor fc.weight"),
        (
            lambda tensors: {name: each for name, each in tensors.items() if name != "Mixed_6a.branch3x3.bn.bias"},
            "no tensor Mixed_6a.branch3x3.bn.bias",
        ),
        (
            lambda tensors: tensors | {"Conv2d_2b_3x3.conv.weight": np.zeros((64, 32, 3, 3), np.float32)},
            r"Conv2d_2b_3x3.conv.weight has the shape \(64, 32, 3, 3\) and not \(4, 2, 3, 3\)",
        ),
        (
            lambda tensors: tensors | {"Conv2d_2b_3x3.bn.bias": np.full(4, np.nan, np.float32)},
            "Conv2d_2b_3x3.bn.bias holds values that are not finite",
        ),
    ],
)
def test_a_file_of_another_network_is_refused_in_one_line(tmp_path, spoil, why):
    file = save(tmp_path, spoil(state(NARROW)))
    with pytest.raises(InputError, match=why) as caught:
        read_inception(file, NARROW)
    assert "\n" not in str(caught.value)
    assert "pytorch-fid publishes" in str(caught.value)


def test_the_weights_of_fid_are_refused_as_those_of_art(tmp_path):
    with pytest.raises(
        InputError, match=r"ArtFID is measured with: it has no tensor fc1.weight. Give art_inception.pth"
    ):
        read_inception(save(tmp_path, state(NARROW)), NARROW, "art")


def test_random_weights_are_a_function_of_the_seed():
    one, same, other = (jax.tree.leaves(random_inception(NARROW, seed)) for seed in (0, 0, 1))
    assert all(map(np.array_equal, one, same))
    assert not all(map(np.array_equal, one, other))
