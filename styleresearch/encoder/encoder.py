"""The encoder as the rest of the program sees it: a pytree of frozen weights that maps images to features."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from styleresearch.encoder.conventions import convention
from styleresearch.encoder.network import NETWORKS, Network
from styleresearch.encoder.weights import KNOWN, load
from styleresearch.encoder.weights.architectures import ARCHITECTURES
from styleresearch.encoder.weights.architectures.base import scaled
from styleresearch.encoder.weights.loading import check
from styleresearch.errors import InputError
from styleresearch.ops.conv import Padding
from styleresearch.options import Between, Seed, shown
from styleresearch.registry import Registry
from styleresearch.types import Features, Image, Pictures

NormaliseBy = Literal["filter", "layer"]


@struct.dataclass
class Encoder:
    """A frozen network with its weights; passed to methods as an argument, never closed over, never checkpointed.

    Attributes:
        variables: the network's collections: "params", and of a VGG "adjoint".
        net: the architecture (static).
        weights: name of the weights (static).
        digest: sha256 of the weights as used (static); results carry it.
    """

    variables: Any
    net: Network = struct.field(pytree_node=False)
    weights: str = struct.field(pytree_node=False)
    digest: str = struct.field(pytree_node=False)

    def __call__(self, image: Image, layers: Sequence[str]) -> Features:
        """Return the activations of ``layers`` ("image" is the image itself), computed to the deepest one only.

        Raises:
            InputError: for a layer that does not exist or that the weights do not reach, or an image too small for it.
        """
        _, height, width, _ = image.shape
        self.check(layers, (height, width))
        return self.net.apply(self.variables, image, tuple(layers))  # pyright: ignore[reportReturnType]

    def check(self, layers: Sequence[str], size: tuple[int, int] | None = None) -> None:
        """Raise what ``__call__`` would raise for these layers and this (height, width), without computing."""
        layout, reached = self.net.layout, self.variables["params"]
        layout.check(layers)
        if missing := [name for name in layout.reached(layers) if name not in reached]:
            raise InputError(
                f"the weights {self.weights!r} end at {list(reached)[-1]} and cannot compute {missing[-1]}; "
                "name shallower layers or weights that reach it"
            )
        needed = self.net.smallest_side(layers)
        # Side by side and not min(size): of two symbols (jax.export) it cannot be told which is smaller.
        if size is not None and any(side < needed for side in size):
            raise InputError(
                f"an image of {size[1]}x{size[0]} px is too small for layers {', '.join(layers)}, which need at least "
                f"{needed} px on each side; use a larger image or shallower layers"
            )

    def computing_in(self, dtype: Literal["float32", "bfloat16"]) -> Encoder:
        """Return the same encoder with activations of another type, for mixed precision training."""
        return self.replace(net=replace(self.net, dtype=dtype))  # pyright: ignore

    @property
    def label(self) -> str:
        """Its name in tables: that of its weights, which say the architecture."""
        arch = self.net.layout.arch
        return self.weights if self.weights.startswith(arch) else f"{arch} {self.weights}"

    @property
    def gain(self) -> float:
        """How many times as large as torchvision's the pixels are that it computes with, and its activations with them.

        About 58 for Caffe's, which lie between 0 and 255.
        """
        spread = [sum(each.std) / each.scale for each in map(convention, ("torchvision", self.net.convention))]
        return spread[0] / spread[1]

    def describe(self) -> dict[str, str]:
        """Return what a record of results must say about the encoder."""
        return {
            "name": self.net.layout.arch,
            "weights": self.weights,
            "convention": self.net.convention,
            **self.net.describe(),
            "digest": self.digest,
        }


ENCODERS: Registry[Encoder] = Registry("encoder", Encoder)


def _encoder(arch: str, weights: str, file: str | None, width: float, seed: int) -> Encoder:
    check_weights(arch, weights, file, width)
    if weights == "random":
        return _random(arch, width, seed)
    loaded = load(weights, None if file is None else Path(file))
    if loaded.arch != arch:
        raise InputError(_of_another(weights, loaded.arch, arch))
    net = NETWORKS[arch](loaded.convention)
    return Encoder(net.variables(loaded.params), net, weights, loaded.digest)


def _vgg(
    encoder: Encoder,
    pooling: Literal["max", "average"],
    padding: Padding | None,
    normalise_on: Pictures | None,
    normalise_by: NormaliseBy,
) -> Encoder:
    border: Any = padding or convention(encoder.net.convention).padding
    net = replace(encoder.net, pooling=pooling, padding=border)  # pyright: ignore[reportArgumentType] - a VGG
    encoder = encoder.replace(net=net)  # pyright: ignore[reportAttributeAccessIssue]
    return encoder if normalise_on is None else normalise_activations(encoder, normalise_on, normalise_by)


def check_weights(arch: str, weights: str | None = None, file: str | None = None, width: float = 1.0) -> None:
    """Raise what an encoder raises of the name of its weights and its width, without reading or fetching any.

    Args:
        arch: the architecture.
        weights: name of the weights; None for the architecture's own.
        file: a file that holds them.
        width: factor on the channels.

    Raises:
        InputError: for weights of no known name or of another architecture, or a width that they do not have.
    """
    weights = arch if weights is None else weights
    if weights == "random":
        return
    if width != 1.0:
        raise InputError(f"width={width} only goes with weights='random'; the weights {shown(weights)} fix the widths")
    check(weights, file)
    if weights in KNOWN and KNOWN[weights].arch != arch:
        raise InputError(_of_another(weights, KNOWN[weights].arch, arch))


def _of_another(weights: str, theirs: str, arch: str) -> str:
    return f"weights {weights!r} are for {theirs}, not {arch}; name encoder {theirs!r}"


@ENCODERS.register("vgg16")
def vgg16(
    weights: str = "vgg16",
    file: str | None = None,
    pooling: Literal["max", "average"] = "max",
    padding: Padding | None = None,
    normalise_on: Pictures | None = None,
    normalise_by: NormaliseBy = "filter",
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return a VGG16 encoder.

    Args:
        weights: a name that ``styleresearch weights list`` shows, or "random".
        file: a file to take the weights from instead of the cache and the known sources.
        pooling: "max" as trained, or "average".
        padding: "zeros", "reflect" or "replicate"; ``None`` for the border the weights were made with.
        normalise_on: images (h, w, 3) in [0, 1] on which to scale activations to a mean of 1; a config names a picture
            source here. ``None`` leaves the weights as they are.
        normalise_by: what is scaled as one: each "filter" (Gatys et al. 2016), or each "layer", which needs few images,
            because no filter that hardly ever fires on them is blown up.
        width: factor on the channels, random weights only.
        seed: of random weights.

    Raises:
        InputError: for unknown weights or options, or weights of another architecture.
    """
    encoder = _encoder("vgg16", weights, file, width, seed)
    return _vgg(encoder, pooling, padding, normalise_on, normalise_by)


