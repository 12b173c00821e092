"""The two Inception-v3 that FID, KID and ArtFID see pictures through, and the reader of their published weights.

Source: Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision". "fid" is the variant of FID's
weights (``pt_inception-2015-12-05``, a port of TensorFlow's): average pools do not count the border, and the last block
has a maximum in place of an average. "art" is torchvision's, which Wright and Ommer 2022 trained on paintings
(``art_inception``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import lax
from jaxtyping import Array, Float

from styleresearch.encoder.weights.files import opened
from styleresearch.encoder.weights.stored import Index, Stored
from styleresearch.errors import InputError
from styleresearch.ops.resize import bilinear
from styleresearch.types import Image, OtherImage

SIDE = 299
_CLASSES = 1008
"""Of the weights of FID; torchvision's own Inception has 1000, other weights and another last block."""
PUBLISHED = {
    "fid": ("pt_inception-2015-12-05-6726825d.pth", "pytorch-fid publishes"),
    "art": ("art_inception.pth", "the authors of ArtFID publish"),
}
"""Kind of network -> the file of its weights, and who publishes it."""
_HEADS = {"fid": ("fc",), "art": ("fc1", "fc2")}
"""The last layers, which tell the networks apart and are not read."""
_EPS = 1e-3
"""Of batch normalisation."""
_Shapes = dict[str, tuple[int, int, int, int]]
_Pair = tuple[int, int]
Kind = Literal["fid", "art"]