@ENCODERS.register("vgg19")
def vgg19(
    weights: str = "vgg19",
    file: str | None = None,
    pooling: Literal["max", "average"] = "max",
    padding: Padding | None = None,
    normalise_on: Pictures | None = None,
    normalise_by: NormaliseBy = "filter",
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return a VGG19 encoder; arguments and errors as for ``vgg16``."""
    encoder = _encoder("vgg19", weights, file, width, seed)
    return _vgg(encoder, pooling, padding, normalise_on, normalise_by)


@ENCODERS.register("alexnet")
def alexnet(
    weights: str = "alexnet",
    file: str | None = None,
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return torchvision's AlexNet, layers relu1 to relu5; arguments and errors as for ``vgg16``."""
    return _encoder("alexnet", weights, file, width, seed)


@ENCODERS.register("efficientnet_lite0")
def efficientnet_lite0(
    weights: str = "efficientnet_lite0",
    file: str | None = None,
    width: Annotated[float, Between(0, 4, "(]")] = 1.0,
    seed: Seed = 0,
) -> Encoder:
    """Return an EfficientNet-Lite0, layers stem, stage1 to stage7, head; arguments and errors as for ``vgg16``."""
    return _encoder("efficientnet_lite0", weights, file, width, seed)


def _random(arch: str, width: float, seed: int) -> Encoder:
    # He et al. 2015, in numpy: compiling flax's initialisers for every shape takes seconds.
    rng = np.random.default_rng(seed)
    params = {
        name: {
            "kernel": rng.normal(scale=(2 / math.prod(shape[:3])) ** 0.5, size=shape).astype(np.float32),
            "bias": np.zeros(shape[3], np.float32),
        }
        for name, shape in scaled(ARCHITECTURES[arch].kernels, width).items()
    }
    digest = hashlib.sha256(f"random {arch} width {width} seed {seed}".encode()).hexdigest()
    net = NETWORKS[arch]("random")
    return Encoder(net.variables(params), net, "random", digest)


def normalise_activations(encoder: Encoder, images: Sequence[Any], by: NormaliseBy = "filter") -> Encoder:
    """Scale every filter, or layer, so that its mean activation after the ReLU, over images and positions, is 1.

    With ReLU and max or average pooling this changes no ratio between activations of one filter: the next layer's
    kernel undoes the scale. Filters that never fire are left alone.

    Source: Gatys et al. 2016, section 2.
    Differs: the authors used ImageNet's training images; ``images`` decides here, and enters the digest.

    Args:
        encoder: the encoder to scale.
        images: arrays (h, w, 3) in [0, 1], of any sizes.
        by: "filter" or "layer".

    Raises:
        InputError: unless there are pictures, each (h, w, 3).
    """
    shapes = [getattr(image, "shape", ()) for image in images]
    if not shapes or any(len(shape) != 3 or shape[2] != 3 for shape in shapes):
        raise InputError(
            "normalise_on must be one or more pictures (h, w, 3), not of the shapes "
            f"{', '.join(map(str, shapes)) or 'of none'}"
        )
    names = [name for name in encoder.net.layout.weights if name in encoder.variables["params"]]
    layers = tuple(name.replace("conv", "relu") for name in names)
    measure = jax.jit(
        lambda enc, image: {layer: feature.mean((0, 1, 2)) for layer, feature in enc(image, layers).items()}
    )
    pictures = [jnp.asarray(image, jnp.float32)[None] for image in images]
    means = [measure(encoder, picture) for picture in pictures]
    params, before = {}, None
    for name, layer in zip(names, layers, strict=True):
        scale = jnp.mean(jnp.stack([mean[layer] for mean in means]), axis=0)
        scale = jnp.full_like(scale, scale.mean()) if by == "layer" else scale
        scale = jnp.where(scale > 0, scale, 1.0)
        kernel, bias = encoder.variables["params"][name]["kernel"], encoder.variables["params"][name]["bias"]
        undone = kernel if before is None else kernel * before[None, None, :, None]
        params[name] = {"kernel": undone / scale[None, None, None], "bias": bias / scale}
        before = scale
    digest = hashlib.sha256((encoder.digest + ("" if by == "filter" else by)).encode())
    for picture in pictures:
        digest.update(np.asarray(picture).tobytes())
    return encoder.replace(  # pyright: ignore[reportAttributeAccessIssue]
        variables=encoder.net.variables(params), digest=digest.hexdigest()
    )