@struct.dataclass
class Inception:
    """The network up to its last average, with batch normalisation folded into the convolutions.

    Attributes:
        params: convolution -> {"kernel": (h, w, in, out), "bias": (out,)}.
        width: factor on the channels (static), 1 but for tests.
        kind: which of the two networks (static).
    """

    params: Any
    width: float = struct.field(pytree_node=False, default=1.0)
    kind: Kind = struct.field(pytree_node=False, default="fid")

    def __call__(self, image: Image, sampling: Literal["pytorch", "tensorflow"] = "pytorch") -> Float[Array, "b d"]:
        """Return the 2048 means over places of the last block's activations.

        Args:
            image: pictures in [0, 1], of any size; for "art" 75 px a side at least, as they come.
            sampling: of "fid": how they are brought to 299 px and to its range. "pytorch": pixels at their middles, 2 x
                - 1 (pytorch-fid). "tensorflow": pixels at their corners, (255 x - 128) / 128 (the first FID).
        """
        x = image if self.kind == "art" else _sampled(image, sampling)

        def conv(name: str, x: Array, out: int, size: _Pair, stride: int, border: tuple[_Pair, _Pair]) -> Array:
            part = self.params[name]
            y = lax.conv_general_dilated(
                x, part["kernel"], (stride, stride), border, dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            return jax.nn.relu(y + part["bias"][None, None, None])

        return _forward(conv, x, self.width, self.kind)


def _sampled(image: Image, sampling: str) -> OtherImage:
    corner = sampling == "tensorflow"
    x = bilinear(image, SIDE, SIDE, "corner" if corner else "half_pixel")
    return (255 * x - 128) / 128 if corner else 2 * x - 1


def random_inception(width: float = 1.0, seed: int = 0, kind: Kind = "fid") -> Inception:
    """Return a network with random weights (He et al. 2015), ``width`` times as wide: for tests, no FID.

    Args:
        width: factor on the channels.
        seed: of the weights.
        kind: which network.
    """
    rng = np.random.default_rng(seed)
    params = {}
    for name, shape in _shapes(width).items():
        kernel = rng.normal(scale=(2 / np.prod(shape[:3])) ** 0.5, size=shape).astype(np.float32)
        params[name] = {"kernel": kernel, "bias": np.zeros(shape[3], np.float32)}
    return Inception(params, width, kind)


def read_inception(file: Path, width: float = 1.0, kind: Kind = "fid") -> Inception:
    """Return the network of a file in the layout of the published one.

    Args:
        file: ``pt_inception-2015-12-05-6726825d.pth`` ("fid") or ``art_inception.pth`` ("art"), or what was converted
            from it under the same names (.pth, .safetensors, .npz).
        width: factor on the channels that the file has.
        kind: which network.

    Raises:
        InputError: if it cannot be read, or holds another network.
    """
    with opened(file) as index:
        for head in _HEADS[kind]:
            if f"{head}.weight" not in index:
                raise InputError(_another(kind, f"it has no tensor {head}.weight"))
        if kind == "fid" and (rows := index["fc.weight"]().shape[0]) != _CLASSES:
            raise InputError(_another(kind, f"it tells {rows} classes apart and not {_CLASSES}"))
        return Inception(
            {name: _folded(index, name, shape, kind) for name, shape in _shapes(width).items()}, width, kind
        )


def _another(kind: Kind, why: str) -> str:
    metric = "FID" if kind == "fid" else "ArtFID"
    file, who = PUBLISHED[kind]
    return f"this is not the Inception-v3 that {metric} is measured with: {why}. Give {file}, which {who}"


def _folded(index: Index, name: str, shape: tuple[int, int, int, int], kind: Kind) -> dict[str, np.ndarray]:
    """Return kernel and bias of a convolution, with the normalisation behind it."""
    height, width, before, after = shape

    def read(part: str, wanted: tuple[int, ...]) -> np.ndarray:
        if f"{name}.{part}" not in index:
            raise InputError(_another(kind, f"it has no tensor {name}.{part}"))
        stored: Stored = index[f"{name}.{part}"]()
        if stored.shape != wanted:
            raise InputError(_another(kind, f"{name}.{part} has the shape {stored.shape} and not {wanted}"))
        array = stored.read().astype(np.float32)
        if not np.isfinite(array).all():
            raise InputError(_another(kind, f"{name}.{part} holds values that are not finite"))
        return array

    kernel = read("conv.weight", (after, before, height, width))
    gain, shift, mean, variance = (
        read(f"bn.{part}", (after,)) for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + _EPS)
    return {"kernel": kernel.transpose(2, 3, 1, 0) * scale, "bias": shift - mean * scale}


@cache
def _shapes(width: float) -> _Shapes:
    """Return the shape of every kernel, from a run of the network on nothing."""
    found: _Shapes = {}

    def conv(name: str, x: Array, out: int, size: _Pair, stride: int, border: tuple[_Pair, _Pair]) -> Array:
        found[name] = (*size, x.shape[3], out)
        rows, columns = ((n + sum(pad) - k) // stride + 1 for n, pad, k in zip(x.shape[1:3], border, size, strict=True))
        return jnp.zeros((1, rows, columns, out))

    jax.eval_shape(lambda x: _forward(conv, x, width, "fid"), jax.ShapeDtypeStruct((1, SIDE, SIDE, 3), jnp.float32))
    return found


def _forward(conv: Callable[..., Array], x: Array, width: float, kind: Kind) -> Array:
    """Run the network with whatever a convolution is: ``conv(name, x, out, size, stride, border)``."""
    average = partial(_average, border=kind == "art")

    def layer(name: str, x: Array, out: int, size: int | _Pair = 1, stride: int = 1, same: bool = True) -> Array:
        sides = (size, size) if isinstance(size, int) else size
        border = [((k - 1) // 2,) * 2 if same and stride == 1 else (0, 0) for k in sides]
        return conv(name, x, max(1, round(out * width)), sides, stride, tuple(border))

    def chain(block: str, x: Array, *steps: tuple[str, int, Any], stride: int = 1) -> Array:
        for number, (name, out, size) in enumerate(steps, start=1):
            x = layer(f"{block}.{name}", x, out, size, stride if number == len(steps) else 1)
        return x

    x = layer("Conv2d_1a_3x3", x, 32, 3, stride=2)
    x = layer("Conv2d_2a_3x3", x, 32, 3, same=False)
    x = layer("Conv2d_2b_3x3", x, 64, 3)
    x = _max(x, 2)
    x = layer("Conv2d_3b_1x1", x, 80)
    x = layer("Conv2d_4a_3x3", x, 192, 3, same=False)
    x = _max(x, 2)
    for block, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        branches = [
            chain(block, x, ("branch1x1", 64, 1)),
            chain(block, x, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
            chain(block, x, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)),
            chain(block, average(x), ("branch_pool", pooled, 1)),
        ]
        x = jnp.concatenate(branches, 3)
    block = "Mixed_6a"
    branches = [
        chain(block, x, ("branch3x3", 384, 3), stride=2),
        chain(block, x, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3), stride=2),
        _max(x, 2),
    ]
    x = jnp.concatenate(branches, 3)
    row, column = (1, 7), (7, 1)
    for block, c in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        twice = [("branch7x7dbl_2", c, column), ("branch7x7dbl_3", c, row), ("branch7x7dbl_4", c, column)]
        branches = [
            chain(block, x, ("branch1x1", 192, 1)),
            chain(block, x, ("branch7x7_1", c, 1), ("branch7x7_2", c, row), ("branch7x7_3", 192, column)),
            chain(block, x, ("branch7x7dbl_1", c, 1), *twice, ("branch7x7dbl_5", 192, row)),
            chain(block, average(x), ("branch_pool", 192, 1)),
        ]
        x = jnp.concatenate(branches, 3)
    block = "Mixed_7a"
    long = [("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, row), ("branch7x7x3_3", 192, column)]
    branches = [
        chain(block, x, ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3), stride=2),
        chain(block, x, *long, ("branch7x7x3_4", 192, 3), stride=2),
        _max(x, 2),
    ]
    x = jnp.concatenate(branches, 3)
    for block, pool in (("Mixed_7b", average), ("Mixed_7c", average if kind == "art" else lambda x: _max(x, 1))):
        first = chain(block, x, ("branch3x3_1", 384, 1))
        second = chain(block, x, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
        branches = [
            chain(block, x, ("branch1x1", 320, 1)),
            *(chain(block, first, (f"branch3x3_2{side}", 384, size)) for side, size in (("a", (1, 3)), ("b", (3, 1)))),
            *(
                chain(block, second, (f"branch3x3dbl_3{side}", 384, size))
                for side, size in (("a", (1, 3)), ("b", (3, 1)))
            ),
            chain(block, pool(x), ("branch_pool", 192, 1)),
        ]
        x = jnp.concatenate(branches, 3)
    return x.mean((1, 2))


def _max(x: Array, stride: int) -> Array:
    """Return the maximum over 3x3 windows, inside the border for a stride of 2."""
    border = ((0, 0), *(((1, 1),) * 2 if stride == 1 else ((0, 0),) * 2), (0, 0))
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, stride, stride, 1), border)


def _average(x: Array, border: bool) -> Array:
    """Return the mean over 3x3 windows: over what lies inside the picture, or with a ``border`` of zeros."""
    pad = ((0, 0), (1, 1), (1, 1), (0, 0))

    def total(x: Array) -> Array:
        return lax.reduce_window(x, 0.0, lax.add, (1, 3, 3, 1), (1, 1, 1, 1), pad)

    return total(x) / (9.0 if border else total(jnp.ones((1, *x.shape[1:3], 1), x.dtype)))
